"""The example company is for a look on one's own machine: nowhere else, and never with a password that others know."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

import pytest
from flask import Flask

from stack import Options, Stack, example
from stack.__main__ import greeting
from stack.child import Child
from stack.options import ROOT
from stack.parts import LOGINS
from tests.support import samples
from webapp.models import db
from webapp.services.accounts import users
from webapp.services.demo import retired_logins
from webapp.services.demo.seed import ADMIN_EMAIL, REP_EMAIL


@pytest.mark.parametrize(
    ("host", "environ", "name"),
    [
        ("127.0.0.1", {"DATABASE_URL": "postgresql:///quotewright"}, "DATABASE_URL"),
        ("127.0.0.1", {"DATABASE_URL": "sqlite:////srv/quotes.db"}, "DATABASE_URL"),
        ("127.0.0.1", {"DATABASE_URL_FILE": "/run/secrets/database"}, "DATABASE_URL"),
        ("127.0.0.1", {"AUTOTASK_ROOT": "https://webservices.autotask.net/atservicesrest"}, "AUTOTASK_ROOT"),
        ("0.0.0.0", {}, "HOST"),  # noqa: S104  nothing is bound
        ("::", {}, "HOST"),
        ("192.0.2.1", {}, "HOST"),
        ("quotes.example.com", {}, "HOST"),
        ("", {}, "HOST"),
        ("127.0.0.1", {"PUBLIC_BASE_URL": "https://quotes.example.com"}, "PUBLIC_BASE_URL"),
        ("127.0.0.1", {"PUBLIC_BASE_URL": "http://localhost.example.com"}, "PUBLIC_BASE_URL"),
        ("127.0.0.1", {"PUBLIC_BASE_URL": "http://127.0.0.1@example.com"}, "PUBLIC_BASE_URL"),
        ("127.0.0.1", {"PUBLIC_BASE_URL": "http://[::1"}, "PUBLIC_BASE_URL"),
        ("127.0.0.1", {"TRUSTED_PROXIES": "1"}, "TRUSTED_PROXIES"),
    ],
)
def test_it_is_not_added_where_others_could_get_in(
    tmp_path: Path, host: str, environ: dict[str, str], name: str
) -> None:
    said = example.reason_against(Options(data=tmp_path, host=host, environ=environ))
    assert said.startswith(f"The example company is not added, since {name} ")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
@pytest.mark.parametrize(
    "address", ["", "http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000"]
)
def test_it_is_added_on_this_machine_alone(tmp_path: Path, host: str, address: str) -> None:
    environ = {"PUBLIC_BASE_URL": address, "REDIS_URL": "redis://127.0.0.1/0"}
    assert example.reason_against(Options(data=tmp_path, host=host, environ=environ)) == ""


def seed(app: Flask, *arguments: str) -> list[dict[str, str]]:
    result = app.test_cli_runner().invoke(args=["seed", "demo", "--json", *arguments])
    assert result.exit_code == 0, result.output
    logins: list[dict[str, str]] = json.loads(result.stdout)["logins"]
    return logins


def signs_in(app: Flask, login: dict[str, str]) -> bool:
    with app.app_context():
        return users.authenticate(login["email"], login["password"]) is not None


def test_passwords_are_random_and_kept_for_this_user_alone(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / LOGINS
    first = seed(app, "--passwords", str(path))
    assert [(login["email"], login["role"]) for login in first] == [
        (ADMIN_EMAIL, "owner"),
        (REP_EMAIL, "rep"),
    ]
    assert len({login["password"] for login in first}) == 2
    assert all(len(login["password"]) >= 15 and signs_in(app, login) for login in first)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert seed(app, "--passwords", str(path)) == first


def test_one_that_was_changed_is_not_told(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / LOGINS
    first = seed(app, "--passwords", str(path))
    with app.app_context():
        users.set_password(None, users.find_by_email(ADMIN_EMAIL), "four plain words here")
    again = seed(app, "--passwords", str(path))
    assert [login["password"] for login in again] == ["", first[1]["password"]]


def test_an_example_of_an_earlier_version_gets_a_password_of_its_own(app: Flask, tmp_path: Path) -> None:
    known = retired_logins.PUBLISHED
    with app.app_context():
        for user in (samples.admin(ADMIN_EMAIL), samples.rep(REP_EMAIL)):
            user.password_hash = users._hasher.hash(known)
        db.session.commit()
    logins = seed(app, "--passwords", str(tmp_path / LOGINS))
    assert all(signs_in(app, login) for login in logins)
    assert not any(signs_in(app, {**login, "password": known}) for login in logins)


def test_a_company_of_ones_own_is_left_alone(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        users.create_user(
            None, email="own@company.example", name="O", password="own words here", role="admin"
        )
    assert seed(app, "--if-free", "--passwords", str(tmp_path / LOGINS)) == []
    assert not (tmp_path / LOGINS).exists()
    result = app.test_cli_runner().invoke(args=["seed", "demo"])
    assert (result.exit_code, "other accounts here" in result.output) == (1, True)


def test_a_file_that_is_none_is_a_sentence(app: Flask, tmp_path: Path) -> None:
    (tmp_path / LOGINS).write_text("nonsense\n")
    result = app.test_cli_runner().invoke(args=["seed", "demo", "--passwords", str(tmp_path / LOGINS)])
    assert (result.exit_code, "Fix or remove the file." in result.output) == (1, True)


def test_what_a_private_program_prints_is_in_no_log(tmp_path: Path) -> None:
    code = "import sys; print('a secret'); print('a complaint', file=sys.stderr)"
    child = Child(
        "sample",
        [sys.executable, "-c", code],
        env=dict(os.environ),
        cwd=ROOT,
        log=tmp_path / "sample.log",
        private=True,
    )
    child.start()
    assert child.wait(20) == 0
    assert child.take() == "a secret\n"
    child.kill()
    assert (tmp_path / "sample.log").read_text() == "a complaint\n"


def everything_in(folder: Path) -> str:
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != LOGINS]
    return "".join(path.read_bytes().decode("latin-1") for path in files)


@pytest.mark.smoke
@pytest.mark.slow
def test_a_start_tells_the_passwords_and_writes_them_nowhere_else(tmp_path: Path) -> None:
    options = Options(data=tmp_path, port=0, sandbox_port=0, web_processes=1, worker=False)
    with Stack(options) as stack:
        logins, printed = stack.logins, greeting(stack)
    assert [login["email"] for login in logins] == [ADMIN_EMAIL, REP_EMAIL]
    kept = everything_in(tmp_path)
    for login in logins:
        assert login["password"] in printed
        assert login["password"] not in kept
    assert "Set-up token" not in printed


@pytest.mark.smoke
@pytest.mark.slow
def test_elsewhere_a_start_seeds_nothing_and_tells_a_token(tmp_path: Path) -> None:
    environ = {**os.environ, "PUBLIC_BASE_URL": "https://quotes.example.com"}
    options = Options(data=tmp_path, port=0, sandbox_port=0, web_processes=1, worker=False, environ=environ)
    with Stack(options) as stack:
        printed, token = greeting(stack), stack.setup_token
    assert stack.logins == []
    assert "is not added, since PUBLIC_BASE_URL is an address for others" in printed
    assert f"Set-up token: {token}" in printed
    assert "https://quotes.example.com/setup" in printed
    assert len(token) >= 32
    assert token not in everything_in(tmp_path)
    assert "@demo.example" not in (tmp_path / "quotewright.db").read_bytes().decode("latin-1")
