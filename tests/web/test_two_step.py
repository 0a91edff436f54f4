"""Two-step sign-in with codes: nothing opens before the second step, and no code works twice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pyotp
import pytest
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from smoke.forms import Form, read_forms
from tests.activity.mailbox import open_mailbox, words
from tests.support import samples
from tests.support.visitor import Visitor, errors, text
from tests.web.conftest import Ids
from webapp.blueprints.support import WITHOUT_SESSION
from webapp.models import Authenticator, Delivery, DiaryEntry, PendingSignIn, RecoveryCode, User, db, utc_now
from webapp.services.accounts import account_links, guessing, second_step, sessions
from webapp.services.accounts.sessions import Device
from webapp.services.accounts.two_step import authenticator, changing, half_way, policy, recovery_codes
from webapp.services.core import key_rotation, work
from webapp.services.delivery import attempt

EMAIL = "rep@desk.example"
START = "2026-11-27T09:00:00+00:00"
STEP = timedelta(seconds=30)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """Time stands still, so that codes are good for as long as a test takes."""
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def set_up(app: Flask, email: str = EMAIL) -> tuple[pyotp.TOTP, list[str]]:
    """An app and recovery codes for the account; the app's code of now isn't used up."""
    with app.app_context():
        user = _user(email)
        offer = authenticator.offer(user, _vault(app))
        totp = pyotp.TOTP(offer.secret)
        with work.unit():
            codes = authenticator.confirm(user, offer.sealed, totp.at(utc_now() - STEP), _vault(app))
        return totp, codes


def _vault(app: Flask):
    return app.extensions["quotewright"].vault


def _user(email: str = EMAIL) -> User:
    return db.session.scalars(db.select(User).filter_by(email=email)).one()


def half_way_in(app: Flask, email: str = EMAIL, *, remember: bool = False, then: str = "") -> Visitor:
    """A browser after the password, which was right."""
    visitor = Visitor(app.test_client())
    address = f"/login?next={then}" if then else "/login"
    form = read_forms(visitor.client.get(address).text)[0]
    form.action = address
    values: dict[str, str | bool] = {"email": email, "password": samples.PASSWORD, "remember": remember}
    assert visitor.send(form, values).status_code == 303
    return visitor


def enter_code(visitor: Visitor, code: str, address: str = "/login/code") -> TestResponse:
    form = code_form(visitor, address)
    return visitor.send(form, {"one_time_code": code})


def code_form(visitor: Visitor, address: str) -> Form:
    form = next(one for one in read_forms(visitor.client.get(address).text) if "one_time_code" in one.names())
    form.action = form.action or address
    return form


def key_on(page: TestResponse) -> str:
    """The secret that a page offers for typing, in groups of four."""
    found = re.search(r"Key: ((?:[A-Z2-7]{4} ?){8})", text(page))
    assert found
    return found[1].replace(" ", "")


def said(app: Flask) -> list[tuple[str, str]]:
    """The diary's last actions about accounts, with the address."""
    with app.app_context():
        rows = db.session.scalars(db.select(DiaryEntry).filter_by(object_type="user").order_by(DiaryEntry.id))
        return [(row.action, row.address) for row in rows]


def test_a_sign_in_in_two_screens(app: Flask, ids: Ids) -> None:
    totp, _ = set_up(app)
    visitor = half_way_in(app, then=ids.quote_page)
    page = visitor.client.get(f"/login/code?next={ids.quote_page}")
    for attribute in ("autofocus", 'inputmode="numeric"', 'autocomplete="one-time-code"'):
        assert attribute in page.text
    code = totp.now()
    answer = enter_code(visitor, f" {code[:3]} {code[3:]} ", f"/login/code?next={ids.quote_page}")
    assert (answer.status_code, answer.location) == (303, ids.quote_page)
    assert visitor.client.get(ids.quote_page).status_code == 200
    assert said(app)[-1] == ("user.signed_in", "127.0.0.1")


