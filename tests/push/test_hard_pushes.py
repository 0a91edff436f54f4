"""Quotes that are hard to push: every script, the longest text, no contact, and outdated settings."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.support.connected_desk import Desk
from webapp.models import Organization, Person, db
from webapp.services.autotask.connection import stored_lists
from webapp.services.autotask.preview import preflight
from webapp.services.autotask.settings.model import CategoryRule, ItemCategoryMapping
from webapp.services.quoting.draft import lines

NAMES = {
    "hebrew": ("שירה", "לוי", "חברת הענן בע״מ", "התקנת רשת"),
    "arabic": ("ليلى", "حداد", "شركة السحابة", "تركيب الشبكة"),
    "japanese": ("花子", "山田", "株式会社クラウド", "ネットワーク設置"),
    "emoji and accents": ("Zoë", "Łukasiewicz-Ñandú", "Café Ωmega & Söhne <GmbH> ☁️", "Größe “XL” – 5 µm"),
}


def landed(desk: Desk) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any], list[dict[str, Any]]]:
    """The newest company, contact and opportunity, and all items of the newest quote."""
    state = desk.tenant.state()
    quote = state["Quotes"][-1]
    items = [row for row in state["QuoteItems"] if row["quoteID"] == quote["id"]]
    return state["Companies"][-1], state["Contacts"][-1], state["Opportunities"][-1], items


@pytest.mark.parametrize("script", NAMES)
def test_names_of_every_script_arrive_letter_by_letter(desk: Desk, script: str) -> None:
    first, last, company, thing = NAMES[script]
    organization = desk.organization(company)
    person = Person(
        organization=organization, first_name=first, last_name=last, email="a@b.example", phone="1"
    )
    quote = desk.quote(
        {"name": thing, "description": thing * 3}, organization=organization, person=person, title=thing
    )
    run = desk.push(quote)
    assert (run.state, run.sentence) == ("synced", "")
    remote_company, contact, opportunity, items = landed(desk)
    assert remote_company["companyName"] == company
    assert (contact["firstName"], contact["lastName"]) == (first, last)
    assert opportunity["title"] == thing
    assert [(row["name"], row["description"]) for row in items] == [(thing, thing * 3)]


def test_a_description_beyond_autotasks_limit_is_cut_with_a_warning(desk: Desk) -> None:
    quote = desk.quote({"name": "Box", "description": "שלום world " * 9_000, "unit_price": 10})
    stored_lists.refresh(desk.runtime)
    report = preflight.check(desk.runtime, quote)
    assert any("is cut off there" in note for note in report.notes), report
    run = desk.push(quote)
    assert run.state == "synced"
    *_, items = landed(desk)
    assert len(items[0]["description"]) <= 2000
    assert items[0]["description"].endswith("…")


def test_a_quote_for_an_organization_without_a_person(desk: Desk) -> None:
    organization = desk.organization()
    quote = desk.quote({"name": "Box"}, organization=organization)
    quote.person = None
    db.session.commit()
    run = desk.push(quote)
    assert (run.state, run.sentence) == ("synced", "")
    company, _, opportunity, items = landed(desk)
    assert company["companyName"] == organization.name
    assert opportunity["contactID"] is None
    assert len(items) == 1


def test_a_person_without_an_organization_stops_with_a_sentence(desk: Desk) -> None:
    quote = desk.quote({"name": "Box"})
    quote.organization = None
    person = quote.person
    assert person
    person.organization = None
    db.session.commit()
    run = desk.push(quote)
    assert run.state == "needs_you"
    assert "organization" in run.sentence
    assert desk.tenant.stats()["writes"] == 0


@pytest.mark.parametrize("gone", ["inactive", "deleted"])
def test_a_category_mapped_to_a_code_that_autotask_no_longer_has(desk: Desk, gone: str) -> None:
    code = desk.ref("BillingCodes", "Software")
    desk.save(item_category=ItemCategoryMapping(rules={desk.hardware.id: CategoryRule(billing_code_id=code)}))
    if gone == "inactive":
        desk.tenant.edit("BillingCodes", code, isActive=False)
    else:
        desk.tenant.remove("BillingCodes", code)
    stored_lists.refresh(desk.runtime)
    quote = desk.quote({"name": "Never seen before", "category_id": desk.hardware.id})
    found = preflight.check(desk.runtime, quote)
    sentences = [problem.sentence for problem in (*found.stops, *found.may)]
    assert any("Never seen before" in one and "code" in one for one in sentences), sentences
    if gone == "deleted":
        run = desk.push(quote)
        assert run.state in ("failed", "needs_you")
        assert "Never seen before" in run.sentence
        assert quote.status == "pending"


def test_a_tax_code_deleted_after_publishing_is_pushed_as_published(desk: Desk) -> None:
    quote = desk.quote({"name": "Box", "unit_price": 100, "tax_code_id": desk.tax.id})
    entry = desk.publish(quote)
    lines.change(
        desk.rep,
        quote.id,
        quote.lines[0].uid,
        {
            "name": "Box",
            "unit_price": "100",
        },
    )
    db.session.delete(desk.tax)
    db.session.commit()
    run = desk.process(quote)
    assert entry.id
    assert run.state == "synced"
    *_, items = landed(desk)
    assert items[0]["isTaxable"] is True
    assert Decimal(str(items[0]["unitPrice"])) == 100


def test_organizations_whose_names_differ_in_case_are_one_company(desk: Desk) -> None:
    known = desk.tenant.query("Companies")[0]["companyName"]
    before = len(desk.tenant.query("Companies"))
    organization = Organization(name=known.upper(), phone="1")
    run = desk.push(desk.quote({"name": "Box"}, organization=organization))
    assert run.state == "synced", run.sentence
    assert len(desk.tenant.query("Companies")) == before


@pytest.mark.parametrize("typed", ["USA", "United States", "us", "Deutschland"])
def test_a_country_is_autotasks_however_it_was_typed(desk: Desk, typed: str) -> None:
    organization = desk.organization()
    organization.billing_country = typed
    run = desk.push(desk.quote({"name": "Rack"}, organization=organization))
    assert run.state == "synced", run.sentence
    company, *_ = landed(desk)
    wanted = "Germany" if typed == "Deutschland" else "United States"
    assert company["countryID"] == desk.ref("Countries", wanted)
