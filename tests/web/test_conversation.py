"""The customer asks, the rep answers; a colleague has a link; after the answer the page says what's next."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from smoke.forms import Form, read_forms
from tests.quoting.test_document import read
from tests.support import samples
from tests.support.visitor import Visitor, text
from webapp.models import (
    Acceptance,
    Delivery,
    DiaryEntry,
    Notification,
    Quote,
    QuoteComment,
    QuoteShare,
    User,
    db,
    utc_now,
)
from webapp.services.accounts import handing_over
from webapp.services.core.errors import Conflict, Invalid
from webapp.services.quoting.answer import acceptance, comments, opened, sharing, viewing
from webapp.services.quoting.draft import editing, lines
from webapp.services.quoting.lifecycle import customer_link, publishing, transitions

SIGNED: dict[str, str | bool] = {
    "name": "Theo Lind",
    "signature": "Theo Lind",
    "title": "Buyer",
    "terms": True,
}


@dataclass(frozen=True)
class Offer:
    """A published quote with a firewall and a switch. ``link``: the customer's; ``page``: the rep's."""

    app: Flask
    quote_id: int
    link: str
    firewall: str
    switch: str

    @property
    def page(self) -> str:
        return f"/quotes/{self.quote_id}"

    def customer(self) -> Visitor:
        return Visitor(self.app.test_client())

    def rep(self) -> Visitor:
        return Visitor(self.app.test_client()).sign_in("rep@desk.example", samples.PASSWORD)

    def comment(self, uid: str = "", **values: str) -> TestResponse:
        """The customer writes about a line, or about the whole quote."""
        customer = self.customer()
        form = thread_form(customer.client.get(self.link), uid)
        return customer.send(form, {"text": "How fast is it?", **values})

    def shared(self, name: str = "Theo Lind", email: str = "theo@customer.example") -> str:
        """The link that a colleague gets."""
        with self.app.app_context():
            values = {"colleague": name, "colleague_email": email, "writer": "Ann Lee"}
            return f"/q/{sharing.share(self.link[3:], values).share.token}"


@pytest.fixture
def offer(app: Flask) -> Offer:
    with app.app_context():
        samples.company(phone="518-555-0100")
        rep = samples.rep()
        wanted = ({"name": "Firewall", "unit_price": "100"}, {"name": "Switch", "unit_price": "50"})
        quote = samples.quote(rep, *wanted)
        publishing.publish(rep, quote.id)
        firewall, switch = (line.uid for line in quote.lines)
        return Offer(app, quote.id, f"/q/{quote.public_token}", firewall, switch)


def thread_form(page: TestResponse, uid: str = "") -> Form:
    forms = (form for form in read_forms(page.text) if "/comments" in form.action)
    return next(form for form in forms if ("line", uid) in form.fields)


def thread_of(page: TestResponse, uid: str = "") -> str:
    """What is said about a line, in the markup."""
    start = page.text.index(f'id="talk-{uid or "whole"}"')
    return page.text[start : page.text.index("</ol>", start)]


def entries(action: str) -> list[DiaryEntry]:
    return list(db.session.scalars(db.select(DiaryEntry).filter_by(action=action).order_by(DiaryEntry.id)))


@pytest.mark.both_databases
def test_a_question_and_its_answer_reach_both(offer: Offer, app: Flask) -> None:
    sent = offer.comment(offer.firewall)
    assert (sent.status_code, sent.location) == (303, f"{offer.link}#talk-{offer.firewall}")
    rep = offer.rep()
    page = rep.client.get(offer.page)
    assert "How fast is it?" in thread_of(page, offer.firewall)
    assert "Waiting for an answer" in page.text
    assert 'href="#talk-' in page.text, "the line says that it has comments"
    asked = rep.client.get("/activity/attention")
    assert "Ann Lee about Firewall: How fast is it?" in text(asked)
    answered = rep.send(thread_form(page, offer.firewall), {"text": "10 <b>gigabit</b>\nper second"})
    assert answered.status_code == 303
    assert "How fast" not in text(rep.client.get("/activity/attention")), "an answer settles it"
    seen = offer.customer().client.get(offer.link)
    thread = thread_of(seen, offer.firewall)
    assert thread.index("How fast is it?") < thread.index("10 &lt;b&gt;gigabit&lt;/b&gt;")
    assert "Rob Rep" in thread
    assert "Brightwater IT" in thread
    with app.app_context():
        (asked_entry,), (answered_entry,) = entries("quote.commented"), entries("quote.answered")
        assert (asked_entry.actor, asked_entry.revision) == ("Customer: Ann Lee", 1)
        assert (answered_entry.actor, answered_entry.detail["reason"]) == ("rep@desk.example", "Firewall")
        query = db.select(Delivery.reason, Delivery.address).filter_by(reader="mail")
        mails = db.session.execute(query.order_by(Delivery.id)).all()
        assert [tuple(row) for row in mails] == [("comment", ""), ("answer", "comment-1")]
    history = text(rep.client.get(offer.page))
    assert "Comment by the customer (revision 1) by Customer: Ann Lee : Firewall" in history
    assert "Customer's comment answered (revision 1) by Rob Rep : Firewall" in history


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"text": " \n "}, "Write your question or comment."),
        ({"text": "x" * 2001}, "Use up to 2,000 characters. This has 2,001."),
        ({"writer": ""}, "Enter your name."),
        ({"writer": "See https://spam.example"}, "Enter a name, without an address."),
        ({"writer_email": "nonsense"}, "Enter a valid email"),
        ({"line": "gone"}, "This line is no longer in the quote."),
    ],
)
def test_bad_input_gets_a_sentence_and_stays_typed(
    offer: Offer, app: Flask, values: dict[str, str], sentence: str
) -> None:
    refused = offer.comment(**values)
    assert refused.status_code == 422
    assert sentence in text(refused) or "line" in values
    assert str(values.get("text", "How fast is it?")).strip() in refused.text
    with app.app_context():
        assert db.session.scalars(db.select(QuoteComment)).all() == []


def answered_by_rep(quote: Quote) -> None:
    acceptance.record_for_customer(quote.owner, quote.id, {"name": "Ann Lee"})


def lost(quote: Quote) -> None:
    transitions.advance(quote.owner, quote.id, "lost", reason="Price")


def updated(quote: Quote) -> None:
    lines.add_ad_hoc(quote.owner, quote.id, {"name": "Rack", "unit_price": "20"})
    publishing.publish(quote.owner, quote.id)


@pytest.mark.parametrize(
    ("change", "sentence", "is_kept"),
    [
        (answered_by_rep, "was accepted, so no more comments can be sent here", True),
        (lost, "was declined or withdrawn, so no more comments can be sent here", False),
        (updated, "This quote was updated while you wrote", True),
    ],
)
def test_what_ended_meanwhile_says_so(
    offer: Offer, app: Flask, change: Callable[[Quote], None], sentence: str, is_kept: bool
) -> None:
    customer = offer.customer()
    form = thread_form(customer.client.get(offer.link), offer.firewall)
    with app.app_context():
        change(editing.get(offer.quote_id))
    for htmx in (False, True):
        refused = customer.send(form, {"text": "Still there?"}, htmx=htmx)
        assert refused.status_code == (200 if htmx else 409)
        assert sentence in text(refused)
        assert ("Still there?" in refused.text) == (is_kept or htmx)
    with app.app_context():
        assert db.session.scalars(db.select(QuoteComment)).all() == []


def test_a_withdrawn_quote_shows_no_earlier_comment(offer: Offer, app: Flask) -> None:
    customer = offer.customer()
    form = thread_form(customer.client.get(offer.link), offer.firewall)
    assert customer.send(form, {"text": "Does it fit in a closet?"}).status_code == 303
    with app.app_context():
        lost(editing.get(offer.quote_id))
    answer = customer.send(form, {"text": "Still there?"}, htmx=True)
    assert "was declined or withdrawn" in text(answer)
    assert "closet" not in answer.text
    assert "Firewall" not in answer.text


@pytest.mark.parametrize("name", ["Dr. Smith", "J. R. Lee", "Dr.Lee", "Ann-Marie O’Neil", "Ph.D. Lee"])
def test_names_as_people_write_them_hold_no_address(name: str) -> None:
    assert opened.ADDRESS.search(name) is None


def test_an_expired_quote_takes_no_comment(offer: Offer, app: Flask) -> None:
    with app.app_context(), time_machine.travel(utc_now() + timedelta(days=90)):
        values = {"text": "Still there?", "writer": "Ann Lee", "revision": "1"}
        with pytest.raises(
            Conflict, match=r"Your comment wasn't sent. This quote expired on .*rep@desk.example"
        ):
            comments.write(offer.link[3:], values)
        page = app.test_client().get(offer.link)
        assert "/comments" not in page.text


def test_what_was_asked_stays_with_its_line_and_after_it(offer: Offer, app: Flask) -> None:
    offer.comment(offer.firewall)
    with app.app_context():
        quote = editing.get(offer.quote_id)
        updated(quote)
    page = offer.customer().client.get(offer.link)
    assert "How fast is it?" in thread_of(page, offer.firewall)
    with app.app_context():
        quote = editing.get(offer.quote_id)
        lines.remove(quote.owner, quote.id, offer.firewall)
        publishing.publish(quote.owner, quote.id)
    page = offer.customer().client.get(offer.link)
    assert "About Firewall which is no longer in the quote" in text(page)
    assert "How fast is it?" in text(page)
    rep = offer.rep()
    assert "no longer in the quote" in text(rep.client.get(offer.page))
    assert (
        rep.send(thread_form(rep.client.get(offer.page), offer.firewall), {"text": "Late."}).status_code
        == 303
    )
    assert "Late." in text(offer.customer().client.get(offer.link))


def test_a_double_click_is_one_comment_and_there_is_a_limit(
    offer: Offer, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        assert offer.comment().status_code == 303
    with app.app_context():
        assert len(entries("quote.commented")) == 1
    monkeypatch.setattr(comments, "MOST", 1)
    full = offer.comment(text="One more")
    assert full.status_code == 422
    assert "which is as many as it can have" in text(full)


def test_who_asks_too_often_is_told_to_wait(offer: Offer) -> None:
    customer = offer.customer()
    form = thread_form(customer.client.get(offer.link))
    statuses = [customer.send(form, {"text": f"Number {number}"}).status_code for number in range(11)]
    assert statuses == [303] * 10 + [429]


def test_the_rep_writes_first_and_is_refused_with_a_sentence(offer: Offer, app: Flask) -> None:
    rep = offer.rep()
    form = thread_form(rep.client.get(offer.page))
    refused = rep.send(form, {"text": " "})
    assert (refused.status_code, "Write your answer." in text(refused)) == (422, True)
    assert rep.send(form, {"text": "Any questions?"}).status_code == 303
    assert "Any questions?" in thread_of(offer.customer().client.get(offer.link))
    with app.app_context():
        lost(editing.get(offer.quote_id))
    gone = rep.send(form, {"text": "Hello?"})
    assert gone.status_code == 422
    assert "shows nothing of a lost quote" in text(gone)


@pytest.mark.both_databases
def test_a_colleague_is_known_by_their_link(offer: Offer, app: Flask) -> None:
    customer = offer.customer()
    form = next(
        one for one in read_forms(customer.client.get(f"{offer.link}/share").text) if "share" in one.action
    )
    assert dict(form.fields)["writer"] == "Ann Lee"
    done = customer.send(form, {"colleague": "Theo Lind", "colleague_email": "Theo@customer.example"})
    (token,) = set(re.findall(r"/q/([\w-]{32})\"? readonly", done.text.replace('"', "")))
    theirs = f"/q/{token}"
    again = customer.send(form, {"colleague": "T. Lind", "colleague_email": "theo@customer.example"})
    assert "has a link already" in text(again)
    page = offer.customer().client.get(theirs)
    assert "Shared with you by Ann Lee" in text(page)
    fields = dict(next(one for one in read_forms(page.text) if "/accept" in one.action).fields)
    assert (fields["name"], fields["email"]) == ("Theo Lind", "theo@customer.example")
    assert offer.customer().client.get(f"{theirs}/share").status_code == 409
    browser = {"User-Agent": "Mozilla/5.0 Firefox/140.0"}
    colleague = offer.customer()
    colleague.client.post(f"{theirs}/viewed", headers=browser, data={"csrf_token": fields["csrf_token"]})
    asked = colleague.send(thread_form(colleague.client.get(theirs)), {"text": "Is it loud?"})
    assert asked.status_code == 303
    rep = offer.rep()
    shown = text(rep.client.get(offer.page))
    assert "Theo Lind theo@customer.example by Ann Lee" in shown
    accept = next(one for one in read_forms(colleague.client.get(theirs).text) if "/accept" in one.action)
    assert colleague.send(accept, SIGNED).status_code == 303
    assert "through the link of Theo Lind" in text(rep.client.get(offer.page))
    with app.app_context():
        assert db.session.scalars(db.select(Acceptance)).one().share
        assert db.session.scalars(db.select(QuoteComment)).one().email == "theo@customer.example"
        by = {one.action: one.actor for one in db.session.scalars(db.select(DiaryEntry))}
        assert by["quote.shared"] == "Customer: Ann Lee"
        assert {by["quote.commented"], by["quote.accepted"]} == {"Customer: Theo Lind"}
        assert len(entries("quote.shared")) == 1
        assert token not in "".join(one.content for one in db.session.scalars(db.select(DiaryEntry)))


def test_a_colleagues_view_is_theirs(offer: Offer, app: Flask) -> None:
    theirs = offer.shared()
    with app.app_context():
        quote = editing.get(offer.quote_id)
        share = sharing.of_quote(quote)[0]
        viewing.note_viewed(quote)
        for _ in range(2):
            viewing.note_viewed(editing.get(offer.quote_id), db.session.get_one(QuoteShare, share.id))
        assert [one.actor for one in entries("quote.viewed")] == ["Customer: Ann Lee"]
        assert [one.actor for one in entries("quote.colleague_viewed")] == ["Customer: Theo Lind"]
    assert offer.customer().client.get(theirs).status_code == 200


def test_the_pdf_of_a_colleague_has_their_link_alone(offer: Offer) -> None:
    """With the quote's own, what a colleague knows would outlive their link."""
    theirs = offer.shared()
    pages = {
        link: read(offer.customer().client.get(f"{link}/quote.pdf").data)[0] for link in (offer.link, theirs)
    }
    for link, words in pages.items():
        assert [one in words for one in (offer.link, theirs)] == [link == offer.link, link == theirs]


