"""Wrong settings: every one at once, a sentence each, and no program hides them in a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import config
from stack.options import ROOT
from tests.support.settings import environment

WRONG = {
    "SECRET_KEY": "short",
    "QUOTEWRIGHT_ENCRYPTION_KEYS": "no key",
    "DATABASE_URL": "postgresql://app:s3cret-pw@db:port/quotewright",
    "REDIS_URL": "http://somewhere",
    "PUBLIC_BASE_URL": "https://quotes.example.com:99999",
    "LOG_JSON": "maybe",
    "TRUSTED_PROXIES": "one",
    "CALL_BODIES_DAYS": "0",
    "AUTOTASK_TIMEOUT_SECONDS": "soon",
    "SMTP_URL": "smtp://user:hidden@:25",
    "METRICS_TOKEN": "short",
    "OIDC_ISSUER": "provider",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318",
}


def test_every_wrong_setting_is_named_at_once_and_no_password() -> None:
    with pytest.raises(config.ConfigError) as refused:
        config.load(environment(**WRONG))
    lines = str(refused.value).splitlines()
    named = {line.split()[0] if not line.startswith("Key ") else line.split()[3] for line in lines}
    assert named == {*WRONG, "OIDC_CLIENT_ID", "MAIL_FROM"}
    assert len(lines) == len(named)
    assert all(line.endswith((".", ").")) for line in lines)
    for secret in ("s3cret-pw", "hidden"):
        assert secret not in str(refused.value)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DATABASE_URL", "mysql://db/quotewright"),
        ("REDIS_URL", "redis://host:port/0"),
        ("PUBLIC_BASE_URL", "http://[::1"),
        ("PUBLIC_BASE_URL", "quotes.example.com"),
        ("SMTP_URL", "smtp://host:0"),
    ],
)
def test_one_alone(variable: str, value: str) -> None:
    with pytest.raises(config.ConfigError) as refused:
        config.load(environment(**{variable: value}))
    assert f"{variable} " in str(refused.value)


def test_a_file_that_cannot_be_read_is_named_once(tmp_path: Path) -> None:
    given = environment()
    del given["SECRET_KEY"]
    with pytest.raises(config.ConfigError) as refused:
        config.load({**given, "SECRET_KEY_FILE": str(tmp_path / "missing")})
    (line,) = str(refused.value).splitlines()
    assert line.startswith("SECRET_KEY_FILE names ")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(config.ConfigError, match="SECRET_KEY_FILE names"):
        config.load({**given, "SECRET_KEY_FILE": str(tmp_path / "binary")})


@pytest.mark.parametrize(
    "program",
    [["worker.py"], ["-m", "gunicorn", "--preload", "--bind", "127.0.0.1:0", "webapp:create_app()"]],
)
def test_no_program_hides_them_in_a_traceback(program: list[str]) -> None:
    env = {**os.environ, **environment(LOG_JSON="maybe", TRUSTED_PROXIES="one")}
    done = subprocess.run(
        [sys.executable, *program], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-2:] == [
        "TRUSTED_PROXIES is “one”. Use the number of proxies in front of the app, from 0 to 9.",
        "LOG_JSON is “maybe”. Use yes or no.",
    ]
    assert "Traceback" not in done.stderr
