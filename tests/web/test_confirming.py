"""Accounts, credentials and integrations change only soon after the password was given; nothing typed is lost."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from smoke.forms import Form, read_forms
from tests.support import samples
from tests.support.passkeys import SecurityKey
from tests.support.visitor import HTMX, Visitor, errors, text
from tests.web.conftest import Ids
from tests.web.test_passkeys import add
from webapp.models import User, UserSession, WebhookEndpoint, db
from webapp.models.account import NO_PASSWORD
from webapp.services.accounts import access_rules, sessions
from webapp.services.accounts.two_step import passkeys

SECOND = timedelta(seconds=5)
WHERE = passkeys.Site("localhost", "http://localhost")
NEWCOMER: dict[str, str | bool] = {"name": "Nia New", "email": "nia@desk.example", "role": "admin"}
HOOK: dict[str, str | bool] = {"url": "https://hooks.example/x"}


def age(app: Flask, since: timedelta) -> None:
    """The password was last given that long ago, in every session."""
    with app.app_context():
        for row in db.session.scalars(db.select(UserSession)):
            assert row.confirmed_at
            row.confirmed_at -= since
        db.session.commit()


def form_at(visitor: Visitor, page: str, field: str) -> Form:
    form = next(one for one in read_forms(visitor.client.get(page).text) if field in one.names())
    form.action = form.action or page
    return form


def asking(answer: TestResponse) -> Form:
    assert answer.status_code == 422
    return next(one for one in read_forms(answer.text) if "confirm_password" in one.names())


def emails(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(db.select(User.email)))


def test_soon_after_the_sign_in_nothing_is_asked(app: Flask, admin: Visitor) -> None:
    age(app, sessions.CONFIRMED - SECOND)
    assert admin.send(form_at(admin, "/settings/users/new", "role"), NEWCOMER).status_code == 200
    assert "nia@desk.example" in emails(app)


def test_later_the_password_is_asked_and_what_was_typed_is_kept(app: Flask, admin: Visitor) -> None:
    age(app, sessions.CONFIRMED + SECOND)
    form = asking(admin.send(form_at(admin, "/settings/users/new", "role"), NEWCOMER))
    assert "nia@desk.example" not in emails(app)
    wrong = admin.send(form, {"confirm_password": "a guess"})
    assert errors(wrong) == {"confirm_password": "This isn't your password."}
    assert "a guess" not in wrong.text
    assert "nia@desk.example" not in emails(app)
    done = admin.send(asking(wrong), {"confirm_password": samples.PASSWORD})
    assert (done.status_code, "Nia New" in text(done)) == (200, True)
    again = {**NEWCOMER, "email": "second@desk.example"}
    assert admin.send(form_at(admin, "/settings/users/new", "role"), again).status_code == 200


def test_htmx_asks_in_the_place_of_the_form(app: Flask, admin: Visitor) -> None:
    age(app, sessions.CONFIRMED + SECOND)
    form = form_at(admin, "/settings/integrations/webhooks/new", "url")
    answer = admin.send(form, HOOK, htmx=True)
    assert "<html" not in answer.text
    done = admin.send(asking(answer), {"confirm_password": samples.PASSWORD}, htmx=True)
    assert done.status_code == 200, text(done)
    with app.app_context():
        assert db.session.scalars(db.select(WebhookEndpoint)).one()


@pytest.mark.parametrize(
    ("page", "action"),
    [("/settings/users/2", "/settings/users/2"), ("/settings/users/2", "link")],
)
def test_people_are_guarded(app: Flask, admin: Visitor, page: str, action: str) -> None:
    form = admin.form(page, action)
    age(app, sessions.CONFIRMED + SECOND)
    assert asking(admin.send(form)).action == form.action


def test_every_change_of_a_connection_is_guarded(app: Flask, admin: Visitor) -> None:
    age(app, sessions.CONFIRMED + SECOND)
    form = admin.form("/account/", "sessions/end")
    autotask, hook = "/settings/integrations/autotask", "/settings/integrations/webhooks/1"
    for action in (
        *(
            f"{autotask}/{name}"
            for name in (
                "connect",
                "disconnect",
                "save",
                "history/1/restore",
                "links/import",
                "links/rebuild",
                "links/forget",
            )
        ),
        *(hook, *(f"{hook}/{name}" for name in ("rotate", "pause", "resume", "remove"))),
    ):
        form.action = action
        asking(admin.send(form))


def test_reps_are_not_asked(app: Flask, rep: Visitor, ids: Ids) -> None:
    age(app, sessions.CONFIRMED + SECOND)
    assert rep.send(rep.form(ids.quote_page, "/header"), {"title": "Later"}).status_code == 303


def test_no_secret_is_on_a_page_that_asks(app: Flask, admin: Visitor) -> None:
    """Neither the password on the next question, nor credentials that were sent too late."""
    token = admin.form("/account/", "sessions/end")
    age(app, sessions.CONFIRMED + SECOND)
    token.action = "/settings/integrations/autotask/disconnect"
    sure = admin.send(asking(admin.send(token)), {"confirm_password": samples.PASSWORD})
    assert "Disconnect Autotask?" in text(sure)
    assert samples.PASSWORD not in sure.text
    age(app, sessions.CONFIRMED + SECOND)
    late = {"user_name": "api@x.example", "secret": "not-for-html", "integration_code": "nor-this"}
    with app.app_context():
        answer = admin.client.post(
            "/settings/integrations/autotask/connect", data={**dict(token.fields), **late}
        )
    assert "api@x.example" in answer.text
    assert "not-for-html" not in answer.text
    assert "nor-this" not in answer.text


@pytest.mark.parametrize("htmx", [False, True])
def test_credentials_are_typed_after_the_password(app: Flask, admin: Visitor, htmx: bool) -> None:
    page = "/settings/integrations/autotask/connect"
    age(app, sessions.CONFIRMED + SECOND)
    form = asking(admin.client.get(page, headers=HTMX if htmx else {}))
    assert "This page needs your password." in text(admin.client.get(page))
    answer = admin.send(form, {"confirm_password": samples.PASSWORD}, htmx=htmx)
    assert (answer.status_code, answer.location) == (303, page)
    assert 'name="secret"' in admin.client.get(page).text


def test_roles_ask_too(app: Flask, admin: Visitor) -> None:
    def seen() -> object:
        with app.app_context():
            return access_rules.shown()["reps_see"]

    age(app, sessions.CONFIRMED + SECOND)
    before = seen()
    asked = asking(admin.send(form_at(admin, "/settings/roles", "reps_see"), {"reps_see": "own"}))
    assert (before, seen()) == ("all", "all")
    assert admin.send(asked, {"confirm_password": samples.PASSWORD}).status_code == 303
    assert seen() == "own"


ASKS = "/settings/users/new"


@pytest.fixture
def key(app: Flask, admin: Visitor) -> SecurityKey:
    """The admin's passkey; the password was given long ago."""
    made = SecurityKey()
    assert "Save your recovery codes" in text(add(admin, made, "Blue key"))
    age(app, sessions.CONFIRMED + SECOND)
    return made


