"""A provider, and a desk whose settings name it."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support import provider as providers
from tests.support.provider import Provider
from tests.web.conftest import ids  # noqa: F401  a fixture
from webapp.models import SsoProvider, db
from webapp.services.accounts.sso import discovery
from webapp.services.accounts.sso import settings as sso_settings


@pytest.fixture
def provider() -> Iterator[Provider]:
    with providers.running() as started:
        started.person = {"sub": "p-1", "email": "rep@desk.example", "email_verified": True}
        discovery._kept.clear()
        yield started
        discovery._kept.clear()


@pytest.fixture
def app_settings(app_settings: dict[str, str], provider: Provider) -> dict[str, str]:
    return {
        **app_settings,
        "OIDC_ISSUER": provider.issuer,
        "OIDC_CLIENT_ID": providers.CLIENT,
        "OIDC_CLIENT_SECRET": providers.SECRET,
        "OIDC_LABEL": "Example ID",
    }


def configure(app: Flask, **values: Any) -> None:
    """Change the stored settings."""
    with app.app_context():
        row = sso_settings.stored()
        for name, value in values.items():
            setattr(row, name, value)
        if db.session.get(SsoProvider, row.id) is None:
            db.session.add(row)
        db.session.commit()


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: Any) -> None:
        return None


def at_provider(address: str) -> str:
    """Open the provider's page as a browser would; returns where it sends the browser."""
    try:
        urllib.request.build_opener(_Stay).open(address)
    except urllib.error.HTTPError as answer:
        with answer:
            return str(answer.headers["Location"])
    raise AssertionError(address)


def go(client: FlaskClient, next_path: str = "") -> str:
    """Press the button and sign in at the provider; returns the address back."""
    answer = client.get("/sso/start", query_string={"next": next_path} if next_path else {})
    assert answer.status_code == 303, answer.text
    return at_provider(answer.location)


def sign_in(client: FlaskClient, next_path: str = "") -> TestResponse:
    """The whole way."""
    return client.get(go(client, next_path))
