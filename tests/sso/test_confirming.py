"""Who has no password here proves who they are at the provider, or with a passkey, before accounts change."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from smoke.forms import read_forms
from tests.sso.conftest import at_provider, sign_in
from tests.support.provider import Provider
from tests.support.visitor import Visitor, text
from tests.web.conftest import Ids
from webapp.models import User, UserSession, db
from webapp.models.account import NO_PASSWORD

PAGE = "/settings/single-sign-on"
OPEN = "Hours until people sign in again"


@pytest.fixture
def admin(app: Flask, ids: Ids, provider: Provider) -> FlaskClient:
    """Signed in by the provider, which confirms nothing by itself."""
    provider.person |= {"sub": "a-1", "email": "admin@desk.example"}
    client = app.test_client()
    sign_in(client)
    with app.app_context():
        assert db.session.scalars(db.select(UserSession)).one().confirmed_at is None
    return client


def confirm(client: FlaskClient) -> str:
    """Follow the link of the page that asks; returns what the page after the way back says."""
    assert "Confirm at your provider" in client.get(PAGE).text
    address = client.get("/sso/confirm").location
    assert "prompt=login" in address
    assert "max_age=0" in address
    return text(client.get(at_provider(address)))


def test_who_has_no_password_confirms_at_the_provider(admin: FlaskClient) -> None:
    assert OPEN not in admin.get(PAGE).text
    assert "Confirmed" in confirm(admin)
    assert OPEN in admin.get(PAGE).text


def test_a_session_of_an_hour_ago_confirms_nothing(admin: FlaskClient, provider: Provider) -> None:
    provider.asks = False
    assert "didn't ask who you are" in confirm(admin)
    assert OPEN not in admin.get(PAGE).text


@pytest.mark.parametrize("at", [None, "now", True])
def test_a_provider_that_does_not_say_when_confirms_nothing(
    admin: FlaskClient, provider: Provider, at: object
) -> None:
    provider.changes = {"auth_time": at}
    confirm(admin)
    assert OPEN not in admin.get(PAGE).text


def test_one_that_never_says_when_is_believed(admin: FlaskClient, provider: Provider) -> None:
    """Google: its discovery document lists what it can say."""
    from webapp.services.accounts.sso import discovery

    provider.metadata = {"claims_supported": ["sub", "iss", "email"]}
    discovery._kept.clear()
    provider.changes = {"auth_time": None}
    assert "Confirmed" in confirm(admin)


def test_someone_else_confirms_nothing(admin: FlaskClient, provider: Provider) -> None:
    provider.person = {"sub": "p-1", "email": "rep@desk.example", "email_verified": True}
    assert "someone else" in confirm(admin)
    assert OPEN not in admin.get(PAGE).text


def test_to_go_on_without_confirming_says_so(app: Flask, admin: FlaskClient) -> None:
    with app.app_context():
        db.session.execute(
            db.update(User).where(User.email == "admin@desk.example").values(password_hash=NO_PASSWORD)
        )
        db.session.commit()
    visitor = Visitor(admin)
    page = admin.get(PAGE)
    assert "Your password" not in text(page)
    form = next(one for one in read_forms(page.text) if "confirm_password" in one.names())
    form.action = form.action or PAGE
    answer = visitor.send(form)
    assert (answer.status_code, "haven't confirmed it yet" in text(answer)) == (422, True)
    assert "Confirmed" in confirm(admin)
    assert visitor.send(form).location == PAGE


def test_the_session_that_a_confirming_opened_there_ends_ours(
    app: Flask, admin: FlaskClient, provider: Provider
) -> None:
    provider.person["sid"] = "s-new"
    assert "Confirmed" in confirm(admin)
    with app.app_context():
        assert db.session.scalars(db.select(UserSession.sso_sid)).all() == ["s-new"]