def test_a_link_that_was_turned_off_says_whom_to_ask(offer: Offer, app: Flask) -> None:
    theirs = offer.shared()
    colleague = offer.customer()
    typed = thread_form(colleague.client.get(theirs))
    rep = offer.rep()
    form = rep.form(offer.page, "/end")
    assert rep.send_and_confirm(form).status_code == 303
    assert "Turned off" in text(rep.client.get(offer.page))
    for answer in (colleague.client.get(theirs), colleague.send(typed, {"text": "Hello?"})):
        assert answer.status_code == 404
        assert "This link was turned off" in text(answer)
        assert "Rob Rep (rep@desk.example)" in text(answer)
    assert offer.customer().client.get(offer.link).status_code == 200
    # Of another quote there is no such link.
    for other in ("/quotes/999/shares/1/end", f"{offer.page}/shares/99999999999/end"):
        form.action = other
        assert rep.send(form).status_code == 404


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"colleague": ""}, "Enter your colleague's name."),
        ({"colleague": "Pay at evil.com/login"}, "Enter a name, without an address."),
        ({"colleague": "Pay at EVIL.COM"}, "Enter a name, without an address."),
        ({"colleague": "www.spam.example"}, "Enter a name, without an address."),
        ({"colleague_email": "nonsense"}, "Enter a valid email"),
        ({"writer": ""}, "Enter your name."),
    ],
)
def test_a_link_is_refused_with_a_sentence(
    offer: Offer, app: Flask, values: dict[str, str | bool], sentence: str
) -> None:
    customer = offer.customer()
    form = next(
        one for one in read_forms(customer.client.get(f"{offer.link}/share").text) if "share" in one.action
    )
    refused = customer.send(form, {"colleague": "Theo Lind", **values})
    assert refused.status_code == 422
    assert sentence in text(refused)
    with app.app_context():
        assert db.session.scalars(db.select(QuoteShare)).all() == []


