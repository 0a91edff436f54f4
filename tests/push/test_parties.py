"""What belongs to another company is never adopted, and a quote that was pushed for one isn't pushed for another."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.connected_desk import Desk, newest_entry
from webapp.models import Organization, Person, Quote, db, local_key
from webapp.services.autotask.known import links
from webapp.services.autotask.known.links import LinkKey
from webapp.services.autotask.preview import plan_only
from webapp.services.quoting.answer import acceptance
from webapp.services.quoting.draft import editing
from webapp.services.quoting.lifecycle import publishing


def customer(desk: Desk, name: str) -> Person:
    """A person of a new organization, here alone."""
    organization = desk.organization(name)
    email = f"{name.split(maxsplit=1)[0].lower()}@customer.example"
    person = Person(organization=organization, first_name="Pat", last_name="New", email=email)
    db.session.add(person)
    db.session.commit()
    return person


def their_opportunity(desk: Desk, company: str) -> dict[str, Any]:
    """An opportunity of a company that exists in Autotask alone."""
    like = desk.tenant.query("Opportunities")[0]
    without = ("id", "userDefinedFields")
    owner = {"companyType": 1, "isActive": True, "ownerResourceID": like["ownerResourceID"]}
    seeded = desk.tenant.seed(Companies=[{"companyName": company, "phone": "1", **owner}])
    (company_id,) = seeded["Companies"]
    row = {name: value for name, value in like.items() if name not in without and value is not None}
    row |= {"companyID": company_id, "title": "Theirs", "contactID": None}
    (number,) = desk.tenant.seed(Opportunities=[row])["Opportunities"]
    return {"id": number, "companyID": company_id}


def stopped(desk: Desk, quote: Quote) -> str:
    """Publish and push; returns the sentence of a push that wrote nothing."""
    before = desk.tenant.stats()["writes"]
    run = desk.push(quote)
    assert run.state == "needs_you", run.sentence
    assert desk.tenant.stats()["writes"] == before
    return run.sentence


def changed_customer(desk: Desk) -> Quote:
    """A quote that was pushed for one customer and is for another now."""
    quote = desk.quote({"name": "Rack"})
    assert desk.push(quote).state == "synced"
    editing.set_customer(desk.rep, quote.id, person=customer(desk, "Birch & Co"))
    return quote


def test_a_pushed_quote_is_not_pushed_for_another_customer(desk: Desk) -> None:
    quote = changed_customer(desk)
    first = desk.tenant.query("Opportunities", {"op": "eq", "field": "title", "value": "New office"})
    sentence = stopped(desk, quote)
    assert sentence.startswith("This quote was synced for “Nimbus ")
    assert "but its customer is “Birch & Co” now" in sentence
    assert desk.tenant.query("Companies", {"op": "eq", "field": "companyName", "value": "Birch & Co"}) == []
    assert desk.tenant.query("Opportunities", {"op": "eq", "field": "title", "value": "New office"}) == first


def test_nor_when_the_other_customer_is_known_in_autotask(desk: Desk) -> None:
    person = customer(desk, "Birch & Co")
    other = desk.quote({"name": "Box"}, person=person, organization=person.organization, title="Another deal")
    assert desk.push(other).state == "synced"
    quote = desk.quote({"name": "Rack"})
    assert desk.push(quote).state == "synced"
    editing.set_customer(desk.rep, quote.id, person=other.person)
    assert "but its customer is “Birch & Co” now" in stopped(desk, quote)


def test_the_answer_of_the_other_customer_closes_nothing(desk: Desk) -> None:
    quote = changed_customer(desk)
    publishing.publish(desk.rep, quote.id)
    acceptance.record_for_customer(desk.rep, quote.id, {"name": "Pat New"})
    run = desk.process(quote)
    assert run.state == "needs_you"
    (row,) = desk.tenant.query("Opportunities", {"op": "eq", "field": "title", "value": "New office"})
    assert row["status"] == desk.pick("Opportunities", "status", "Active")


def test_with_its_customer_back_it_goes_on(desk: Desk) -> None:
    quote = desk.quote({"name": "Rack"})
    assert desk.push(quote).state == "synced"
    person = quote.person
    editing.set_customer(desk.rep, quote.id, person=customer(desk, "Birch & Co"))
    stopped(desk, quote)
    editing.set_customer(desk.rep, quote.id, person=person)
    assert desk.push(quote).state == "synced"


def test_an_opportunity_that_was_moved_in_autotask_too_is_the_new_customers(desk: Desk) -> None:
    person = customer(desk, "Birch & Co")
    other = desk.quote({"name": "Box"}, person=person, organization=person.organization, title="Another deal")
    assert desk.push(other).state == "synced"
    quote = desk.quote({"name": "Rack"})
    assert desk.push(quote).state == "synced"
    (birch,) = desk.tenant.query("Companies", {"op": "eq", "field": "companyName", "value": "Birch & Co"})
    (row,) = desk.tenant.query("Opportunities", {"op": "eq", "field": "title", "value": "New office"})
    desk.tenant.edit("Opportunities", row["id"], companyID=birch["id"], contactID=None)
    editing.set_customer(desk.rep, quote.id, person=other.person)
    publishing.publish(desk.rep, quote.id)
    desk.process(quote)
    assert "its customer is" not in newest_entry(quote.id).outcome


def on_their_opportunity(desk: Desk, is_known: bool) -> tuple[Quote, dict[str, Any]]:
    """A quote of Birch & Co, which Autotask may know, that was put on an opportunity of Alder Ltd."""
    theirs = their_opportunity(desk, "Alder Ltd")
    person = customer(desk, "Birch & Co")
    if is_known:
        their_opportunity(desk, "Birch & Co")
    quote = desk.quote({"name": "Rack"}, person=person, organization=person.organization)
    editing.set_opportunity(desk.rep, quote.id, (theirs["id"], "Theirs"))
    return quote, theirs


@pytest.mark.parametrize("is_known", [False, True])
def test_another_companys_opportunity_is_never_adopted(desk: Desk, is_known: bool) -> None:
    quote, theirs = on_their_opportunity(desk, is_known)
    sentence = stopped(desk, quote)
    assert sentence == (
        "The opportunity “Theirs” belongs to “Alder Ltd” in Autotask, and not to “Birch & Co”. Nothing was written. "
        "Choose another opportunity, or none."
    )
    editing.set_opportunity(desk.rep, quote.id, None)
    assert desk.push(quote).state == "synced"
    organization = db.session.get_one(Organization, quote.organization_id)
    (link,) = desk.tenant.query("Companies", {"op": "eq", "field": "companyName", "value": organization.name})
    assert link["id"] != theirs["companyID"]


@pytest.mark.parametrize("is_known", [False, True])
def test_the_preview_writes_nothing_into_another_company_either(desk: Desk, is_known: bool) -> None:
    quote, _ = on_their_opportunity(desk, is_known)
    plan = plan_only.of_quote(desk.runtime, quote).plan
    assert "belongs to “Alder Ltd” in Autotask" in plan.problems[0].sentence
    assert plan.steps == []


def test_the_opportunity_of_a_company_of_our_name_is_ours(desk: Desk) -> None:
    theirs = their_opportunity(desk, "Birch & Co")
    person = customer(desk, "Birch & Co")
    quote = desk.quote({"name": "Rack"}, person=person, organization=person.organization)
    editing.set_opportunity(desk.rep, quote.id, (theirs["id"], "Theirs"))
    assert desk.push(quote).state == "synced"


@pytest.mark.parametrize("knows_whose", [True, False], ids=["linked by the push", "imported"])
def test_a_picked_opportunity_that_needed_no_write_stays_its_customers(desk: Desk, knows_whose: bool) -> None:
    theirs = their_opportunity(desk, "Acme West")
    # It follows its quote already, so the push has nothing to write to it.
    desk.tenant.edit("Opportunities", theirs["id"], useQuoteTotals=True)
    organization = customer(desk, "Acme West").organization
    quote = desk.quote({"name": "Rack"}, organization=organization, autotask_opportunity_id=theirs["id"])
    editing.set_customer(desk.rep, quote.id, person=None, organization=organization)
    assert desk.push(quote).state == "synced"
    if not knows_whose:
        link = links.find(LinkKey(local_key.quote(quote.id), "Opportunities"))
        assert link is not None
        link.pushed = {}
        db.session.commit()
    birch = customer(desk, "Birch & Co").organization
    editing.set_customer(desk.rep, quote.id, person=None, organization=birch)
    plan = plan_only.of_quote(desk.runtime, quote).plan
    assert (plan.steps, len(plan.problems)) == ([], 1)
    assert stopped(desk, quote).startswith(
        "This quote was synced for “Acme West”, and its opportunity “Theirs”"
    )
    editing.set_customer(desk.rep, quote.id, person=None, organization=organization)
    assert desk.push(quote).state == "synced"
