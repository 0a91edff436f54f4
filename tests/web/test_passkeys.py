"""Passkeys on the server: an answer is good for one challenge, one purpose, one address and one person."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

import config
from smoke.forms import Form, read_forms
from tests.support import samples
from tests.support.passkeys import SecurityKey
from tests.support.settings import environment
from tests.support.visitor import Visitor, text
from tests.web.conftest import Ids
from webapp.models import DiaryEntry, Passkey, PasskeyChallenge, User, db
from webapp.services.accounts.two_step import challenges, changing, passkeys

EMAIL = "rep@desk.example"


def token_of(visitor: Visitor, page: str) -> Form:
    return next(one for one in read_forms(visitor.client.get(page).text) if "passkey" in one.names())


def question(visitor: Visitor, page: str, address: str) -> dict[str, Any]:
    sent = {"csrf_token": dict(token_of(visitor, page).fields)["csrf_token"]}
    answer = visitor.client.post(address, data=sent)
    assert answer.status_code == 200, text(answer)
    return json.loads(answer.text)


def add(visitor: Visitor, key: SecurityKey, name: str = "Blue key") -> TestResponse:
    page = "/account/two-step/passkeys/new"
    made = key.create(question(visitor, page, "/account/two-step/passkeys/question"))
    return visitor.send(token_of(visitor, page), {"passkey": made, "name": name})


def alone(visitor: Visitor, made: str) -> TestResponse:
    return visitor.send(token_of(visitor, "/login"), {"passkey": made})


def asked_alone(visitor: Visitor) -> dict[str, Any]:
    return question(visitor, "/login", "/login/passkey-question")


def half_way_in(app: Flask) -> Visitor:
    visitor = Visitor(app.test_client()).sign_in(EMAIL, samples.PASSWORD)
    assert visitor.client.get("/account/").status_code == 303
    return visitor


@pytest.fixture
def key(rep: Visitor) -> SecurityKey:
    """The rep's, who is signed in."""
    made = SecurityKey()
    assert "Save your recovery codes" in text(add(rep, made))
    return made


def test_a_passkey_alone_signs_in(app: Flask, ids: Ids, key: SecurityKey, rep: Visitor) -> None:
    assert "Blue key" in text(rep.client.get("/account/"))
    visitor = Visitor(app.test_client())
    assert alone(visitor, key.sign(asked_alone(visitor))).status_code == 303
    assert visitor.client.get(ids.quote_page).status_code == 200
    assert "last used" in text(visitor.client.get("/account/"))


def test_a_passkey_is_the_second_step(app: Flask, ids: Ids, key: SecurityKey) -> None:
    key.verifies = False
    visitor = half_way_in(app)
    asked = question(visitor, "/login/code", "/login/code/passkey-question")
    assert len(asked["allowCredentials"]) == 1
    answer = visitor.send(token_of(visitor, "/login/code"), {"passkey": key.sign(asked)})
    assert (answer.status_code, answer.location) == (303, "/")
    assert visitor.client.get(ids.quote_page).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        "origin",
        "host",
        "key",
        "count",
        "verifies",
        "handle",
        "challenge",
        "replayed",
        "expired",
        "cookie",
        "junk",
    ],
)
def test_what_is_wrong_is_refused(app: Flask, ids: Ids, key: SecurityKey, wrong: str) -> None:
    visitor = Visitor(app.test_client())
    key.count = 5
    alone(visitor, key.sign(asked_alone(visitor)))
    visitor = Visitor(app.test_client())
    changes: dict[str, dict[str, Any]] = {
        "origin": {"origin": "http://localhost:8080"},
        "host": {"rp_id": "example.com"},
        "key": {"key": SecurityKey().key},
        "count": {"count": 3},
        "verifies": {"verifies": False},
        "handle": {"handle": "AAAA"},
    }
    asked = asked_alone(visitor)
    if wrong == "challenge":
        asked["challenge"] = "AAAA"
    made = replace(key, **changes.get(wrong, {})).sign(asked)
    if wrong == "replayed":
        assert alone(visitor, made).location == "/"
        visitor = Visitor(app.test_client())
        asked_alone(visitor)
    elif wrong == "expired":
        with app.app_context():
            for row in db.session.scalars(db.select(PasskeyChallenge)):
                row.created_at -= challenges.LASTS
            db.session.commit()
    elif wrong == "cookie":
        visitor = Visitor(app.test_client())
    elif wrong == "junk":
        made = "[" * 19_000
    refused = alone(visitor, made)
    assert (refused.status_code, refused.location) == (303, "/login")
    sentence = passkeys.NOT_CHECKED if wrong == "verifies" else passkeys.NOT_ACCEPTED
    assert sentence in text(visitor.client.get("/login"))
    assert visitor.client.get(ids.quote_page).status_code == 303
    if wrong != "junk":
        with app.app_context():
            last = db.session.scalars(db.select(DiaryEntry).order_by(DiaryEntry.id.desc())).first()
            assert last is not None
            assert (last.action, last.address) == ("user.second_step_failed", "127.0.0.1")