def test_half_way_opens_nothing(app: Flask, ids: Ids) -> None:
    set_up(app)
    visitor = half_way_in(app)
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or set()) and "<" not in rule.rule:
            answer = visitor.client.get(rule.rule)
            is_open = rule.endpoint in ("auth.code", "auth.forgot", "auth.login", "static", *WITHOUT_SESSION)
            assert is_open or answer.status_code in (303, 403, 405), rule.rule
    assert visitor.client.get("/login/set-up").location == "/login", "no second app for one who has one"
    assert visitor.client.get_cookie("device") is None


def test_a_code_works_once_and_a_clock_may_be_off_by_one(
    app: Flask, ids: Ids, clock: time_machine.Traveller
) -> None:
    totp, _ = set_up(app)
    code = totp.now()
    clock.shift(STEP)
    assert enter_code(half_way_in(app), code).status_code == 303, "half a minute late"
    again = enter_code(half_way_in(app), code)
    assert (again.status_code, errors(again)) == (422, {"one_time_code": authenticator.USED})
    late = totp.now()
    clock.shift(2 * STEP)
    for wrong in (late, "", "12345", "no code", "٣" * 6):
        refused = enter_code(half_way_in(app), wrong)
        assert refused.status_code == 422
        assert list(errors(refused)) == ["one_time_code"]
    assert said(app)[-1] == ("user.second_step_failed", "127.0.0.1")


@pytest.mark.both_databases
def test_of_eight_with_one_code_at_once_one_gets_in(app: Flask, ids: Ids) -> None:
    totp, _ = set_up(app)
    together, code = Barrier(8), totp.now()
    made = [(visitor := half_way_in(app), code_form(visitor, "/login/code")) for _ in range(8)]

    def post(place: int) -> int:
        visitor, form = made[place]
        together.wait()
        return visitor.send(form, {"one_time_code": code}).status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(post, range(8))) == [303] + [422] * 7


def test_a_recovery_code_works_once(app: Flask, ids: Ids) -> None:
    _, codes = set_up(app)
    assert len(set(codes)) == recovery_codes.NUMBER
    with app.app_context():
        kept = [row.code_sha256 for row in db.session.scalars(db.select(RecoveryCode))]
        assert not set(codes) & set(kept)
    visitor = half_way_in(app)
    assert "inputmode" not in visitor.client.get("/login/code?recovery=y").text
    answer = enter_code(visitor, codes[0].upper().replace("-", " "), "/login/code?recovery=y")
    assert answer.status_code == 303
    assert "You have 9 left" in text(visitor.client.get("/"))
    again = enter_code(half_way_in(app), codes[0])
    assert errors(again) == {"one_time_code": second_step.WRONG_RECOVERY_CODE}
    new = visitor.send(visitor.form("/account/", "recovery-codes"))
    assert new.headers["Cache-Control"] == "no-store"
    assert not any(code in new.text for code in codes)
    assert list(errors(enter_code(half_way_in(app), codes[1]))) == ["one_time_code"]


def test_codes_are_not_guessed(app: Flask, ids: Ids, clock: time_machine.Traveller) -> None:
    totp, _ = set_up(app)
    visitor = half_way_in(app)
    for _ in range(guessing.OF_ACCOUNT):
        assert enter_code(visitor, "000000").status_code == 422
    refused = enter_code(visitor, totp.now())
    assert (refused.status_code, guessing.TOO_MANY_CODES in text(refused)) == (429, True)
    for _ in range(2):
        clock.shift(guessing.WINDOW + STEP)
        with app.app_context():
            for _ in range(guessing.OF_ACCOUNT):
                guessing.begin(EMAIL, "192.0.2.7", is_code=True)
    clock.shift(guessing.WINDOW + STEP)
    refused = enter_code(half_way_in(app), totp.now())
    assert (refused.status_code, guessing.TOO_MANY_CODES_TODAY in text(refused)) == (429, True)
    clock.shift(guessing.CODES_FOR)
    assert enter_code(half_way_in(app), totp.now()).status_code == 303