def ask_key(visitor: Visitor) -> dict[str, Any]:
    token = dict(visitor.form("/account/", "preferences").fields)["csrf_token"]
    answer = visitor.client.post("/confirm/passkey-question", data={"csrf_token": token})
    assert answer.status_code == 200, text(answer)
    return json.loads(answer.text)


def by_key(answer: TestResponse) -> Form:
    """The form of the page that the device's answer goes with."""
    assert answer.status_code == 422
    return next(one for one in read_forms(answer.text) if "confirm_passkey" in one.names())


@pytest.mark.both_databases
def test_a_passkey_stands_for_the_password(app: Flask, admin: Visitor, key: SecurityKey) -> None:
    form = by_key(admin.send(form_at(admin, ASKS, "role"), NEWCOMER))
    asked = ask_key(admin)
    assert (asked["userVerification"], len(asked["allowCredentials"])) == ("required", 1)
    signed = key.sign(asked)
    done = admin.send(form, {"confirm_passkey": signed})
    assert (done.status_code, "Nia New" in text(done)) == (200, True)
    assert signed not in done.text
    # A copy of the answer is worth nothing.
    age(app, sessions.CONFIRMED + SECOND)
    again = by_key(admin.send(form_at(admin, ASKS, "role"), {**NEWCOMER, "email": "b@desk.example"}))
    refused = admin.send(again, {"confirm_passkey": signed})
    assert "wasn't accepted" in text(refused)
    assert signed not in refused.text
    assert "b@desk.example" not in emails(app)


