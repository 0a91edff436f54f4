"""Marking a quote says what was on the screen: an answer or a revision that came meanwhile isn't passed over."""

from __future__ import annotations

from flask import Flask

from smoke.forms import Form, read_forms
from tests.support import samples
from tests.support.visitor import Visitor, text
from tests.web.conftest import Ids
from webapp.models import Quote, Revision, User, db
from webapp.services.quoting.answer import acceptance
from webapp.services.quoting.answer.signature import Evidence
from webapp.services.quoting.draft import editing, lines
from webapp.services.quoting.lifecycle import publishing, transitions
from webapp.services.quoting.lists import together


def marking(rep: Visitor, ids: Ids, status: str) -> Form:
    """The form on the quote's page as it is now."""
    found = read_forms(rep.client.get(ids.quote_page).text)
    return next(form for form in found if ("status", status) in form.fill({}))


def publish(app: Flask, ids: Ids) -> Revision:
    with app.app_context():
        return publishing.publish(db.session.get_one(User, 2), ids.quote).revision


def sign(quote: Quote) -> None:
    revision = quote.current_revision
    assert revision
    values = {"name": "Ann Lee", "signature": "Ann Lee", "title": "Buyer", "terms": "1"}
    acceptance.accept(quote.public_token, {**values, **samples.shown(revision)}, (), Evidence("", "", ""))


def status_of(app: Flask, ids: Ids) -> str:
    with app.app_context():
        return editing.get(ids.quote).status


def test_a_signature_that_came_meanwhile_is_not_marked_as_lost(app: Flask, rep: Visitor, ids: Ids) -> None:
    publish(app, ids)
    form = marking(rep, ids, "lost")
    with app.app_context():
        sign(editing.get(ids.quote))
    refused = rep.send(form, {"reason": "Too dear"})
    assert refused.status_code == 409
    assert "This quote is accepted now, which your screen didn't show yet, so nothing was changed." in text(
        refused
    )
    assert status_of(app, ids) == "accepted"
    # Who has seen that can still do it.
    again = next(one for one in read_forms(refused.text) if ("status", "lost") in one.fill({}))
    assert rep.send(again, {"reason": "Canceled"}).status_code == 303
    assert status_of(app, ids) == "lost"
    # The page of a quote that can become nothing else says it too.
    refused = rep.send(form, {"reason": "Too dear"})
    assert (refused.status_code, "This quote is lost now" in text(refused)) == (409, True)


def test_an_acceptance_is_recorded_for_the_revision_on_the_screen(app: Flask, rep: Visitor, ids: Ids) -> None:
    publish(app, ids)
    form = marking(rep, ids, "accepted")
    with app.app_context():
        actor = db.session.get_one(User, 2)
        lines.add_ad_hoc(actor, ids.quote, {"name": "Switch", "unit_price": "900"})
        publishing.publish(actor, ids.quote)
    refused = rep.send(form, {"name": "Ann Lee"})
    assert refused.status_code == 409
    assert "Revision 2 was published while you were looking at an older one" in text(refused)
    assert status_of(app, ids) == "pending"
    again = next(one for one in read_forms(refused.text) if ("status", "accepted") in one.fill({}))
    assert rep.send(again).status_code == 303
    with app.app_context():
        accepted = editing.get(ids.quote).acceptance
        assert accepted
        assert accepted.name == "Ann Lee"


def test_several_quotes_are_lost_together_but_none_that_was_accepted(app: Flask, ids: Ids) -> None:
    publish(app, ids)
    with app.app_context():
        sign(editing.get(ids.quote))
        (outcome,) = together.do(db.session.get_one(User, 2), [ids.quote], "lost", {"reason": "Price"})
        assert not outcome.is_done
        assert outcome.sentence.startswith("It's accepted, so it wasn't marked as lost with the others.")
    assert status_of(app, ids) == "accepted"


def test_a_new_phone_number_is_no_change_and_a_new_address_is_no_edit(
    app: Flask, rep: Visitor, ids: Ids
) -> None:
    publish(app, ids)
    with app.app_context():
        quote = editing.get(ids.quote)
        assert quote.person
        assert quote.organization
        quote.person.mobile = quote.organization.phone = "+1 555 0199"
        db.session.commit()
    page = rep.client.get(ids.quote_page)
    assert "Discard changes" not in text(page)
    with app.app_context():
        organization = editing.get(ids.quote).organization
        assert organization
        organization.billing_city = "Troy"
        db.session.commit()
    form = rep.form(ids.quote_page, "/discard")
    discarded = rep.send_and_confirm(form)
    assert discarded.status_code == 422
    assert "nobody edited this quote since revision 1" in text(discarded)
    # What the customer accepted is what was published.
    assert rep.send(marking(rep, ids, "accepted"), {"name": "Ann Lee"}).status_code == 303
    with app.app_context():
        quote = editing.get(ids.quote)
        assert quote.current_revision
        assert "Troy" not in quote.current_revision.content
        assert quote.status == "accepted"
        assert transitions.possible(quote) == ("ordered", "fulfilled", "lost")
