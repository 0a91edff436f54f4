"""Guessing passwords is slow, whatever the number of processes, and keeps no owner out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from smoke.forms import read_forms
from tests.support import samples
from tests.support.visitor import Visitor, text
from tests.web.conftest import Ids
from webapp.models import PasswordAttempt, db
from webapp.services.accounts import guessing, sessions
from webapp.services.accounts.sessions import Device
from webapp.services.core import work

EMAIL = "rep@desk.example"


def try_one(visitor: Visitor, email: str = EMAIL, password: str = "a guess") -> TestResponse:
    form = read_forms(visitor.client.get("/login").text)[0]
    form.action = "/login"
    return visitor.send(form, {"email": email, "password": password})


def guess(app: Flask, number: int, email: str = EMAIL, address: str = "192.0.2.9", token: str = "") -> None:
    with app.app_context():
        for _ in range(number):
            guessing.note_wrong(guessing.begin(email, address, token))


@pytest.mark.parametrize("email", [EMAIL, "nobody@desk.example"])
def test_an_account_takes_so_many_whether_it_exists_or_not(app: Flask, ids: Ids, email: str) -> None:
    visitor = Visitor(app.test_client())
    for _ in range(guessing.OF_ACCOUNT):
        answer = try_one(visitor, email)
        assert (answer.status_code, "Incorrect email or password." in text(answer)) == (422, True)
    refused = try_one(visitor, email, samples.PASSWORD)
    assert (refused.status_code, guessing.TOO_MANY in text(refused)) == (429, True)


def test_a_browser_that_signed_in_before_gets_in_meanwhile(app: Flask, ids: Ids, rep: Visitor) -> None:
    rep.send(rep.form("/account/", "/logout"))
    guess(app, guessing.OF_ACCOUNT)
    assert try_one(Visitor(app.test_client()), password=samples.PASSWORD).status_code == 429
    assert try_one(rep, password=samples.PASSWORD).status_code == 303


def test_a_known_browser_has_a_limit_of_its_own(app: Flask, ids: Ids, rep: Visitor) -> None:
    rep.send(rep.form("/account/", "/logout"))
    for _ in range(guessing.OF_DEVICE):
        assert try_one(rep).status_code == 422
    assert try_one(rep, password=samples.PASSWORD).status_code == 429
    assert try_one(Visitor(app.test_client()), password=samples.PASSWORD).status_code == 303


def test_the_browser_of_another_is_not_known(app: Flask, ids: Ids, admin: Visitor) -> None:
    admin.send(admin.form("/account/", "/logout"))
    guess(app, guessing.OF_ACCOUNT)
    assert try_one(admin, password=samples.PASSWORD).status_code == 429


def test_an_address_takes_so_many_over_all_accounts(app: Flask, ids: Ids) -> None:
    with app.app_context():
        for number in range(guessing.OF_ADDRESS):
            guessing.note_wrong(guessing.begin(f"person{number}@desk.example", "127.0.0.1"))
    assert try_one(Visitor(app.test_client()), password=samples.PASSWORD).status_code == 429
    with app.app_context():
        assert sessions.sign_in(EMAIL, samples.PASSWORD, Device("192.0.2.1"))


def test_it_passes(app: Flask, ids: Ids) -> None:
    guess(app, guessing.OF_ACCOUNT)
    with app.app_context():
        for row in db.session.scalars(db.select(PasswordAttempt)):
            row.at -= guessing.WINDOW + timedelta(seconds=1)
        db.session.commit()
    assert try_one(Visitor(app.test_client()), password=samples.PASSWORD).status_code == 303
    with app.app_context():
        assert db.session.scalars(db.select(PasswordAttempt)).all() == []


def test_the_own_password_is_not_guessed_either(app: Flask, ids: Ids, rep: Visitor) -> None:
    values: dict[str, str | bool] = {"current": "a guess", "password": "four other plain words"}
    for _ in range(guessing.OF_DEVICE):
        assert rep.send(rep.form("/account/", "password"), values).status_code == 422
    assert rep.send(rep.form("/account/", "password"), values).status_code == 429


def test_no_email_is_stored_in_clear(app: Flask, ids: Ids) -> None:
    guess(app, 1, "my password")
    with app.app_context():
        row = db.session.scalars(db.select(PasswordAttempt)).one()
        assert (row.address, "my password" in row.account_sha256) == ("192.0.2.9", False)


@pytest.mark.both_databases
def test_of_many_at_once_no_more_are_checked(app: Flask, ids: Ids) -> None:
    together = Barrier(16)

    def attempt(_: int) -> bool:
        together.wait()
        with app.app_context():
            try:
                guessing.note_wrong(guessing.begin(EMAIL, "192.0.2.9"))
            except guessing.TooMany as refused:
                return str(refused) != guessing.TOO_MANY
            return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(attempt, range(16))) == guessing.OF_ACCOUNT


@pytest.mark.both_databases
def test_an_office_that_signs_in_at_once_gets_in(app: Flask, ids: Ids) -> None:
    people = guessing.OF_ACCOUNT + 6
    together = Barrier(people)

    def arrive(_: int) -> bool:
        together.wait()
        with app.app_context():
            return sessions.sign_in(EMAIL, samples.PASSWORD, Device("192.0.2.9")) is not None

    with ThreadPoolExecutor(people) as pool:
        assert all(pool.map(arrive, range(people)))
    with app.app_context():
        assert db.session.scalars(db.select(PasswordAttempt)).all() == []


def test_whoever_comes_while_all_places_are_taken_waits_for_one(app: Flask, ids: Ids) -> None:
    def come() -> int:
        with app.app_context():
            return guessing.begin(EMAIL, "192.0.2.9")

    with ThreadPoolExecutor(1) as pool:
        taken = [come() for _ in range(guessing.OF_ACCOUNT)]
        waiting = pool.submit(come)
        with app.app_context(), work.unit():
            guessing.forget(taken[0])
        assert waiting.result() not in taken[1:]


def test_whoever_waited_too_long_is_told_so(app: Flask, ids: Ids, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guessing, "PATIENCE", 0.0)
    with app.app_context():
        for _ in range(guessing.OF_ACCOUNT):
            guessing.begin(EMAIL, "192.0.2.9")
    answer = try_one(Visitor(app.test_client()), password=samples.PASSWORD)
    assert (answer.status_code, guessing.TOO_MANY_AT_ONCE in text(answer)) == (429, True)


def test_an_attempt_that_nobody_ended_counts_as_wrong(app: Flask, ids: Ids) -> None:
    with app.app_context():
        for _ in range(guessing.OF_ACCOUNT):
            guessing.begin(EMAIL, "192.0.2.9")
        for row in db.session.scalars(db.select(PasswordAttempt)):
            row.at -= guessing.CHECKED_WITHIN + timedelta(seconds=1)
        db.session.commit()
    answer = try_one(Visitor(app.test_client()), password=samples.PASSWORD)
    assert (answer.status_code, guessing.TOO_MANY in text(answer)) == (429, True)
