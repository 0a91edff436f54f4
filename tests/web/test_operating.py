"""What an operator does: rotate keys, reset a password, check the health, run behind a proxy."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from flask import Flask

import config
from tests.support import samples
from tests.support.settings import ENCRYPTION_KEY, environment
from tests.support.visitor import Visitor
from tests.web.conftest import Ids
from webapp import create_app
from webapp.models import Acceptance, Connection, db

NEW_KEY = Fernet.generate_key().decode()


def application(app_settings: dict[str, str], **values: str) -> Flask:
    """Another process of the same installation."""
    return create_app(config.load({**app_settings, **values}))


@pytest.fixture
def stored(app: Flask) -> None:
    """A connection whose credentials are encrypted with the only key."""
    vault = app.extensions["quotewright"].vault
    with app.app_context():
        samples.connection(vault)


def rotate(app: Flask) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["keys", "rotate"])
    return result.exit_code, result.output


@pytest.mark.both_databases
def test_after_rotating_the_old_key_may_be_forgotten(
    app_settings: dict[str, str], app: Flask, stored: None
) -> None:
    both = application(app_settings, QUOTEWRIGHT_ENCRYPTION_KEYS=f"{NEW_KEY},{ENCRYPTION_KEY}")
    code, said = rotate(both)
    assert code == 0
    assert "Encrypted 2 stored values with the newest key" in said
    alone = application(app_settings, QUOTEWRIGHT_ENCRYPTION_KEYS=NEW_KEY)
    with alone.app_context():
        connection = db.session.scalars(db.select(Connection)).one()
        assert alone.extensions["quotewright"].vault.decrypt(connection.secret_encrypted) == "the secret"
        db.session.remove()
        db.engine.dispose()
    with both.app_context():
        db.engine.dispose()


def test_without_the_old_key_nothing_changes_and_the_fix_is_named(
    app_settings: dict[str, str], app: Flask, stored: None
) -> None:
    alone = application(app_settings, QUOTEWRIGHT_ENCRYPTION_KEYS=NEW_KEY)
    code, said = rotate(alone)
    assert code == 1
    assert "Nothing changed." in said
    assert "Add the old key after the new one" in said
    with alone.app_context():
        db.engine.dispose()


def test_an_operator_sets_a_new_password(app: Flask, ids: Ids, rep: Visitor) -> None:
    runner = app.test_cli_runner()
    given = ["users", "password", "rep@desk.example", "--password", "quite another password"]
    assert runner.invoke(args=given).exit_code == 0
    assert rep.client.get("/").status_code == 303, "open sessions were ended"
    Visitor(app.test_client()).sign_in("rep@desk.example", "quite another password")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["nobody@desk.example", "--password", "quite another password"],
            "No one signs in with nobody@desk.example.",
        ),
        (["rep@desk.example", "--password", "short"], "10"),
    ],
)
def test_what_cannot_be_done_is_said(app: Flask, ids: Ids, arguments: list[str], sentence: str) -> None:
    result = app.test_cli_runner().invoke(args=["users", "password", *arguments])
    assert result.exit_code == 1
    assert sentence in result.output
    Visitor(app.test_client()).sign_in("rep@desk.example", samples.PASSWORD)


@pytest.mark.parametrize(("proxies", "seen"), [("0", "127.0.0.1"), ("1", "203.0.113.7")])
def test_the_address_of_who_accepts_is_the_customers_behind_a_proxy(
    app_settings: dict[str, str], app: Flask, rep: Visitor, ids: Ids, proxies: str, seen: str
) -> None:
    assert rep.send(rep.form(ids.quote_page, "/publish")).status_code == 303
    link = rep.client.get(ids.quote_page).text.split('href="/q/')[1].split('"')[0]
    behind = application(app_settings, TRUSTED_PROXIES=proxies)
    customer = Visitor(behind.test_client())
    form = customer.form(f"/q/{link}", "/accept")
    sent = dict(form.fill({"name": "Ann Lee", "signature": "Ann Lee", "title": "Buyer", "terms": True}))
    headers = {"X-Forwarded-For": "198.51.100.1, 203.0.113.7"}
    assert customer.client.post(form.action, data=sent, headers=headers).status_code == 303
    with behind.app_context():
        assert db.session.scalars(db.select(Acceptance)).one().ip_address == seen
        db.session.remove()
        db.engine.dispose()


@pytest.mark.parametrize("value", ["many", "-1", "10"])
def test_a_wrong_number_of_proxies_stops_the_start(value: str) -> None:
    with pytest.raises(config.ConfigError, match="TRUSTED_PROXIES is"):
        config.load(environment(TRUSTED_PROXIES=value))
