"""Signing out: the provider ends our sessions, and we send the browser on to end its own."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.sso.conftest import at_provider, sign_in
from tests.sso.test_sign_in import FORGED, is_in
from tests.support import samples
from tests.support.provider import LOGOUT_EVENT, Provider
from tests.support.visitor import Visitor
from tests.web.conftest import Ids
from webapp.models import DiaryEntry, SsoLeaving, SsoLogout, User, UserSession, db
from webapp.services.accounts.sso import ending
from webapp.services.privacy import retention

PAGE = "/sso/backchannel-logout"


@pytest.fixture
def signed_in(app: Flask, ids: Ids, provider: Provider) -> FlaskClient:
    """By the provider, whose session is called s-1."""
    provider.person["sid"] = "s-1"
    client = app.test_client()
    assert sign_in(client).status_code == 303
    return client


def told(app: Flask, provider: Provider, **changes: Any) -> TestResponse:
    """The provider tells us, in the background."""
    return app.test_client().post(
        PAGE, data={"logout_token": provider.sign(provider.logout_claims(**changes))}
    )


def leave(client: FlaskClient) -> str:
    """Sign out here; returns where the link to the provider's page leads."""
    visitor = Visitor(client)
    answer = visitor.send(visitor.form("/people/", "/logout"))
    assert answer.location == "/login?left=1"
    assert "Sign out of Example ID too" in client.get(answer.location).text
    return str(client.get("/sso/end").location)


@pytest.mark.both_databases
@pytest.mark.parametrize("named", [{"sid": "s-1", "sub": None}, {"sid": None}, {}])
def test_the_provider_ends_its_session(
    app: Flask, signed_in: FlaskClient, provider: Provider, named: dict[str, Any]
) -> None:
    answer = told(app, provider, **named)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert not is_in(signed_in)
    with app.app_context():
        entry = db.session.scalars(db.select(DiaryEntry).filter_by(action="user.signed_out")).one()
        assert entry.detail["by"] == provider.issuer


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": int(time.time()) - 3600},
        {"iat": int(time.time()) - 3600},
        {"iat": int(time.time()) + 3600, "exp": int(time.time()) + 7200},
        {"iat": None},
        {"iss": "https://other.example"},
        {"aud": "another-client"},
        {"jti": None},
        {"jti": 5},
        {"nonce": "n"},
        {"events": None},
        {"events": {"other": {}}},
        {"events": [LOGOUT_EVENT]},
        {"events": {LOGOUT_EVENT: "yes"}},
        {"sub": None, "sid": None},
    ],
)
def test_a_wrong_message_ends_nothing(
    app: Flask, signed_in: FlaskClient, provider: Provider, changes: dict[str, Any]
) -> None:
    assert told(app, provider, **changes).status_code == 400
    assert is_in(signed_in)


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_message_ends_nothing(
    app: Flask, signed_in: FlaskClient, provider: Provider, name: str
) -> None:
    token = FORGED[name](provider, provider.logout_claims())
    assert app.test_client().post(PAGE, data={"logout_token": token}).status_code == 400
    assert is_in(signed_in)


def test_the_token_of_a_sign_in_is_no_message(app: Flask, signed_in: FlaskClient, provider: Provider) -> None:
    now = int(time.time())
    claims = {"iss": provider.issuer, "aud": "quotewright", "iat": now, "exp": now + 60, **provider.person}
    assert app.test_client().post(PAGE, data={"logout_token": provider.sign(claims)}).status_code == 400
    assert is_in(signed_in)


@pytest.mark.both_databases
def test_a_message_is_obeyed_once(app: Flask, signed_in: FlaskClient, provider: Provider) -> None:
    token = provider.sign(provider.logout_claims(sid=None))

    def send(_number: int) -> int:
        return app.test_client().post(PAGE, data={"logout_token": token}).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(send, range(4))) == [200, 400, 400, 400]
    assert sign_in(signed_in).status_code == 303
    assert send(0) == 400
    assert is_in(signed_in)
    with app.app_context():
        db.session.scalars(db.select(SsoLogout)).one().created_at -= timedelta(hours=1)
        db.session.commit()
    assert told(app, provider).status_code == 200
    with app.app_context():
        assert db.session.scalar(db.select(db.func.count()).select_from(SsoLogout)) == 1


