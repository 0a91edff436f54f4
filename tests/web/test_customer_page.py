"""The customer's page without JavaScript: only people view it, and what is accepted was on the screen."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from smoke.forms import Form, read_forms
from tests.support import samples
from tests.support.visitor import text
from webapp.models import DiaryEntry, Quote, QuoteEvent, Revision, db
from webapp.services.quoting.lifecycle import publishing
from webapp.services.quoting.paper import once

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SIGNED: dict[str, str | bool] = {
    "name": "Ann Lee",
    "title": "Office Manager",
    "signature": "Ann Lee",
    "terms": True,
}


@pytest.fixture
def link(app: Flask) -> str:
    """The customer's link to a firewall of 100.00 with an option of 25.00 a month."""
    option = {"name": "Care", "unit_price": "25", "recurrence": "monthly", "is_optional": "1"}
    with app.app_context():
        rep = samples.rep()
        quote = samples.quote(rep, {"name": "Firewall", "unit_price": "100"}, option)
        publishing.publish(rep, quote.id)
        return f"/q/{quote.public_token}"


def answer_form(page: TestResponse) -> Form:
    return next(form for form in read_forms(page.text) if "/accept" in form.action)


def send(client: FlaskClient, form: Form, values: dict[str, str | bool]) -> TestResponse:
    return client.post(form.action, data=dict(form.fill(values)))


def stored(app: Flask) -> Quote:
    with app.app_context():
        return db.session.scalars(db.select(Quote)).one()


def views(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(db.select(db.func.count()).where(DiaryEntry.action == "quote.viewed")) or 0


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("HEAD", "", {}),
        ("HEAD", "", {"User-Agent": BROWSER}),
        ("GET", "", {"User-Agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"}),
        ("GET", "", {"User-Agent": BROWSER}),
        ("GET", "/quote.pdf", {"User-Agent": BROWSER}),
        ("POST", "/viewed", {"User-Agent": "Mozilla/5.0 (compatible; bingbot/2.0)"}),
        ("POST", "/viewed", {"User-Agent": ""}),
        ("POST", "/viewed", {"User-Agent": BROWSER, "Sec-Purpose": "prefetch;prerender"}),
    ],
)
def test_what_fetches_a_link_has_not_viewed_it(
    app: Flask, client: FlaskClient, link: str, method: str, path: str, headers: dict[str, str]
) -> None:
    token = dict(answer_form(client.get(link)).fields)["csrf_token"]
    data = {"csrf_token": token} if method == "POST" else None
    answer = client.open(link + path, method=method, headers=headers, data=data)
    assert answer.status_code in (200, 204)
    assert (stored(app).viewed_at, views(app)) == (None, 0)


@pytest.mark.parametrize("path", ["/viewed", "/choose"])
def test_a_person_views_it_once(app: Flask, client: FlaskClient, link: str, path: str) -> None:
    token = dict(answer_form(client.get(link)).fields)["csrf_token"]
    for _ in range(2):
        answer = client.post(link + path, data={"csrf_token": token}, headers={"User-Agent": BROWSER})
        assert answer.status_code in (200, 204)
    assert stored(app).viewed_at is not None
    assert views(app) == 1


def test_enter_accepts_and_puts_nothing_into_the_address(app: Flask, client: FlaskClient, link: str) -> None:
    page = client.get(link)
    form = answer_form(page)
    markup = next(part for part in re.findall(r"<form.*?</form>", page.text, re.DOTALL) if "/accept" in part)
    first = re.search(r"<button[^>]*>", markup)
    assert first
    assert "formaction" not in first[0], "Enter presses the first button of a form"
    assert "Update totals" in markup
    assert form.method == "post"
    answer = send(client, form, SIGNED)
    assert (answer.status_code, answer.location) == (303, link)
    assert stored(app).status == "accepted"


def test_an_option_that_was_ticked_without_its_total_is_asked_about(
    app: Flask, client: FlaskClient, link: str
) -> None:
    form = answer_form(client.get(link))
    (uid,) = form.boxes["choose"]
    answer = send(client, form, {**SIGNED, "choose": True})
    assert answer.status_code == 409
    assert "These totals weren't on your screen yet, so nothing was accepted." in text(answer)
    assert "$25.00 per month" in text(answer)
    assert stored(app).status == "pending"
    again = answer_form(answer)
    fields = dict(again.fields)
    assert (fields["name"], fields["signature"], fields["choose"]) == ("Ann Lee", "Ann Lee", uid)
    assert send(client, again, {}).status_code == 303
    assert stored(app).status == "accepted"


@pytest.mark.parametrize(
    ("kind", "values", "field"),
    [
        ("accept", {**SIGNED, "signature": "Someone else"}, "signature"),
        ("accept", {**SIGNED, "terms": False}, "terms"),
        ("decline", {}, "reason"),
    ],
)
def test_a_refused_answer_is_told_at_its_form(
    app: Flask, client: FlaskClient, link: str, kind: str, values: dict[str, str | bool], field: str
) -> None:
    form = next(one for one in read_forms(client.get(link).text) if f"/{kind}" in one.action)
    assert form.action.endswith(f"#{kind}"), "the browser opens the answer at the form"
    answer = send(client, form, values)
    assert answer.status_code == 422
    part = answer.text.partition(f'id="{kind}"')[2]
    assert 'role="alert"' in part
    control = next(tag for tag in re.findall(r"<(?:input|textarea)[^>]*>", part) if f'name="{field}"' in tag)
    assert 'aria-invalid="true"' in control
    assert stored(app).status == "pending"