def test_only_so_many_links_work_at_once(offer: Offer, app: Flask) -> None:
    for number in range(sharing.MOST):
        offer.shared(f"Person {number}", f"p{number}@customer.example")
    with pytest.raises(Invalid, match="can't be shared with more"):
        offer.shared("Too many", "many@customer.example")
    with app.app_context():
        lost(editing.get(offer.quote_id))
    with pytest.raises(Conflict, match="declined or withdrawn"):
        offer.shared("Late", "late@customer.example")


def test_an_answer_is_mailed_to_those_whose_link_still_works(offer: Offer, app: Flask) -> None:
    theirs = offer.shared()
    offer.comment(writer="Old Hand", writer_email="old@customer.example")
    with app.app_context():
        customer_link.replace(db.session.get_one(User, 1), offer.quote_id)
        link = f"/q/{editing.get(offer.quote_id).public_token}"
    customer = offer.customer()
    customer.send(
        thread_form(customer.client.get(link)), {"text": "New link", "writer_email": "ann@customer.example"}
    )
    colleague = offer.customer()
    colleague.send(thread_form(colleague.client.get(theirs)), {"text": "Me too"})
    with app.app_context():
        answer = comments.answer(db.session.get_one(User, 1), offer.quote_id, {"text": "Yes"})
        assert [one.email for one in comments.readers(answer)] == [
            "ann@customer.example",
            "theo@customer.example",
        ]
        sharing.end(db.session.get_one(User, 1), offer.quote_id, 1)
        assert [one.email for one in comments.readers(answer)] == ["ann@customer.example"]