def test_half_way_ends(app: Flask, ids: Ids, clock: time_machine.Traveller) -> None:
    totp, _ = set_up(app)
    late, changed = half_way_in(app), half_way_in(app)
    form = code_form(changed, "/login/code")
    with app.app_context():
        user = _user()
        sessions.end_all(user, user)
    ended = changed.send(form, {"one_time_code": totp.now()})
    assert (ended.status_code, ended.location) == (303, "/login")
    assert half_way.ENDED in text(changed.client.get("/login"))
    late = half_way_in(app)
    clock.shift(half_way.LASTS + STEP)
    assert late.client.get("/login/code").location == "/login"
    half_way_in(app)
    with app.app_context():
        assert len(db.session.scalars(db.select(PendingSignIn)).all()) == 1


def test_keep_me_signed_in_is_kept_for_the_second_step(app: Flask, ids: Ids) -> None:
    totp, _ = set_up(app)
    answer = enter_code(half_way_in(app, remember=True), totp.now())
    cookies = {cookie.split("=")[0]: cookie for cookie in answer.headers.getlist("Set-Cookie")}
    assert "Expires=" in cookies["session"]
    assert "device" in cookies


def test_a_link_does_not_skip_the_second_step(app: Flask, ids: Ids) -> None:
    totp, _ = set_up(app)
    with app.app_context():
        token = account_links.issue(None, _user())
    visitor = Visitor(app.test_client())
    form = read_forms(visitor.client.get(f"/join/{token}").text)[0]
    form.action = f"/join/{token}"
    answer = visitor.send(form, {"password": "four other plain words"})
    assert (answer.status_code, answer.location) == (303, "/login/code")
    assert visitor.client.get(ids.quote_page).status_code == 303
    assert enter_code(visitor, totp.now()).status_code == 303
    assert visitor.client.get(ids.quote_page).status_code == 200


def test_setting_up_and_turning_off(app: Flask, ids: Ids, rep: Visitor) -> None:
    other = Visitor(app.test_client()).sign_in(EMAIL, samples.PASSWORD)
    page = rep.client.get("/account/two-step/app")
    assert page.headers["Cache-Control"] == "no-store"
    assert "<svg" in page.text
    assert "style=" not in page.text
    form = code_form(rep, "/account/two-step/app")
    wrong = rep.send(form, {"one_time_code": "000000"})
    assert errors(wrong) == {"one_time_code": authenticator.WRONG}
    secret = key_on(wrong)
    added = rep.send(form, {"one_time_code": pyotp.TOTP(secret).now()})
    assert "Save your recovery codes" in text(added)
    assert other.client.get(ids.quote_page).status_code == 303, "other sessions end"
    assert rep.client.get(ids.quote_page).status_code == 200, "this one continues"
    with app.app_context():
        assert secret not in db.session.get_one(Authenticator, _user().id).secret_encrypted
        assert key_rotation.rotate(app.extensions["quotewright"]) == 1
        db.session.commit()
    off = "/account/two-step/off"
    form = next(one for one in read_forms(rep.client.get(off).text) if "current" in one.names())
    assert errors(rep.send(form, {"current": "a guess"})) == {"current": "This isn't your current password."}
    assert rep.send(form, {"current": samples.PASSWORD}).status_code == 303
    Visitor(app.test_client()).sign_in(EMAIL, samples.PASSWORD)
    told = [action for action, _ in said(app)]
    assert {
        "user.authenticator_app_added",
        "user.recovery_codes_created",
        "user.two_step_turned_off",
    } <= set(told)


