"""Migration 0028 encrypts the addresses of webhooks, and its way back decrypts them."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet
from flask import Flask
from flask_migrate import downgrade, upgrade

from webapp.models import WebhookEndpoint, db
from webapp.services.core import key_rotation
from webapp.services.core.vault import Vault
from webapp.services.integrations.webhook import endpoints

URL = "https://hooks.example/services/very-secret-token"
pytestmark = pytest.mark.both_databases


def test_there_and_back(app: Flask) -> None:
    runtime = app.extensions["quotewright"]
    with app.app_context():
        downgrade(revision="0027")
        names = "url, description, events, secret_encrypted, previous_secret_encrypted, state, state_sentence, failures"
        values = ":url, '', '[]', 'x', '', 'active', '', 0"
        insert = (
            f"INSERT INTO webhook_endpoint ({names}, created_at, updated_at) VALUES ({values}, :now, :now)"  # noqa: S608
        )
        with db.engine.begin() as connection:
            connection.execute(sa.text(insert), {"url": URL, "now": "2026-01-01 00:00:00+00:00"})
        upgrade()
        endpoint = db.session.scalars(db.select(WebhookEndpoint)).one()
        assert (endpoints.url_of(runtime, endpoint), endpoint.host) == (URL, "hooks.example")
        assert "very-secret" not in str(db.session.execute(sa.select(WebhookEndpoint.__table__)).one())
        db.session.remove()
        downgrade(revision="0027")
        with db.engine.begin() as connection:
            assert connection.scalar(sa.text("SELECT url FROM webhook_endpoint")) == URL


def test_keys_are_rotated(app: Flask) -> None:
    runtime = app.extensions["quotewright"]
    with app.app_context():
        token, secret = runtime.vault.encrypt(URL), runtime.vault.encrypt("whsec")
        endpoint = WebhookEndpoint(url_encrypted=token, url_sha256="x", secret_encrypted=secret, events=[])
        db.session.add(endpoint)
        db.session.commit()
        new = Fernet.generate_key().decode()
        rotating = replace(runtime, vault=Vault([new, *runtime.config.encryption_keys]))
        assert key_rotation.rotate(rotating) == 2
        assert Vault([new]).decrypt(endpoint.url_encrypted) == URL
