"""The first account: with the operator's token alone, and never more than one, however many try at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from smoke.forms import read_forms
from tests.support import samples
from tests.support.visitor import errors, text
from webapp.models import AppSetting, User, db
from webapp.services.accounts import first_account, users
from webapp.services.company import app_settings
from webapp.services.demo import retired_logins

VALUES = {"name": "Ada", "email": "ada@first.example", "password": "four plain words here"}


def token_of(app: Flask) -> str:
    result = app.test_cli_runner().invoke(args=["setup-token"])
    assert result.exit_code == 0
    return str(result.stdout.strip())


def send(client: FlaskClient, **values: str) -> TestResponse:
    form = read_forms(client.get("/setup").text)[0]
    return client.post("/setup", data=dict(form.fill({**VALUES, **values})))


def emails(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(db.select(User.email)))


def test_with_the_token_the_first_admin_is_made_and_signed_in(app: Flask, client: FlaskClient) -> None:
    answer = send(client, token=f" {token_of(app)} ")
    assert (answer.status_code, answer.location) == (303, "/")
    assert client.get("/").status_code == 200
    with app.app_context():
        assert [user.role for user in users.list_users()] == ["owner"]
        assert db.session.get(AppSetting, first_account.KEY) is None


def test_the_company_is_named_where_it_was_said(app: Flask, client: FlaskClient) -> None:
    send(client, token=token_of(app), company="Northwind IT", address="1 Elm St\r\nTroy, NY 12180")
    with app.app_context():
        profile, _ = app_settings.get(app_settings.COMPANY_PROFILE)
    assert (profile["name"], profile["address"]) == ("Northwind IT", "1 Elm St\nTroy, NY 12180")


def test_every_wrong_field_is_named_at_once(app: Flask, client: FlaskClient) -> None:
    token_of(app)
    answer = send(client, token="guess", email="nobody", password="short", name=" ")
    assert answer.status_code == 422
    assert errors(answer).keys() == {"token", "email", "password", "name"}


@pytest.mark.parametrize("token", ["", "guess", "x" * 201, "\x00", "%"])
def test_without_it_nobody_gets_in(app: Flask, client: FlaskClient, token: str) -> None:
    token_of(app)
    answer = send(client, token=token)
    assert answer.status_code == 422
    assert emails(app) == []
    assert client.get("/").location == "/setup"


def test_where_no_token_was_made_none_fits(app: Flask, client: FlaskClient) -> None:
    answer = send(client, token="None")
    assert answer.status_code == 422
    assert "flask setup-token" in text(answer)
    assert emails(app) == []


def test_a_new_token_ends_the_one_before(app: Flask, client: FlaskClient) -> None:
    old, new = token_of(app), token_of(app)
    assert send(client, token=old).status_code == 422
    assert send(client, token=new).status_code == 303


def test_a_refused_value_does_not_use_it_up(app: Flask, client: FlaskClient) -> None:
    token = token_of(app)
    answer = send(client, token=token, password="short")
    assert (answer.status_code, "A few words in a row" in text(answer)) == (422, True)
    assert send(client, token=token).status_code == 303


def test_the_token_is_kept_as_a_digest(app: Flask) -> None:
    token = token_of(app)
    with app.app_context():
        row = db.session.get(AppSetting, first_account.KEY)
        assert row
        assert token not in str(row.value)


def test_where_there_is_an_account_none_is_made(app: Flask) -> None:
    with app.app_context():
        samples.rep()
    result = app.test_cli_runner().invoke(args=["setup-token"])
    assert result.exit_code == 1
    assert "already set up" in result.output
    quiet = app.test_cli_runner().invoke(args=["setup-token", "--if-needed"])
    assert (quiet.exit_code, quiet.output) == (0, "")


@pytest.mark.both_databases
def test_of_eight_at_once_one_becomes_the_admin(app: Flask) -> None:
    token, together = token_of(app), Barrier(8)
    clients = [app.test_client() for _ in range(8)]
    forms = [read_forms(client.get("/setup").text)[0] for client in clients]

    def post(place: int) -> int:
        values = {**VALUES, "token": token, "email": f"ada{place}@first.example"}
        together.wait()
        return clients[place].post("/setup", data=dict(forms[place].fill(values))).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(post, range(8)))
    assert answers == [303] * 8, "each is led on: one in, the others to the page where they sign in"
    assert len(emails(app)) == 1


def test_the_password_that_earlier_versions_published_opens_nothing(app: Flask) -> None:
    with app.app_context():
        user = samples.admin("admin@demo.example")
        user.password_hash = users._hasher.hash(retired_logins.PUBLISHED)
        db.session.commit()
        own = users.create_user(
            None, email="rep@demo.example", name="R", password=samples.PASSWORD, role="rep"
        )
        assert user.session_epoch == own.session_epoch == 0
    result = app.test_cli_runner().invoke(args=["setup-token", "--if-needed"])
    assert (result.exit_code, result.stdout) == (0, "")
    assert "admin@demo.example" in result.stderr
    with app.app_context():
        assert users.authenticate("admin@demo.example", retired_logins.PUBLISHED) is None
        assert users.authenticate("rep@demo.example", samples.PASSWORD)
