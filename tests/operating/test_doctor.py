"""``flask doctor`` names what to fix, each with a sentence, and nothing where nothing is wrong."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from cryptography.fernet import Fernet
from flask import Flask

import config
from tests.support.settings import environment
from webapp import create_app
from webapp.models import db, utc_now
from webapp.services.company import mail_server
from webapp.services.company.seal import settings as seal
from webapp.services.core.runtime import Runtime
from webapp.services.core.vault import Vault
from webapp.services.operating import doctor


def found(app: Flask, environ: dict[str, str] | None = None, **settings: object) -> dict[str, str]:
    """What is wrong by name, with ``settings`` changed."""
    runtime: Runtime = app.extensions["quotewright"]
    changed = replace(runtime, config=replace(runtime.config, **settings))  # type: ignore[arg-type]
    with app.app_context():
        checks = doctor.examine(changed, environ or {})
    return {check.name: check.sentence for check in checks if not check.is_ok}


OF_READYZ = {"redis", "workers"}  # no Redis runs in these tests


def test_nothing_is_found_where_nothing_is_wrong(app: Flask) -> None:
    assert set(found(app)) <= OF_READYZ


def test_an_address_without_tls_and_a_proxy_that_is_not_trusted(app: Flask) -> None:
    open_address = found(app, public_base_url="http://quotes.example.com")
    assert "https://" in open_address["address"]
    assert "proxies" not in open_address
    behind = found(app, public_base_url="https://quotes.example.com")
    assert "TRUSTED_PROXIES" in behind["proxies"]
    assert set(found(app, public_base_url="https://quotes.example.com", trusted_proxies=1)) <= OF_READYZ


def test_a_secret_that_every_account_can_read(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "secret_key"
    path.write_text("a secret")
    path.chmod(0o644)
    assert str(path) in found(app, {"SECRET_KEY_FILE": str(path)})["rights"]
    path.chmod(0o640)
    assert "rights" not in found(app, {"SECRET_KEY_FILE": str(path)})


def test_a_mail_server_that_is_away(app: Flask) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        url = f"smtp://user:word@127.0.0.1:{listener.getsockname()[1]}"
        assert "mail" not in found(app, smtp_url=url, mail_from="a@example.com")
    sentence = found(app, smtp_url=url, mail_from="a@example.com")["mail"]
    assert "127.0.0.1" in sentence
    assert "word" not in sentence


def test_a_certificate_that_expires_soon(app: Flask) -> None:
    with app.app_context():
        assert "seal" not in found(app)
        row = seal.stored()
        row.key_encrypted, row.valid_until = "", utc_now() + timedelta(days=9, hours=1)
        db.session.add(row)
        db.session.commit()
    assert "expires in 9 days" in found(app)["seal"]


def test_secrets_that_no_key_reads(app: Flask) -> None:
    with app.app_context():
        row = mail_server.stored()
        row.host, row.port = "127.0.0.1", 25
        row.password_encrypted = Vault((Fernet.generate_key().decode(),)).encrypt("word")
        db.session.add(row)
        db.session.commit()
    assert "can't read: 1." in found(app)["keys"]


@pytest.mark.postgres
def test_a_clock_that_is_not_the_databases(app: Flask) -> None:
    assert "clock" not in found(app)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=2)):
        assert "seconds apart" in found(app)["clock"]


def test_the_command_says_it_and_fails(app: Flask) -> None:
    said = app.test_cli_runner().invoke(args=["doctor"])
    assert said.exit_code == 1
    assert "FIX  redis" in said.output
    assert "ok   database" in said.output


@pytest.mark.server
def test_without_a_database_the_rest_is_still_said() -> None:
    app = create_app(
        config.load(environment(DATABASE_URL="postgresql://nobody@127.0.0.1:1/no?connect_timeout=2"))
    )
    assert {"database", "clock", "keys"} <= set(found(app))
