"""A link by mail for someone who forgot the password: for them alone, once, and without saying who has an account."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from smoke.forms import read_forms
from tests.activity.mailbox import Mailbox, open_mailbox, words
from tests.support import samples
from tests.support.visitor import Visitor, text
from tests.web.test_two_step import set_up
from webapp.models import AccountLink, Delivery, DiaryEntry, MailMessage, SsoProvider, User, db, utc_now
from webapp.models.account import NO_PASSWORD
from webapp.services.accounts import account_links, forgotten, guessing
from webapp.services.accounts.sso import ONLY
from webapp.services.company import mail_texts
from webapp.services.delivery import attempt

PAGE, EMAIL, NEW = "/login/forgot", "rep@desk.example", "four other plain words"
pytestmark = pytest.mark.usefixtures("ids")


@pytest.fixture
def mailbox(app: Flask) -> Iterator[Mailbox]:
    """A mail server that the application is configured with."""
    with open_mailbox() as server:
        runtime = app.extensions["quotewright"]
        settings = replace(runtime.config, smtp_url=server.url, mail_from="desk@desk.example")
        app.extensions["quotewright"] = replace(runtime, config=settings)
        yield server


def ask(app: Flask, email: str) -> TestResponse:
    visitor = Visitor(app.test_client())
    return visitor.send(visitor.form(PAGE, PAGE), {"email": email})


def deliver(app: Flask) -> list[str]:
    """What the worker would do; returns how each delivery ended."""
    with app.app_context():
        ids = list(db.session.scalars(db.select(Delivery.id).filter_by(reader="mail", state="waiting")))
        for delivery_id in ids:
            attempt.perform(app.extensions["quotewright"], delivery_id, early=True)
        return [db.session.get_one(Delivery, one, populate_existing=True).state for one in ids]


def link_of(mailbox: Mailbox) -> str:
    (found,) = re.findall(r"/join/[\w-]+", words(mailbox.received[-1]))
    return str(found)


def actions(app: Flask) -> list[tuple[str, str]]:
    with app.app_context():
        entries = db.session.scalars(db.select(DiaryEntry).order_by(DiaryEntry.id))
        return [(entry.action, entry.object_id) for entry in entries if entry.object_type == "user"]


def test_a_link_comes_by_mail_and_works_once(app: Flask, mailbox: Mailbox, rep: Visitor) -> None:
    assert "Forgot your password?" in text(app.test_client().get("/login"))
    answer = ask(app, " REP@desk.example ")
    assert "If there's an account with this email" in text(answer)
    with app.app_context():
        assert db.session.scalar(db.select(AccountLink)) is None, "the web process knows no token"
    assert deliver(app) == ["done"]
    (mail,) = mailbox.received
    assert mail["To"] == EMAIL
    path = link_of(mailbox)
    with app.app_context():
        row = db.session.scalars(db.select(AccountLink)).one()
        assert timedelta(minutes=29) < row.expires_at - utc_now() <= timedelta(minutes=30)
        token = path.rsplit("/", maxsplit=1)[-1]
        for table in db.metadata.sorted_tables:
            for stored in db.session.execute(sa.select(table)):
                assert token not in str(stored), table.name
    visitor = Visitor(app.test_client())
    form = read_forms(visitor.client.get(path).text)[0]
    form.action = path
    assert visitor.send(form, {"password": NEW}).status_code == 303
    assert rep.client.get("/").status_code == 303, "the other sessions ended"
    assert visitor.client.get(path).status_code == 404
    assert ("user.reset_asked", "2") in actions(app)
    assert ("user.password_changed", "2") in actions(app)


def test_the_second_step_is_asked_for_all_the_same(app: Flask, mailbox: Mailbox) -> None:
    set_up(app, EMAIL)
    ask(app, EMAIL)
    deliver(app)
    path, visitor = link_of(mailbox), Visitor(app.test_client())
    form = read_forms(visitor.client.get(path).text)[0]
    form.action = path
    answer = visitor.send(form, {"password": NEW})
    assert answer.location == "/login/code"
    assert visitor.client.get("/").status_code == 303


@pytest.mark.both_databases
def test_a_known_and_an_unknown_email_are_answered_alike(app: Flask, mailbox: Mailbox) -> None:
    asked: dict[str, tuple[str, list[str]]] = {}
    for email in ("warm@up.example", EMAIL, "no.one@desk.example"):
        said: list[str] = []

        def note(*event: object, said: list[str] = said) -> None:
            said.append(str(event[2]))

        with app.app_context():
            engine = db.engine
        sa.event.listen(engine, "before_cursor_execute", note)
        try:
            answer = ask(app, email)
        finally:
            sa.event.remove(engine, "before_cursor_execute", note)
        asked[email] = (text(answer), said)
    assert asked[EMAIL][0] == asked["no.one@desk.example"][0]
    assert asked[EMAIL][1] == asked["no.one@desk.example"][1], "the same statements"
    assert sorted(deliver(app)) == ["done", "superseded", "superseded"]
    assert [mail["To"] for mail in mailbox.received] == [EMAIL]
    assert actions(app).count(("user.reset_asked", "0")) == 2
    with app.app_context():
        every = " ".join(db.session.scalars(db.select(DiaryEntry.content)))
        assert "no.one@" not in every


def test_asking_counts_as_guessing(app: Flask, mailbox: Mailbox) -> None:
    for email in (EMAIL, "no.one@desk.example"):
        answers = [ask(app, email).status_code for _ in range(guessing.OF_ACCOUNT + 1)]
        assert answers == [200] * guessing.OF_ACCOUNT + [429]
    deliver(app)
    assert len(mailbox.received) == 1, "one link in five minutes"


def test_who_must_sign_in_at_the_provider_gets_no_link(app: Flask, mailbox: Mailbox) -> None:
    with app.app_context():
        db.session.add(SsoProvider(id=ONLY, is_on=True, allows_passwords=False))
        db.session.commit()
    ask(app, EMAIL)
    assert deliver(app) == ["done"]
    assert "sign-in provider" in words(mailbox.received[0])
    assert "/join/" not in words(mailbox.received[0])
    assert ("user.reset_refused", "2") in actions(app)


@pytest.mark.parametrize("how", ["inactive", "invited", "late", "by provider"])
def test_others_who_get_no_link(app: Flask, mailbox: Mailbox, how: str) -> None:
    with app.app_context():
        user = db.session.get_one(User, 2)
        if how == "inactive":
            user.is_active = False
        elif how == "invited":
            user.password_hash = ""
        elif how == "by provider":
            user.password_hash = NO_PASSWORD
        db.session.commit()
    ask(app, EMAIL)
    if how == "late":
        with app.app_context():
            then = utc_now() - forgotten.LASTS - timedelta(minutes=1)
            db.session.execute(sa.update(Delivery).values(created_at=then))
            db.session.commit()
    deliver(app)
    assert not any("/join/" in words(mail) for mail in mailbox.received)
    with app.app_context():
        assert db.session.scalar(db.select(AccountLink)) is None


def test_nobody_ends_an_admins_link_by_asking(app: Flask, mailbox: Mailbox) -> None:
    with app.app_context():
        token = account_links.issue(None, db.session.get_one(User, 2))
    ask(app, EMAIL)
    deliver(app)
    assert app.test_client().get(f"/join/{token}").status_code == 200
    assert not mailbox.received


def test_a_mail_server_that_is_away_gets_a_new_link_later(app: Flask, mailbox: Mailbox) -> None:
    mailbox.refuses = True
    ask(app, EMAIL)
    assert deliver(app) == ["waiting"]
    mailbox.refuses = False
    assert deliver(app) == ["done"]
    assert app.test_client().get(link_of(mailbox)).status_code == 200


def test_without_mail_the_page_names_the_command(app: Flask) -> None:
    page = app.test_client().get(PAGE)
    assert "flask users reset-link" in text(page)
    assert not any("email" in form.names() for form in read_forms(page.text))


def test_an_invitation_comes_by_mail_in_the_companys_words(
    app: Flask, mailbox: Mailbox, admin: Visitor
) -> None:
    with app.app_context():
        samples.company(name="Brightwater")
        boss = db.session.scalars(db.select(User).filter_by(email="admin@desk.example")).one()
        mail_texts.save(boss, {**mail_texts.shown(), "invitation_text": "Welcome, {name}!\n\n{link}"})
    page = "/settings/users/new"
    typed: dict[str, str | bool] = {"name": "Bo Lind", "email": "bo@desk.example", "by_mail": "y"}
    form = next(one for one in read_forms(admin.client.get(page).text) if "email" in dict(one.fields))
    form.action = page
    assert admin.send(form, typed).status_code == 303
    assert deliver(app) == ["done"]
    mail = mailbox.received[-1]
    assert (mail["To"], mail["Subject"]) == ("bo@desk.example", "Your account for quotes at Brightwater")
    assert words(mail).startswith("Welcome, Bo Lind!")
    html = mail.get_body(("html",))
    assert html is not None
    assert "Choose a password" in html.get_content()
    first = link_of(mailbox)
    with app.app_context():
        # The link is nowhere but in the mail.
        assert db.session.scalars(db.select(MailMessage)).all() == []
        invited = db.session.scalars(db.select(User).filter_by(email="bo@desk.example")).one()
        user_id = invited.id
    # Again: the new link ends the one before, and works once.
    assert admin.send(admin.form(f"/settings/users/{user_id}", "/link"), {"by_mail": "y"}).status_code == 303
    assert deliver(app) == ["done"]
    visitor = Visitor(app.test_client())
    assert visitor.client.get(first).status_code == 404
    form = read_forms(visitor.client.get(link_of(mailbox)).text)[0]
    form.action = link_of(mailbox)
    late = admin.form(f"/settings/users/{user_id}", "/link")
    assert visitor.send(form, {"password": NEW}).status_code == 303
    answer = admin.send(late, {"by_mail": "y"})
    assert (answer.status_code, "has joined already" in text(answer)) == (422, True)