def test_after_accepting_the_page_says_what_happens_next(offer: Offer, app: Flask) -> None:
    customer = offer.customer()
    form = next(one for one in read_forms(customer.client.get(offer.link).text) if "/accept" in one.action)
    customer.send(form, {**SIGNED, "name": "Ann Lee", "signature": "Ann Lee"})
    page = customer.client.get(offer.link)
    shown = text(page)
    assert "Thank you, Ann Lee . Your order is in." in shown
    assert "Rob Rep will contact you shortly." in shown
    for part in ("What you ordered", "$150.00", "518-555-0100", "rep@desk.example", "Signed PDF"):
        assert part in shown
    assert page.text.count("<h1") == 1
    assert f'href="{offer.link}/quote.pdf"' in page.text
    admin_page = "/settings/company"
    with app.app_context():
        samples.admin()
    admin = Visitor(app.test_client()).sign_in("admin@desk.example", samples.PASSWORD)
    settings = next(
        one for one in read_forms(admin.client.get(admin_page).text) if "next_accepted" in one.names()
    )
    settings.action = admin_page
    saved = admin.send(
        settings, {"next_accepted": "We call you\n\n Hardware <ships>", "next_declined": "We stay in touch"}
    )
    assert saved.status_code == 303
    steps = customer.client.get(offer.link).text
    assert '<li dir="auto">We call you</li><li dir="auto">Hardware &lt;ships&gt;</li>' in steps
    refused = admin.send(settings, {"next_accepted": "\n".join("abcdefghijk"), "seen": ""})
    assert "Use up to 10 lines" in text(refused)