def test_the_page_says_how_tax_was_rounded_where_it_matters(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        rep = samples.rep()
        code = samples.tax_code(rep, rate="8.875")
        part = {"name": "Part", "unit_price": "1.99", "tax_code_id": str(code.id)}
        quote = samples.quote(rep, *[part] * 100)
        publishing.publish(rep, quote.id)
        link = f"/q/{quote.public_token}"
    page = text(client.get(link))
    assert "$18.00" in page
    assert "Tax is rounded on each line" in page


def test_the_customer_sees_the_saving_of_a_line_that_shows_it(app: Flask, client: FlaskClient) -> None:
    listed = {"unit_price": "100", "list_price": "125"}
    with app.app_context():
        rep = samples.rep()
        shown = {"name": "Switch", **listed, "shows_savings": "1"}
        quote = samples.quote(rep, shown, {"name": "Router", **listed})
        publishing.publish(rep, quote.id)
        address = f"/q/{quote.public_token}"
    page = text(client.get(address))
    assert page.count("List price $125.00. You save $25.00 (20%)") == page.count("List price") == 1


def test_who_is_turned_away_from_a_pdf_is_told_to_come_back(app: Flask, link: str) -> None:
    with app.app_context():
        revision = db.session.scalars(db.select(Revision)).one()
        wanted = f"revision_document {revision.id}"
    with app.app_context(), once.one_at_a_time(wanted):
        once._waiting[wanted] += once.WAITING
        try:
            answer = app.test_client().get(f"{link}/quote.pdf")
        finally:
            once._waiting[wanted] -= once.WAITING
    assert answer.status_code == 429
    assert "Try again in a minute" in text(answer)


def test_a_quantity_is_chosen_without_javascript(app: Flask, client: FlaskClient) -> None:
    seats = {
        "name": "Seats",
        "unit_price": "20",
        "recurrence": "monthly",
        "quantity": "10",
        "setup_fee": "50",
    }
    limits = {"min_quantity": "5", "max_quantity": "50", "quantity_step": "5", "term_months": "12"}
    with app.app_context():
        rep = samples.rep()
        quote = samples.quote(rep, {**seats, **limits})
        publishing.publish(rep, quote.id)
        link, uid = f"/q/{quote.public_token}", quote.lines[0].uid
    page = client.get(link)
    shown = text(page)
    assert "Contract value, 12 months $2,450.00 Setup fees $50.00 Monthly, 12 × $200.00 $2,400.00" in shown
    assert "12-month term. Setup fee $50.00, once." in shown
    form = answer_form(page)
    field = f"quantity:{uid}"
    assert dict(form.fields)[field] == "10"
    # What can't be chosen is said beside the field, and the totals stay.
    form.action = form.action.replace("/accept", "/choose")
    wrong = send(client, form, {field: "7"})
    assert "Choose 5 to 50 in steps of 5." in text(wrong)
    assert dict(answer_form(wrong).fields)[field] == "7"
    assert "$200.00" in text(wrong)
    refused = send(client, answer_form(wrong), SIGNED)
    assert refused.status_code == 422
    assert "Nothing was accepted. Fix the quantity, then accept again." in text(refused)
    assert stored(app).status == "pending"
    # Other totals than those on the screen can't be accepted.
    unseen = send(client, answer_form(page), {**SIGNED, field: "20"})
    assert unseen.status_code == 409
    form = answer_form(unseen)
    assert dict(form.fields)[field] == "20"
    assert "$400.00" in text(unseen)
    assert send(client, form, SIGNED).status_code == 303
    with app.app_context():
        accepted = db.session.scalars(db.select(Quote)).one()
        assert (accepted.status, accepted.lines[0].quantity) == ("accepted", 20)


def test_only_a_file_that_was_sent_is_noted_as_downloaded(app: Flask, link: str) -> None:
    client = app.test_client()

    def downloads() -> list[str]:
        with app.app_context():
            query = db.select(QuoteEvent).filter_by(kind="downloaded").order_by(QuoteEvent.id)
            return [event.facts["what"] for event in db.session.scalars(query)]

    missing = client.get(f"{link}/evidence.zip", headers={"User-Agent": BROWSER})
    assert (missing.status_code, downloads()) == (404, [])
    assert send(client, answer_form(client.get(link)), SIGNED).status_code == 303
    for name in ("quote.pdf", "evidence.zip"):
        assert client.get(f"{link}/{name}", headers={"User-Agent": BROWSER}).status_code == 200
    assert downloads() == ["PDF", "evidence bundle"]
    assert "Download the evidence" in client.get(link).text
    with app.app_context():
        db.session.execute(db.text("DROP TRIGGER quote_event_locked_delete"))
        db.session.execute(db.delete(QuoteEvent))
        db.session.commit()
    # As of a quote that was accepted before there were events.
    assert "Download the evidence" not in client.get(link).text
    old = client.get(f"{link}/evidence.zip", headers={"User-Agent": BROWSER})
    assert (old.status_code, "before Quotewright kept evidence" in text(old)) == (404, True)
