"""A session that ended while someone typed: a clear sentence, and the input is saved after signing in."""

from __future__ import annotations

import pytest
from flask import Flask

from smoke.forms import Form, read_forms
from tests.support import samples
from tests.support.visitor import HTMX, Visitor, text
from tests.web.conftest import Ids
from tests.web.test_invitations import join_form, reset

OURS = {"Origin": "http://localhost"}
WORDS = "A long word to the customer that took an evening to write, שלום.\nAnd a second line."


def typed(rep: Visitor, ids: Ids) -> tuple[Form, dict[str, str]]:
    """The quote's header with something typed into it, unsent."""
    form = rep.form(ids.quote_page, "/header")
    return form, dict(form.fill({"title": "Typed before the end", "comments": WORDS}))


def end_session(rep: Visitor) -> None:
    rep.client.delete_cookie("session")


def title_of(rep: Visitor, ids: Ids) -> str:
    return dict(rep.form(ids.quote_page, "/header").fields)["title"]


def test_the_page_that_answers_holds_what_was_typed_and_sends_it_again(rep: Visitor, ids: Ids) -> None:
    form, values = typed(rep, ids)
    end_session(rep)
    answer = rep.client.post(form.action, data=values, headers=OURS)
    assert answer.status_code == 401
    assert "Nothing has been saved yet, but your entries are kept on this page." in text(answer)
    rep.sign_in("rep@desk.example", samples.PASSWORD)
    kept = next(one for one in read_forms(answer.text) if "/header" in one.action)
    assert dict(kept.fields)["comments"] == WORDS
    again = rep.client.post(kept.action, data=dict(kept.fields), headers=OURS)
    assert again.status_code == 303
    saved = dict(rep.form(ids.quote_page, "/header").fields)
    assert (saved["title"], saved["comments"]) == ("Typed before the end", WORDS)


def test_without_a_session_nothing_is_saved(rep: Visitor, ids: Ids) -> None:
    form, values = typed(rep, ids)
    end_session(rep)
    rep.client.post(form.action, data=values, headers=OURS)
    rep.sign_in("rep@desk.example", samples.PASSWORD)
    assert title_of(rep, ids) != "Typed before the end"


def test_htmx_gets_the_sentence_and_a_token_that_counts_after_signing_in(rep: Visitor, ids: Ids) -> None:
    form, values = typed(rep, ids)
    end_session(rep)
    answer = rep.client.post(form.action, data=values, headers={**OURS, **HTMX})
    assert answer.status_code == 401
    assert "Your session ended, so nothing was saved." in text(answer)
    assert "<html" not in answer.text
    rep.sign_in("rep@desk.example", samples.PASSWORD)
    values["csrf_token"] = answer.headers["X-CSRFToken"]
    assert rep.client.post(form.action, data=values, headers={**OURS, **HTMX}).status_code == 200
    assert title_of(rep, ids) == "Typed before the end"


def test_an_account_that_was_signed_out_elsewhere_keeps_what_was_typed_too(
    app: Flask, rep: Visitor, admin: Visitor, ids: Ids
) -> None:
    form, values = typed(rep, ids)
    elsewhere, join = join_form(app, reset(admin))
    assert elsewhere.send(join, {"password": "another long password"}).status_code == 303
    answer = rep.client.post(form.action, data=values, headers=OURS)
    assert answer.status_code == 401
    assert "Typed before the end" in answer.text


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ""])
def test_a_form_of_another_site_is_not_held_for_anybody(rep: Visitor, ids: Ids, origin: str) -> None:
    form, values = typed(rep, ids)
    end_session(rep)
    answer = rep.client.post(form.action, data=values, headers={"Origin": origin} if origin else {})
    assert answer.status_code == 400
    assert "Typed before the end" not in answer.text


def test_a_password_is_never_held_on_a_page(app: Flask, ids: Ids) -> None:
    client = app.test_client()
    sent = {"email": "rep@desk.example", "password": "hunter2 hunter2", "csrf_token": "old"}
    answer = client.post("/login", data=sent, headers=OURS)
    assert answer.status_code == 400
    assert "hunter2" not in answer.text


def test_reading_goes_to_the_sign_in_page_and_back(app: Flask, ids: Ids) -> None:
    visitor = Visitor(app.test_client())
    answer = visitor.client.get(ids.quote_page)
    assert answer.status_code == 303
    form = read_forms(visitor.client.get(answer.location).text)[0]
    form.action = answer.location
    signed_in = visitor.send(form, {"email": "rep@desk.example", "password": samples.PASSWORD})
    assert signed_in.location == ids.quote_page
