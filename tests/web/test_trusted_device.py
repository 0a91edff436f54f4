"""“Don't ask again on this device for 30 days”: for its person, in its browser, and not for ever."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from smoke.forms import read_forms
from tests.support import samples
from tests.support.visitor import Visitor, text
from tests.web.conftest import Ids
from tests.web.test_two_step import EMAIL, START, code_form, half_way_in, set_up
from webapp.models import DiaryEntry, KnownDevice, User, db, utc_now
from webapp.services.accounts import sessions, users
from webapp.services.accounts.two_step import policy

pytestmark = pytest.mark.usefixtures("ids")


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def trusting(app: Flask, ids: Ids, clock: time_machine.Traveller) -> Visitor:
    """A browser in which the second step was taken, and needn't be again; signed out."""
    with app.app_context():
        policy.save(db.session.get_one(User, 1), {"required_for": "off", "trusts_devices": "1"})
    totp, _ = set_up(app)
    visitor = half_way_in(app)
    form = code_form(visitor, "/login/code")
    assert visitor.send(form, {"one_time_code": totp.now(), "trust": True}).location == "/"
    sign_out(visitor)
    return visitor


def sign_out(visitor: Visitor) -> None:
    assert visitor.send(visitor.form("/people/", "logout")).status_code == 303


def again(visitor: Visitor, email: str = EMAIL) -> str:
    """Where the password leads now."""
    form = read_forms(visitor.client.get("/login").text)[0]
    form.action = "/login"
    answer = visitor.send(form, {"email": email, "password": samples.PASSWORD})
    return str(answer.location)


def test_the_code_is_asked_for_again_after_thirty_days(
    app: Flask, trusting: Visitor, clock: time_machine.Traveller
) -> None:
    clock.shift(timedelta(days=29))
    assert again(trusting) == "/"
    sign_out(trusting)
    clock.shift(timedelta(days=2))
    assert again(trusting) == "/login/code"
    with app.app_context():
        assert db.session.scalars(db.select(DiaryEntry).filter_by(action="user.device_trusted")).one()


def test_without_the_box_it_is_asked_for_each_time(app: Flask, clock: time_machine.Traveller) -> None:
    totp, _ = set_up(app)
    visitor = half_way_in(app)
    visitor.send(code_form(visitor, "/login/code"), {"one_time_code": totp.now()})
    sign_out(visitor)
    assert again(visitor) == "/login/code"


FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"


def trusted_ids(app: Flask) -> list[int]:
    with app.app_context():
        query = db.select(KnownDevice.id).where(KnownDevice.trusted_at.is_not(None))
        return list(db.session.scalars(query))


def test_a_person_sees_their_trusted_devices(
    app: Flask, trusting: Visitor, clock: time_machine.Traveller
) -> None:
    with app.app_context():
        db.session.execute(db.update(KnownDevice).values(agent=FIREFOX))
        db.session.commit()
    clock.shift(timedelta(days=2))
    assert again(trusting) == "/"
    page = text(trusting.client.get("/account/"))
    listed = page.partition("Trusted devices")[2]
    for words in (
        "Firefox on Windows (this browser)",
        "Trusted since Nov 27",
        "last used Nov 29",
        "until Dec 27",
    ):
        assert words in listed
    clock.shift(timedelta(days=29))
    assert again(trusting) == "/login/code"


def test_one_can_be_ended(app: Flask, trusting: Visitor) -> None:
    assert again(trusting) == "/"
    form = trusting.form("/account/", "/devices/")
    assert trusting.send(form).status_code == 303
    assert "Trusted devices" not in text(trusting.client.get("/account/"))
    assert trusting.send(form).status_code == 404
    sign_out(trusting)
    assert again(trusting) == "/login/code"
    with app.app_context():
        assert db.session.scalars(db.select(DiaryEntry).filter_by(action="user.device_trust_ended")).one()


def test_no_one_ends_it_for_someone_else(app: Flask, trusting: Visitor) -> None:
    admin = Visitor(app.test_client()).sign_in("admin@desk.example", samples.PASSWORD)
    form = admin.form("/account/", "sessions/end")
    form.action = f"/account/devices/{trusted_ids(app)[0]}/end"
    assert admin.send(form).status_code == 404
    assert again(trusting) == "/"


def test_ending_a_session_from_elsewhere_ends_the_trust_of_its_device(app: Flask, trusting: Visitor) -> None:
    assert again(trusting) == "/"
    with app.app_context():
        user = db.session.scalars(db.select(User).filter_by(email=EMAIL)).one()
        row = sessions.of_user(user)[0]
        sessions.end(user, row.id)
    assert trusted_ids(app) == []
    assert again(trusting) == "/login/code"


def test_a_cookie_of_an_earlier_trust_is_worth_nothing(app: Flask, trusting: Visitor) -> None:
    cookie = trusting.client.get_cookie("trusted")
    assert cookie is not None
    with app.app_context():
        device = db.session.scalars(db.select(KnownDevice)).one()
        device.trusted_at = (device.trusted_at or utc_now()) - timedelta(minutes=1)
        db.session.commit()
    assert again(trusting) == "/login/code"


def test_an_admin_ends_it_with_all_sessions(app: Flask, trusting: Visitor) -> None:
    admin = Visitor(app.test_client()).sign_in("admin@desk.example", samples.PASSWORD)
    with app.app_context():
        user_id = db.session.scalars(db.select(User.id).filter_by(email=EMAIL)).one()
    page = f"/settings/users/{user_id}"
    assert "trusts none of their devices" in text(admin.client.get(page))
    assert admin.send(admin.form(page, "sessions/end")).status_code == 303
    assert again(trusting) == "/login/code"


def test_a_new_company_does_not_offer_it(app: Flask, clock: time_machine.Traveller) -> None:
    set_up(app)
    assert "trust" not in code_form(half_way_in(app), "/login/code").names()


@pytest.mark.parametrize("how", ["everywhere", "password", "device", "company", "inactive"])
def test_what_ends_it(app: Flask, trusting: Visitor, how: str) -> None:
    with app.app_context():
        user = db.session.scalars(db.select(User).filter_by(email=EMAIL)).one()
        if how == "everywhere":
            sessions.end_all(user, user)
        elif how == "password":
            users.set_password(None, user, "four other plain words")
            users.set_password(None, user, samples.PASSWORD)
        elif how == "device":
            db.session.execute(db.delete(KnownDevice))
            db.session.commit()
        elif how == "company":
            policy.save(db.session.get_one(User, 1), {"required_for": "off"})
        else:
            admin = db.session.get_one(User, 1)
            same = {"name": user.name, "role": user.role}
            users.update_user(admin, user, **same, is_active=False, successor_id=admin.id)
            users.update_user(admin, user, **same, is_active=True)
    assert again(trusting) == "/login/code"
    shown = "trust" in code_form(trusting, "/login/code").names()
    assert shown == (how != "company")


def test_it_is_no_ones_but_the_persons(app: Flask, trusting: Visitor) -> None:
    """The cookie in another browser, and for another account in the same one."""
    other = "admin@desk.example" if EMAIL != "admin@desk.example" else "rep@desk.example"
    set_up(app, other)
    assert again(trusting, other) == "/login/code"
    cookie = trusting.client.get_cookie("trusted")
    assert cookie is not None
    stolen = Visitor(app.test_client())
    stolen.client.set_cookie("trusted", cookie.value)
    assert again(stolen) == "/login/code"
    for broken in ("x", cookie.value[:-2]):
        trusting.client.set_cookie("trusted", broken)
        assert again(trusting) == "/login/code"
