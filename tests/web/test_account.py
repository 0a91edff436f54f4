"""Your account: the time zone of your screens and your own password."""

from __future__ import annotations

from flask import Flask

from tests.support import samples
from tests.support.visitor import Visitor, errors
from tests.web.conftest import Ids

NEW = "four other plain words"


def test_a_person_can_have_their_own_time_zone(rep: Visitor) -> None:
    form = rep.form("/account/", "preferences")
    assert rep.send(form, {"time_zone": "Asia/Tokyo"}).status_code == 303
    page = rep.client.get("/account/").text
    assert '<option selected value="Asia/Tokyo">' in page
    answer = rep.client.post("/account/preferences", data=dict(form.fill({})) | {"time_zone": "Mars/Olympus"})
    assert answer.status_code == 422
    assert errors(answer) == {"time_zone": "Choose an option from the list."}


def test_a_password_is_changed_by_its_owner_and_ends_other_sessions(
    app: Flask, rep: Visitor, ids: Ids
) -> None:
    other = Visitor(app.test_client()).sign_in("rep@desk.example", samples.PASSWORD)
    wrong = rep.send(rep.form("/account/", "password"), {"current": "a guess", "password": NEW})
    assert wrong.status_code == 422
    assert errors(wrong) == {"current": "This isn't your current password."}
    short = rep.send(rep.form("/account/", "password"), {"current": samples.PASSWORD, "password": "short"})
    assert short.status_code == 422
    assert list(errors(short)) == ["password"]
    assert other.client.get(ids.quote_page).status_code == 200

    changed = rep.send(rep.form("/account/", "password"), {"current": samples.PASSWORD, "password": NEW})
    assert changed.status_code == 303
    assert rep.client.get(ids.quote_page).status_code == 200, "this session continues"
    assert other.client.get(ids.quote_page).status_code == 303, "all others end"
    assert Visitor(app.test_client()).sign_in("rep@desk.example", NEW)


def test_the_pages_of_an_account_ask_for_a_sign_in(app: Flask, ids: Ids) -> None:
    assert app.test_client().get("/account/").status_code == 303