def test_an_admin_resets_that_of_others(app: Flask, ids: Ids, admin: Visitor) -> None:
    totp, _ = set_up(app)
    visitor = half_way_in(app)
    enter_code(visitor, totp.now())
    assert "Two-step sign-in" in text(admin.client.get("/settings/users"))
    assert admin.send_and_confirm(admin.form("/settings/users/2", "two-step/reset")).status_code == 303
    assert visitor.client.get(ids.quote_page).status_code == 303, "signed out"
    assert said(app)[-1] == ("user.two_step_reset", "127.0.0.1")
    again = half_way_in(app)
    assert again.client.get("/login/code").location == "/login"
    again = half_way_in(app)
    assert again.client.get(ids.quote_page).status_code == 303
    form, other = code_form(again, "/login/set-up"), code_form(half_way_in(app), "/login/set-up")
    secret = key_on(again.send(form, {"one_time_code": "000000"}))
    assert dict(form.fields)["offer"] != dict(other.fields)["offer"], "no one else is shown the same secret"
    codes = again.send(form, {"one_time_code": pyotp.TOTP(secret).now()})
    assert "Save your recovery codes" in text(codes)
    assert again.client.get(ids.quote_page).status_code == 200
    form = admin.form("/account/", "sessions/end")
    form.action = "/settings/users/1/two-step/reset"
    assert admin.send_and_confirm(form).status_code == 403, "not one's own"


def test_the_operator_resets_too(app: Flask, ids: Ids) -> None:
    set_up(app)
    run = app.test_cli_runner().invoke
    assert run(args=["users", "reset-second-factor", EMAIL]).exit_code == 0
    assert run(args=["users", "reset-second-factor", EMAIL]).exit_code == 1
    assert half_way_in(app).client.get("/login/set-up").status_code == 200


def test_the_company_requires_it(app: Flask, ids: Ids, rep: Visitor, admin: Visitor) -> None:
    form = next(
        one for one in read_forms(admin.client.get("/settings/sign-in").text) if "required_for" in one.names()
    )
    form.action = "/settings/sign-in"
    refused = admin.send(form, {"required_for": policy.EVERYONE})
    assert errors(refused) == {"required_for": policy.SELF_FIRST}
    totp, _ = set_up(app, "admin@desk.example")
    admin = half_way_in(app, "admin@desk.example")
    enter_code(admin, totp.now())
    form = next(
        one for one in read_forms(admin.client.get("/settings/sign-in").text) if "required_for" in one.names()
    )
    form.action = "/settings/sign-in"
    assert admin.send(form, {"required_for": policy.ADMINS}).status_code == 303
    assert rep.client.get(ids.quote_page).status_code == 200, "reps decide themselves"
    form.fields = [(name, value) for name, value in form.fields if name != "seen"]
    assert admin.send(form, {"required_for": policy.EVERYONE}).status_code == 303
    assert admin.client.get(ids.quote_page).status_code == 200
    assert rep.client.get(ids.quote_page).status_code == 303, "signed out until it's set up"
    assert half_way_in(app).client.get("/login/set-up").status_code == 200
    assert "requires two-step sign-in" in text(admin.client.get("/account/"))
    with app.app_context(), pytest.raises(Exception, match="stays on"):
        changing.turn_off(_user("admin@desk.example"), True)


def test_a_password_is_asked_before_it_is_set_up(
    app: Flask, ids: Ids, rep: Visitor, clock: time_machine.Traveller
) -> None:
    clock.shift(sessions.CONFIRMED + STEP)
    for page in ("/account/two-step/app", "/account/two-step/passkeys/new"):
        answer = rep.client.get(page)
        assert (answer.status_code, "Enter your password" in text(answer)) == (422, True)
    with app.app_context():
        assert sessions.sign_in(EMAIL, samples.PASSWORD, Device())


def test_a_person_hears_of_the_reset_by_mail(app: Flask, ids: Ids) -> None:
    set_up(app)
    runtime = app.extensions["quotewright"]
    with open_mailbox() as mailbox, app.app_context():
        changing.reset(_user("admin@desk.example"), _user())
        settings = replace(runtime.config, smtp_url=mailbox.url, mail_from="desk@quotes.example")
        (mail,) = db.session.scalars(db.select(Delivery.id).filter_by(reader="mail")).all()
        attempt.perform(replace(runtime, config=settings), mail)
        assert db.session.get_one(Delivery, mail).state == "done"
        (letter,) = mailbox.received
    assert letter["To"] == EMAIL
    assert "admin@desk.example reset your two-step sign-in" in words(letter)
