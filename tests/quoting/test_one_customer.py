"""What reached one customer doesn't become the quote of another one, and no mail of ours gives them its new link."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from tests.support import samples
from webapp.models import MailMessage, MailServer, Person, Quote, User, db, utc_now
from webapp.services.core import work
from webapp.services.core.errors import Invalid
from webapp.services.quoting.answer import comments, opened
from webapp.services.quoting.draft import editing, lines, readiness
from webapp.services.quoting.evidence import visits
from webapp.services.quoting.lifecycle import customer_link, publishing, reminding, sending

MAIL = {"recipients": "ann@customer.example", "subject": "Our quote", "text": "Hello"}


@pytest.fixture
def quote(rep: User) -> Quote:
    quote = samples.quote(rep)
    publishing.publish(rep, quote.id)
    return quote


@pytest.fixture
def other(rep: User) -> Person:
    return samples.person(rep, email="bo@birch.example", first_name="Bo", organization="Birch & Co")


def test_a_quote_that_reached_its_customer_stays_theirs(rep: User, quote: Quote, other: Person) -> None:
    asked = {"writer": "Ann", "text": "Can we pay later?", "revision": "1"}
    comments.write(quote.public_token, asked)
    first = quote.person
    editing.set_customer(rep, quote.id, person=other)
    sentence = (
        "Quote 1001 already reached Customer Ltd, so it can't become a quote for Birch & Co: its link, emails and "
        "comments are Customer Ltd's. Choose Customer Ltd again, or copy it to a new quote for Birch & Co."
    )
    assert sentence in [problem.sentence for problem in readiness.problems(quote)]
    with pytest.raises(Invalid, match="already reached Customer Ltd"):
        publishing.publish(rep, quote.id)
    editing.set_customer(rep, quote.id, person=first)
    assert readiness.problems(quote) == []
    # Another contact of the same company is the same customer.
    colleague = samples.person(rep, email="cy@customer.example", first_name="Cy")
    editing.set_customer(rep, quote.id, person=colleague)
    token = quote.public_token
    assert publishing.publish(rep, quote.id).is_new
    assert quote.public_token == token


def test_one_that_reached_nobody_gets_another_link(rep: User, quote: Quote, other: Person) -> None:
    token = quote.public_token
    soon = (utc_now() + timedelta(days=2)).strftime(sending.FORMAT)
    waiting = sending.send(rep, quote.id, {**MAIL, "key": "1", "send_at": soon})
    editing.set_customer(rep, quote.id, person=other)
    assert publishing.publish(rep, quote.id).is_new
    assert quote.public_token != token
    assert customer_link.was_replaced(token)
    assert opened.by_token(quote.public_token).quote is quote
    assert (waiting.ended_at is not None, waiting.outcome) == (True, "The quote is for another customer now.")


@pytest.mark.both_databases
def test_who_got_a_link_that_was_replaced_is_not_reminded_with_the_new_one(
    app: Flask, rep: User, quote: Quote, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = MailServer(
        id=1,
        host="",
        port=587,
        security="starttls",
        username="",
        password_encrypted="",
        from_address="",
        from_name="",
    )
    rules.remind_silent_days = 3
    with work.unit():
        db.session.add(rules)
    first = sending.send(rep, quote.id, {**MAIL, "key": "1"})
    first.sent_at = utc_now() - timedelta(days=9)
    db.session.commit()
    runtime = samples.runtime()
    later = utc_now() + timedelta(days=5)
    assert reminding._candidates(rules, later) == [quote.id]
    # A quote whose mail is older, and whose link stays.
    another = samples.quote(rep, customer=samples.person(rep, email="di@birch.example", organization="Birch"))
    publishing.publish(rep, another.id)
    sent = sending.send(rep, another.id, {**MAIL, "key": "3"})
    sent.sent_at = utc_now() - timedelta(days=8)
    newer = sending.send(rep, quote.id, {**MAIL, "key": "4"})
    newer.sent_at = utc_now() - timedelta(days=7)
    db.session.commit()
    customer_link.replace(rep, quote.id)
    assert reminding._candidates(rules, later) == [another.id]
    monkeypatch.setattr(reminding, "utc_now", lambda: later)
    assert reminding.remind(runtime, quote.id) is False
    second = sending.send(rep, quote.id, {**MAIL, "key": "2", "recipients": "bo@customer.example"})
    second.sent_at = utc_now()
    db.session.commit()
    assert reminding._candidates(rules, later) == [another.id, quote.id]
    assert reminding.remind(runtime, quote.id) is True
    reminder = db.session.scalars(db.select(MailMessage).filter_by(kind="reminder")).one()
    assert reminder.recipients == "bo@customer.example"


@pytest.mark.parametrize("before", ["person", "organization"])
def test_a_customer_without_an_organization_is_one_too(rep: User, before: str) -> None:
    ann = samples.person(rep, organization="")
    birch = samples.person(rep, email="bo@birch.example", organization="Birch & Co").organization
    quote = samples.quote(rep, customer=ann)
    if before == "organization":
        editing.set_customer(rep, quote.id, person=None, organization=birch)
    publishing.publish(rep, quote.id)
    comments.write(quote.public_token, {"writer": "Ann", "text": "Can we pay later?", "revision": "1"})
    person, organization = (None, birch) if before == "person" else (ann, None)
    editing.set_customer(rep, quote.id, person=person, organization=organization)
    with pytest.raises(Invalid, match="already reached"):
        publishing.publish(rep, quote.id)


def test_our_own_look_at_the_page_reaches_nobody(rep: User, quote: Quote, other: Person) -> None:
    visits.note(quote, "viewed", visits.Visitor("127.0.0.1", "Firefox", user=rep))
    db.session.commit()
    editing.set_customer(rep, quote.id, person=other)
    assert publishing.publish(rep, quote.id).is_new


def test_a_mail_that_waits_ends_with_the_next_revision(rep: User, quote: Quote) -> None:
    soon = (utc_now() + timedelta(days=2)).strftime(sending.FORMAT)
    waiting = sending.send(rep, quote.id, {**MAIL, "key": "1", "send_at": soon})
    lines.add_ad_hoc(rep, quote.id, {"name": "Switch", "unit_price": "900"})
    assert publishing.publish(rep, quote.id).ended_mail == 1
    assert waiting.outcome == "The quote was published again meanwhile. Send it again."


@pytest.mark.parametrize(
    "changed",
    [{"text": "Hello again"}, {"copies": "cy@customer.example"}, {"attach": "1"}, {"send_at": "soon"}],
)
def test_a_form_that_was_sent_and_changed_is_said_and_not_dropped(
    rep: User, quote: Quote, changed: dict[str, str]
) -> None:
    form = {**MAIL, "key": "1"}
    assert sending.send(rep, quote.id, form) is sending.send(rep, quote.id, form)
    if "send_at" in changed:
        changed = {"send_at": (utc_now() + timedelta(days=2)).strftime(sending.FORMAT)}
    with pytest.raises(Invalid, match="This form was sent already"):
        sending.send(rep, quote.id, {**form, **changed})