def test_that_of_another_is_no_second_step(app: Flask, ids: Ids, key: SecurityKey, admin: Visitor) -> None:
    theirs = SecurityKey()
    add(admin, theirs)
    visitor = half_way_in(app)
    asked = question(visitor, "/login/code", "/login/code/passkey-question")
    answer = visitor.send(token_of(visitor, "/login/code"), {"passkey": theirs.sign(asked)})
    assert (answer.status_code, passkeys.NOT_ACCEPTED in text(answer)) == (422, True)
    assert visitor.client.get(ids.quote_page).status_code == 303


@pytest.mark.parametrize("changes", [{"origin": "https://localhost"}, {"rp_id": "example.com"}])
def test_a_new_passkey_is_for_our_address(rep: Visitor, changes: dict[str, Any]) -> None:
    refused = add(rep, SecurityKey(**changes))
    assert (refused.status_code, passkeys.NOT_ADDED in text(refused)) == (422, True)


def test_the_last_one_stays(app: Flask, rep: Visitor, key: SecurityKey) -> None:
    form = rep.form("/account/", "recovery-codes")
    form.action = "/account/two-step/passkeys/1/remove"
    refused = rep.send_and_confirm(form)
    assert (refused.status_code, changing.LAST in text(refused)) == (422, True)
    second = add(rep, SecurityKey(), "")
    assert second.status_code == 303
    assert "Passkey 2" in text(rep.client.get("/account/"))
    assert rep.send_and_confirm(rep.form("/account/", "passkeys/1/remove")).status_code == 303
    with app.app_context():
        assert [row.name for row in db.session.scalars(db.select(Passkey))] == ["Passkey 2"]


def test_an_inactive_account_and_one_that_was_reset_stay_out(app: Flask, ids: Ids, key: SecurityKey) -> None:
    visitor = Visitor(app.test_client())
    with app.app_context():
        db.session.get_one(User, 2).is_active = False
        db.session.commit()
    assert alone(visitor, key.sign(asked_alone(visitor))).location == "/login"
    with app.app_context():
        db.session.get_one(User, 2).is_active = True
        changing.reset(None, db.session.get_one(User, 2))
    assert alone(visitor, key.sign(asked_alone(visitor))).location == "/login"


@pytest.mark.parametrize(
    ("address", "where"),
    [
        ("https://Quotes.example.com", passkeys.Site("quotes.example.com", "https://quotes.example.com")),
        ("https://quotes.example.com:443", passkeys.Site("quotes.example.com", "https://quotes.example.com")),
        ("http://localhost:8000", passkeys.Site("localhost", "http://localhost:8000")),
        ("http://127.0.0.1:8000", None),
        ("https://192.0.2.1", None),
        ("http://quotes.example.com", None),
    ],
)
def test_where_passkeys_work(address: str, where: passkeys.Site | None) -> None:
    assert passkeys.site(config.load(environment(PUBLIC_BASE_URL=address))) == where


@pytest.mark.parametrize("name", ["\ud800", "\x00", "é" * 300])
def test_a_name_that_no_passkey_has(app: Flask, ids: Ids, name: str) -> None:
    visitor = Visitor(app.test_client())
    asked_alone(visitor)
    assert alone(visitor, json.dumps({"id": name})).status_code == 303
