"""People choose their own passwords: with the link of an invitation or a reset, which works once and not for long."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from smoke.forms import Form, read_forms
from tests.support import samples
from tests.support.visitor import Visitor, errors, text
from tests.web.conftest import Ids
from webapp.models import AccountLink, DiaryEntry, User, db, utc_now
from webapp.services.accounts import account_links, passwords, users
from webapp.services.accounts.sso import settings as sso_settings

NEW = "four other plain words"
NEWCOMER: dict[str, str | bool] = {"name": "Nia New", "email": "nia@desk.example", "role": "rep"}
PATH = re.compile(r"/join/[\w-]+")


def link_in(answer: TestResponse) -> str:
    assert answer.status_code == 200, text(answer)
    assert answer.headers["Cache-Control"] == "no-store"
    return PATH.findall(answer.text)[0]


def invite(admin: Visitor) -> str:
    form = read_forms(admin.client.get("/settings/users/new").text)[-1]
    form.action = "/settings/users/new"
    assert "password" not in form.names()
    return link_in(admin.send(form, NEWCOMER))


def reset(admin: Visitor) -> str:
    return link_in(admin.send(admin.form("/settings/users/2", "link")))


def join_form(app: Flask, path: str) -> tuple[Visitor, Form]:
    visitor = Visitor(app.test_client())
    answer = visitor.client.get(path)
    assert answer.status_code == 200, text(answer)
    form = read_forms(answer.text)[0]
    form.action = path
    return visitor, form


def test_an_invited_person_chooses_the_password(app: Flask, admin: Visitor) -> None:
    path = invite(admin)
    with app.app_context():
        assert users.authenticate("nia@desk.example", "") is None
        row = db.session.scalars(db.select(AccountLink)).one()
        assert path.rsplit("/")[-1] not in row.token_sha256
    assert not PATH.search(admin.client.get("/settings/users").text)
    assert "Invited" in text(admin.client.get("/settings/users"))
    visitor, form = join_form(app, path)
    weak = visitor.send(form, {"password": "password123"})
    assert (weak.status_code, errors(weak)) == (422, {"password": passwords.COMMON})
    done = visitor.send(form, {"password": NEW})
    assert (done.status_code, done.location) == (303, "/")
    assert visitor.client.get("/quotes/").status_code == 200
    again = app.test_client().get(path)
    assert (again.status_code, account_links.GONE in text(again)) == (404, True)
    Visitor(app.test_client()).sign_in("nia@desk.example", NEW)


def test_a_reset_ends_sessions_and_the_old_password_when_it_is_used(
    app: Flask, rep: Visitor, admin: Visitor, ids: Ids
) -> None:
    first, second = reset(admin), reset(admin)
    assert app.test_client().get(first).status_code == 404, "the second link replaces it"
    visitor, form = join_form(app, second)
    assert rep.client.get(ids.quote_page).status_code == 200
    assert visitor.send(form, {"password": NEW}).status_code == 303
    assert rep.client.get(ids.quote_page).status_code == 303
    with app.app_context():
        assert users.authenticate("rep@desk.example", samples.PASSWORD) is None


@pytest.mark.parametrize("ended", ["expired", "inactive", "password changed"])
def test_a_link_ends(app: Flask, admin: Visitor, rep: Visitor, ended: str) -> None:
    path = reset(admin)
    with app.app_context():
        user = db.session.get_one(User, 2)
        if ended == "expired":
            link = db.session.get_one(AccountLink, 2)
            link.expires_at -= account_links.RESET + timedelta(seconds=1)
        elif ended == "inactive":
            user.is_active = False
        else:
            users.set_password(user, user, NEW)
        db.session.commit()
    assert app.test_client().get(path).status_code == 404


def test_reps_make_no_links(rep: Visitor, admin: Visitor) -> None:
    form = admin.form("/settings/users/2", "link")
    page = rep.form("/account/", "sessions/end")
    page.action = form.action
    assert rep.send(page).status_code == 403


@pytest.mark.both_databases
def test_of_eight_at_once_one_uses_it(app: Flask, ids: Ids) -> None:
    with app.app_context():
        token = account_links.issue(None, db.session.get_one(User, 2))
    together, made = Barrier(8), [join_form(app, f"/join/{token}") for _ in range(8)]

    def post(place: int) -> int:
        visitor, form = made[place]
        together.wait()
        return visitor.send(form, {"password": f"{NEW} {place}"}).status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(post, range(8))) == [303] + [404] * 7


@pytest.mark.both_databases
def test_of_eight_links_made_at_once_the_last_one_is_good(app: Flask, ids: Ids) -> None:
    together = Barrier(8)

    def issue(_: int) -> str:
        with app.app_context():
            user = db.session.get_one(User, 2)
            db.session.commit()
            together.wait()
            return account_links.issue(None, user)

    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(issue, range(8)))
    opened = [app.test_client().get(f"/join/{token}").status_code for token in tokens]
    assert sorted(opened) == [200] + [404] * 7


def test_a_link_of_before_opens_nothing_when_the_account_is_on_again(app: Flask, admin: Visitor) -> None:
    path = invite(admin)
    with app.app_context():
        actor, user = db.session.get_one(User, 1), users.find_by_email("nia@desk.example")
        for is_active in (False, True):
            users.update_user(actor, user, name=user.name, role=user.role, is_active=is_active)
    gone = app.test_client().get(path)
    assert (gone.status_code, account_links.GONE in text(gone)) == (404, True)


def test_the_operator_makes_links_and_admins(app: Flask, ids: Ids) -> None:
    run = app.test_cli_runner().invoke
    made = run(args=["users", "reset-link", "rep@desk.example"])
    assert made.exit_code == 0
    visitor, form = join_form(app, PATH.findall(made.output)[0])
    assert visitor.send(form, {"password": NEW}).status_code == 303
    assert run(args=["users", "make-admin", "rep@desk.example"]).exit_code == 0
    with app.app_context():
        user = users.find_by_email("rep@desk.example")
        assert (user.role, user.is_active) == ("owner", True)
    for command in ("reset-link", "make-admin"):
        refused = run(args=["users", command, "nobody@desk.example"])
        assert (refused.exit_code, "No one signs in" in refused.output) == (1, True)


def refusals(app: Flask) -> list[tuple[str, str, str]]:
    with app.app_context():
        query = db.select(DiaryEntry).where(DiaryEntry.action.like("%refused")).order_by(DiaryEntry.id)
        return [(row.action, row.object_id, row.address) for row in db.session.scalars(query)]


@pytest.mark.both_databases
def test_a_refused_link_is_in_the_diary_with_its_address(app: Flask, admin: Visitor) -> None:
    path = reset(admin)
    visitor, form = join_form(app, path)
    with app.app_context():
        db.session.execute(db.update(AccountLink).values(expires_at=utc_now() - timedelta(seconds=1)))
        db.session.commit()
    assert visitor.client.get(path).status_code == 404
    assert visitor.send(form, {"password": NEW}).status_code == 404
    # Noted once: an old link that is opened again and again doesn't fill the diary.
    assert refusals(app) == [("user.link_refused", "2", "127.0.0.1")]


def test_links_that_never_were_do_not_fill_the_diary(app: Flask, ids: Ids) -> None:
    with time_machine.travel(utc_now(), tick=False) as clock:
        for _ in range(3):
            assert app.test_client().get("/join/guess").status_code == 404
        assert refusals(app) == [("user.link_refused", "0", "127.0.0.1")]
        clock.shift(timedelta(minutes=6))
        app.test_client().get("/join/guess")
    assert len(refusals(app)) == 2


def test_guesses_from_very_many_addresses_do_not_fill_the_diary(app: Flask, ids: Ids) -> None:
    with app.app_context():
        for number in range(40):
            account_links.note_refusal("guess", f"2001:db8::{number:x}")
    assert len(refusals(app)) == account_links.AT_MOST


def test_a_link_where_passwords_are_off_is_refused_and_noted(app: Flask, admin: Visitor) -> None:
    path = reset(admin)
    with app.app_context():
        row = sso_settings.stored()
        row.allows_passwords = False
        db.session.add(row)
        db.session.commit()
    assert app.test_client().get(path).status_code == 403
    assert refusals(app) == [("user.password_refused", "2", "127.0.0.1")]


@pytest.mark.parametrize(
    ("name", "stored"),
    [("n" * 121, ""), ("\x00\x07", ""), ("Nia\x00 \u200b  New ", "Nia New"), ("n" * 120, "n" * 120)],
)
def test_a_name_fits_and_is_readable(app: Flask, admin: Visitor, name: str, stored: str) -> None:
    invitation = read_forms(admin.client.get("/settings/users/new").text)[-1]
    invitation.action = "/settings/users/new"
    change = admin.form("/settings/users/2", "/settings/users/2")
    answers = [admin.send(invitation, {**NEWCOMER, "name": name}), admin.send(change, {"name": name})]
    with app.app_context():
        names = [user.name for user in users.list_users()]
    if stored:
        assert names.count(stored) == 2
    else:
        assert [answer.status_code for answer in answers] == [422, 422]
        assert all("name" in errors(answer) for answer in answers)
        assert "Nia New" not in names