@pytest.mark.parametrize("how", ["unverified", "sign-in", "second step", "someone else's", "garbage"])
def test_not_every_answer_confirms(app: Flask, admin: Visitor, key: SecurityKey, how: str) -> None:
    form = by_key(admin.send(form_at(admin, ASKS, "role"), NEWCOMER))
    if how == "unverified":
        key.verifies = False
        made = key.sign(ask_key(admin))
    elif how == "someone else's":
        other, theirs = (
            Visitor(app.test_client()).sign_in("rep@desk.example", samples.PASSWORD),
            SecurityKey(),
        )
        add(other, theirs, "Theirs")
        made = theirs.sign(ask_key(admin))
    elif how == "garbage":
        ask_key(admin)
        made = "{}"
    else:
        # Of another question: the browser's cookie has the token of that one.
        with app.test_request_context(), app.app_context():
            me = db.session.get_one(User, 1)
            asked = passkeys.ask(WHERE, me if how == "second step" else None)
        with admin.client.session_transaction() as cookie:
            cookie["challenge"] = asked.token
        made = key.sign(json.loads(asked.options))
    answer = admin.send(form, {"confirm_passkey": made})
    assert answer.status_code == 422
    assert "can't confirm this" in text(answer) if how == "unverified" else "wasn't accepted" in text(answer)
    assert "nia@desk.example" not in emails(app)


def test_htmx_leads_to_the_page_that_has_the_script(app: Flask, admin: Visitor, key: SecurityKey) -> None:
    answer = admin.send(form_at(admin, ASKS, "role"), NEWCOMER, htmx=True)
    plain = next(one for one in read_forms(answer.text) if "confirm_password" not in one.names())
    assert "passkeys.js" not in answer.text
    page = admin.send(plain)
    assert "passkeys.js" in page.text
    done = admin.send(by_key(page), {"confirm_passkey": key.sign(ask_key(admin))})
    assert (done.status_code, "Nia New" in text(done)) == (200, True)


def test_without_a_passkey_none_is_asked_for(app: Flask, admin: Visitor) -> None:
    age(app, sessions.CONFIRMED + SECOND)
    assert "passkey" not in admin.send(form_at(admin, ASKS, "role"), NEWCOMER).text
    token = dict(admin.form("/account/", "preferences").fields)["csrf_token"]
    answer = admin.client.post("/confirm/passkey-question", data={"csrf_token": token})
    assert (answer.status_code, "You have no passkey" in text(answer)) == (404, True)


def test_who_has_no_password_is_asked_for_the_passkey_alone(
    app: Flask, admin: Visitor, key: SecurityKey
) -> None:
    with app.app_context():
        db.session.get_one(User, 1).password_hash = NO_PASSWORD
        db.session.commit()
    answer = admin.send(form_at(admin, ASKS, "role"), NEWCOMER)
    assert "Your password" not in text(answer)
    assert "Confirm that it's you" in text(answer)
    done = admin.send(by_key(answer), {"confirm_passkey": key.sign(ask_key(admin))})
    assert (done.status_code, "Nia New" in text(done)) == (200, True)
