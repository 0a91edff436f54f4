"""Sessions end: a copied cookie is refused after its owner signed out, after a pause, and after some days."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

import config
from smoke.forms import read_forms
from tests.support import samples
from tests.support.visitor import Visitor, text
from tests.web.conftest import Ids
from webapp import create_app
from webapp.models import DiaryEntry, User, UserSession, db
from webapp.services.accounts import sessions

EMAIL = "rep@desk.example"
MINUTE = timedelta(minutes=1)


def sign_in(app: Flask, *, keep: bool = False) -> Visitor:
    visitor = Visitor(app.test_client())
    form = read_forms(visitor.client.get("/login").text)[0]
    form.action = "/login"
    answer = visitor.send(form, {"email": EMAIL, "password": samples.PASSWORD, "remember": keep})
    assert answer.status_code == 303
    return visitor


def stolen(app: Flask, owner: Visitor) -> Visitor:
    """A second browser with the cookie of the first."""
    thief = Visitor(app.test_client())
    cookie = owner.client.get_cookie("session")
    assert cookie is not None
    thief.client.set_cookie("session", cookie.value)
    return thief


def gets_in(visitor: Visitor, ids: Ids) -> bool:
    return visitor.client.get(ids.quote_page).status_code == 200


def age(app: Flask, *, unused: timedelta, since: timedelta) -> None:
    """The only session was last used and started that long ago."""
    with app.app_context():
        row = db.session.scalars(db.select(UserSession)).one()
        row.seen_at -= unused
        row.created_at -= since
        db.session.commit()


@pytest.mark.both_databases
@pytest.mark.parametrize("keep", [False, True])
def test_a_copied_cookie_is_refused_after_the_sign_out(app: Flask, ids: Ids, keep: bool) -> None:
    owner = sign_in(app, keep=keep)
    thief = stolen(app, owner)
    assert gets_in(thief, ids)
    form = owner.form(ids.quote_page, "/logout")
    assert owner.send(form).status_code == 303
    assert not gets_in(owner, ids)
    assert not gets_in(thief, ids)
    with app.app_context():
        entry = db.session.scalars(db.select(DiaryEntry).filter_by(action="user.signed_out")).one()
        assert (entry.actor, entry.address) == (EMAIL, "127.0.0.1")


@pytest.mark.parametrize(
    ("keep", "idle", "longest"),
    [(False, sessions.IDLE, sessions.LONGEST), (True, sessions.KEPT_IDLE, sessions.KEPT_LONGEST)],
)
def test_a_session_ends_without_use_and_in_the_end_anyway(
    app: Flask, ids: Ids, keep: bool, idle: timedelta, longest: timedelta
) -> None:
    rep = sign_in(app, keep=keep)
    age(app, unused=idle - MINUTE, since=idle)
    assert gets_in(rep, ids)
    age(app, unused=idle - MINUTE, since=timedelta(0))
    assert gets_in(rep, ids), "its use was noted"
    age(app, unused=idle + MINUTE, since=timedelta(0))
    assert not gets_in(rep, ids)
    rep = sign_in(app, keep=keep)
    age(app, unused=timedelta(0), since=longest - MINUTE)
    assert gets_in(rep, ids)
    age(app, unused=timedelta(0), since=2 * MINUTE)
    assert not gets_in(rep, ids)


def test_each_sign_in_is_a_session_of_its_own_and_none_is_stored_in_clear(app: Flask, ids: Ids) -> None:
    tokens = set()
    for visitor in (sign_in(app), sign_in(app)):
        with visitor.client.session_transaction() as cookie:
            tokens.add(cookie["_user_id"])
    assert len(tokens) == 2
    with app.app_context():
        assert tokens.isdisjoint(row.token_sha256 for row in db.session.scalars(db.select(UserSession)))


def test_the_account_lists_its_sessions_and_ends_them(app: Flask, ids: Ids) -> None:
    here, there, third = sign_in(app), sign_in(app), sign_in(app)
    page = text(here.client.get("/account/"))
    assert page.count("Sign out there") == 2
    assert page.count("This browser") == 1
    assert here.send(here.form("/account/", "/end")).status_code == 303
    assert gets_in(here, ids)
    assert [gets_in(there, ids), gets_in(third, ids)].count(True) == 1
    assert here.send(here.form("/account/", "sessions/end")).location == "/login"
    assert not any(gets_in(visitor, ids) for visitor in (here, there, third))


def test_an_admin_ends_all_sessions_of_a_person(app: Flask, ids: Ids, rep: Visitor, admin: Visitor) -> None:
    with app.app_context():
        person = db.session.scalars(db.select(User).filter_by(email=EMAIL)).one()
        page = f"/settings/users/{person.id}"
    assert admin.send(admin.form(page, "sessions/end")).location == page
    assert not gets_in(rep, ids)
    assert gets_in(admin, ids)
    with app.app_context():
        entry = db.session.scalars(db.select(DiaryEntry).filter_by(action="user.signed_out_everywhere")).one()
        assert (entry.actor, entry.object_id) == ("admin@desk.example", str(page.rpartition("/")[2]))
        db.session.get_one(User, int(entry.object_id)).role = "owner"
        db.session.commit()
    form = admin.form("/account/", "sessions/end")
    form.action = f"{page}/sessions/end"
    assert admin.send(form).status_code == 403


def test_ending_sessions_asks_for_the_password(app: Flask, ids: Ids) -> None:
    here, there = sign_in(app), sign_in(app)
    with app.app_context():
        db.session.execute(db.update(UserSession).values(confirmed_at=None))
        db.session.commit()
    for action in ("/end", "sessions/end"):
        assert here.send(here.form("/account/", action)).status_code == 422
    assert gets_in(there, ids)


def test_signing_out_clears_what_the_browser_stored(app: Flask, ids: Ids) -> None:
    rep = sign_in(app)
    assert rep.send(rep.form("/account/", "/logout")).headers["Clear-Site-Data"] == '"storage"'


def test_nobody_ends_the_session_of_another(app: Flask, rep: Visitor, admin: Visitor, ids: Ids) -> None:
    with app.app_context():
        row = db.session.scalars(db.select(UserSession).join(UserSession.user).filter_by(email=EMAIL)).one()
        address = f"/account/sessions/{row.id}/end"
    form = admin.form("/account/", "sessions/end")
    form.action = address
    assert admin.send(form).status_code == 404
    assert gets_in(rep, ids)


@pytest.mark.parametrize("keep", [False, True])
def test_with_tls_the_cookies_are_bound_to_this_host(
    app_settings: dict[str, str], ids: Ids, keep: bool
) -> None:
    secure = create_app(config.load({**app_settings, "PUBLIC_BASE_URL": "https://localhost"}))
    client = secure.test_client()
    https = {"base_url": "https://localhost", "headers": {"Referer": "https://localhost/login"}}
    form = read_forms(client.get("/login", **https).text)[0]
    typed = dict(form.fill({"email": EMAIL, "password": samples.PASSWORD, "remember": keep}))
    answer = client.post("/login", data=typed, **https)
    assert answer.status_code == 303
    cookies = answer.headers.getlist("Set-Cookie")
    colors = next(
        one for one in read_forms(client.get("/account/", **https).text) if one.action.endswith("/theme")
    )
    dark = client.post(colors.action, data=dict(colors.fill({"theme": "dark"})), **https)
    cookies += [one for one in dark.headers.getlist("Set-Cookie") if "theme" in one]
    names = ["__Host-device", "__Host-session", "__Host-theme"]
    assert sorted(cookie.split("=")[0] for cookie in cookies) == names
    for cookie in cookies:
        for attribute in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
            assert f"; {attribute}" in cookie
        assert "Domain" not in cookie
        assert ("Expires=" in cookie) is (keep or not cookie.startswith("__Host-session"))
    assert client.get(ids.quote_page, **https).status_code == 200
    assert "Set-Cookie" not in client.get(ids.quote_page, **https).headers
    with secure.app_context():
        db.engine.dispose()
    secure.extensions["quotewright"].redis.close()