def test_others_and_sessions_with_a_password_stay(
    app: Flask, signed_in: FlaskClient, provider: Provider
) -> None:
    password = Visitor(app.test_client()).sign_in("rep@desk.example", samples.PASSWORD).client
    provider.person = {"sub": "a-1", "email": "admin@desk.example", "email_verified": True, "sid": "s-2"}
    other = app.test_client()
    sign_in(other)
    assert told(app, provider, sub="p-1", sid="s-2").status_code == 200
    assert [is_in(one) for one in (signed_in, other, password)] == [True, True, True]
    assert told(app, provider).status_code == 200
    assert [is_in(one) for one in (signed_in, other, password)] == [True, False, True]


def test_of_a_provider_that_names_no_sessions_all_of_the_person_end(
    app: Flask, ids: Ids, provider: Provider
) -> None:
    client = app.test_client()
    sign_in(client)
    assert told(app, provider, sid="s-9").status_code == 200
    assert not is_in(client)


def test_the_browser_ends_it_at_the_providers_bidding(
    app: Flask, signed_in: FlaskClient, provider: Provider
) -> None:
    page, stranger = "/sso/frontchannel-logout", app.test_client()
    for wrong in (
        {},
        {"sid": "s-1"},
        {"iss": provider.issuer},
        {"iss": "https://other.example", "sid": "s-1"},
        {"iss": provider.issuer, "sid": ""},
    ):
        assert signed_in.get(page, query_string=wrong).status_code == 403
    assert stranger.get(page, query_string={"iss": provider.issuer, "sid": "s-2"}).status_code == 200
    assert is_in(signed_in)
    answer = stranger.get(page, query_string={"iss": provider.issuer, "sid": "s-1"})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert not is_in(signed_in)


@pytest.mark.both_databases
def test_signing_out_leads_to_the_provider_and_back(
    app: Flask, signed_in: FlaskClient, provider: Provider
) -> None:
    address = leave(signed_in)
    assert not is_in(signed_in)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert set(asked) == {"id_token_hint", "client_id", "post_logout_redirect_uri"}
    assert at_provider(address) == "http://localhost/login"
    assert [claims["sid"] for claims in provider.ended] == ["s-1"]
    # The hint is there once: what stays in the browser is worth nothing.
    assert "id_token_hint" not in str(signed_in.get("/sso/end").location)
    with app.app_context():
        assert db.session.scalars(db.select(SsoLeaving)).all() == []


def test_the_hint_is_kept_encrypted_and_for_a_short_time(
    app: Flask, signed_in: FlaskClient, provider: Provider
) -> None:
    with app.app_context():
        sealed = db.session.scalars(db.select(UserSession)).one().id_token_encrypted
        assert app.extensions["quotewright"].vault.decrypt(sealed).count(".") == 2
        assert "." not in sealed
    visitor = Visitor(signed_in)
    visitor.send(visitor.form("/people/", "/logout"))
    with app.app_context():
        db.session.scalars(db.select(SsoLeaving)).one().created_at -= timedelta(minutes=11)
        db.session.commit()
    assert "id_token_hint" not in str(signed_in.get("/sso/end").location)


def test_a_provider_without_such_a_page(app: Flask, signed_in: FlaskClient, provider: Provider) -> None:
    from webapp.services.accounts.sso import discovery

    provider.metadata = {"end_session_endpoint": None}
    discovery._kept.clear()
    assert leave(signed_in) == "/login"
    assert "no page for signing out" in signed_in.get("/login").text


def test_a_session_with_a_password_has_nothing_to_end_there(app: Flask, ids: Ids, provider: Provider) -> None:
    visitor = Visitor(app.test_client()).sign_in("rep@desk.example", samples.PASSWORD)
    assert visitor.send(visitor.form("/people/", "/logout")).location == "/login"
    with app.app_context():
        assert db.session.scalars(db.select(SsoLeaving)).all() == []
        assert db.session.scalars(db.select(User)).first()


def test_what_nobody_used_in_time_goes_and_so_it_does_with_the_account(
    app: Flask, signed_in: FlaskClient, provider: Provider
) -> None:
    with app.app_context():
        session = db.session.scalars(db.select(UserSession).where(UserSession.renew_by.is_not(None))).one()
        assert ending.begin_leaving(session.id)
        row = db.session.scalars(db.select(SsoLeaving)).one()
        assert row.user_id == session.user_id
        ending.forget()
        assert db.session.scalars(db.select(SsoLeaving)).all() == [row]
        row.created_at -= timedelta(minutes=11)
        db.session.commit()
        retention.tick(app.extensions["quotewright"])
        assert db.session.scalars(db.select(SsoLeaving)).all() == []