@pytest.mark.parametrize("is_own", [True, False])
def test_after_declining_the_page_says_so(offer: Offer, app: Flask, is_own: bool) -> None:
    with app.app_context():
        quote = editing.get(offer.quote_id)
        revision = quote.current_revision
        assert revision
        if is_own:
            acceptance.decline(quote.public_token, {"reason": "Too dear", "sha256": revision.content_sha256})
        else:
            lost(quote)
    shown = text(offer.customer().client.get(offer.link))
    assert "This quote was declined" in shown
    assert ("Reason: Too dear" in shown) == is_own
    assert ("declined or withdrawn" in shown) != is_own
    assert "Changed your mind? Email rep@desk.example." in shown
    assert "518-555-0100" in shown
    assert "$150" not in shown


def test_a_notification_is_one_a_quote(offer: Offer, app: Flask) -> None:
    offer.comment()
    offer.comment(offer.switch, text="And this?")
    with app.app_context():
        assert [one.sentence for one in db.session.scalars(db.select(Notification))] == [
            "Ann Lee about Switch: And this?"
        ]


def unread(app: Flask) -> list[tuple[str, str]]:
    with app.app_context():
        query = db.select(Notification, User).join(User, User.id == Notification.user_id)
        return [(user.email, one.sentence) for one, user in db.session.execute(query.filter_by(read_at=None))]


def test_it_stays_until_every_question_is_answered(offer: Offer, app: Flask) -> None:
    offer.comment()
    offer.comment(offer.switch, text="And this?")
    waiting = [("rep@desk.example", "Ann Lee about Switch: And this?")]
    with app.app_context():
        quote = editing.get(offer.quote_id)
        comments.answer(quote.owner, quote.id, {"text": "Yes.", "line": offer.switch})
    assert unread(app) == waiting, "the one about the whole quote waits"
    with app.app_context():
        quote = editing.get(offer.quote_id)
        comments.answer(quote.owner, quote.id, {"text": "1 Gbit.", "line": ""})
    assert unread(app) == []


def test_a_question_goes_along_when_the_quote_is_handed_over(offer: Offer, app: Flask) -> None:
    offer.comment()
    with app.app_context():
        manager, mia = samples.admin(), samples.rep("mia@desk.example")
        handing_over.give(manager, editing.get(offer.quote_id).owner_id, mia.id)
    assert [email for email, _ in unread(app)] == ["mia@desk.example"]
