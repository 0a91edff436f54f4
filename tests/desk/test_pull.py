"""Beginning and filling a quote with what Autotask has: contacts, open opportunities, products and services, desk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.connected_desk import Desk
from tests.support.visitor import Visitor, text
from webapp.models import Item, Organization, Person, Quote, db
from webapp.services.autotask.connection import connection
from webapp.services.autotask.desk import pull
from webapp.services.core.errors import Invalid
from webapp.services.people import directory
from webapp.services.quoting.draft import editing, lines


def in_days(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT00:00:00Z")


def company(desk: Desk, name: str = "Harbor Clinic") -> int:
    number: int = desk.tenant.seed(
        Companies=[{"companyName": name, "phone": "+1 212 555 0177", "companyType": 1, "isActive": True}]
    )["Companies"][0]
    return number


def contact(desk: Desk, company_id: int, **values: Any) -> int:
    known = {"firstName": "Orla", "lastName": "Byrne", "emailAddress": "orla@harbor.example", "isActive": 1}
    number: int = desk.tenant.seed(Contacts=[{**known, "companyID": company_id, **values}])["Contacts"][0]
    return number


def opportunity(desk: Desk, company_id: int, title: str, close: str, **values: Any) -> int:
    model = desk.tenant.state()["Opportunities"][0]
    fields = {name: value for name, value in model.items() if name not in ("id", "contactID")}
    fields |= {"companyID": company_id, "title": title, "projectedCloseDate": close, "status": active(desk)}
    number: int = desk.tenant.seed(Opportunities=[{**fields, **values}])["Opportunities"][0]
    return number


def active(desk: Desk, label: str = "Active") -> int:
    fields = desk.tenant.get("/v1.0/Opportunities/entityInformation/fields")["fields"]
    status = next(field for field in fields if field["name"] == "status")
    return next(int(value["value"]) for value in status["picklistValues"] if value["label"] == label)


@pytest.mark.parametrize("words", ["Orla", "byrne", "Orla Byrne", "orla@harbor", "555 0188", "Harbor Cl"])
def test_a_contact_is_found_by_name_email_phone_or_company(desk: Desk, words: str) -> None:
    number = contact(desk, company(desk), phone="+1 212 555 0188")
    answer = pull.contacts(desk.runtime, words)
    assert answer.sentence == ""
    assert [hit.contact_id for hit in answer.hits] == [number]
    assert answer.hits[0].company_name == "Harbor Clinic"


def test_contacts_who_left_are_not_offered(desk: Desk) -> None:
    contact(desk, company(desk), isActive=0)
    assert pull.contacts(desk.runtime, "Orla").hits == []


def test_only_active_opportunities_that_close_in_the_future_are_offered(desk: Desk) -> None:
    here = company(desk)
    wanted = opportunity(desk, here, "Harbor refresh", in_days(20))
    opportunity(desk, here, "Harbor overdue", in_days(-1))
    opportunity(desk, here, "Harbor today", in_days(0))
    opportunity(desk, here, "Harbor lost", in_days(20), status=active(desk, "Lost"))
    hits = pull.opportunities(desk.runtime, "Harbor").hits
    assert [(hit.opportunity_id, hit.title, hit.company_name) for hit in hits] == [
        (wanted, "Harbor refresh", "Harbor Clinic")
    ]


def test_of_many_opportunities_those_that_close_soonest_are_offered(desk: Desk) -> None:
    here = company(desk)
    for days in range(60, 20, -1):
        opportunity(desk, here, f"Harbor {days}", in_days(days))
    hits = pull.opportunities(desk.runtime, "Harbor").hits
    assert [hit.title for hit in hits] == [f"Harbor {days}" for days in range(21, 46)]


def test_a_quote_begun_for_an_opportunity_is_for_its_contact_and_updates_it(
    desk: Desk, desk_admin: Visitor
) -> None:
    here = company(desk)
    orla = contact(desk, here, phone="+1 212 555 0188")
    number = opportunity(desk, here, "Harbor refresh", in_days(20), contactID=orla)
    form = desk_admin.form("/quotes/autotask/customers?q=Harbor", "autotask/opportunity")
    assert desk_admin.send(form).status_code == 303
    quote = db.session.scalars(db.select(Quote)).one()
    assert (quote.title, quote.autotask_opportunity_id) == ("Harbor refresh", number)
    assert quote.person is not None
    assert (quote.person.full_name, quote.person.organization.name) == ("Orla Byrne", "Harbor Clinic")

    desk_admin.send(desk_admin.form(f"/quotes/{quote.id}/find/autotask?q=Managed+Server", "lines/autotask"))
    before = {entity: len(rows) for entity, rows in desk.tenant.state().items()}
    assert desk_admin.send(desk_admin.form(f"/quotes/{quote.id}", "/publish")).status_code == 303
    run = desk.process(db.session.get_one(Quote, quote.id))
    assert (run.state, run.sentence) == ("synced", "")
    state = desk.tenant.state()
    made = {entity: len(rows) - before.get(entity, 0) for entity, rows in state.items()}
    assert {entity: count for entity, count in made.items() if count} == {
        "Quotes": 1,
        "QuoteItems": 1,
        "QuoteLocations": 1,
        "OpportunityAttachments": 1,
    }
    assert (state["Quotes"][-1]["opportunityID"], state["Quotes"][-1]["contactID"]) == (number, orla)


def test_an_opportunity_without_a_contact_begins_a_quote_for_its_company(
    desk: Desk, desk_admin: Visitor
) -> None:
    here = company(desk)
    gone = contact(desk, here)
    opportunity(desk, here, "Harbor refresh", in_days(20), contactID=gone)
    desk.tenant.remove("Contacts", gone)
    assert (
        desk_admin.send(
            desk_admin.form("/quotes/autotask/customers?q=Harbor", "autotask/opportunity")
        ).status_code
        == 303
    )
    quote = db.session.scalars(db.select(Quote)).one()
    assert quote.person is None
    assert quote.organization is not None
    assert quote.organization.name == "Harbor Clinic"


@pytest.mark.both_databases
def test_two_contacts_with_one_mailbox_are_two_people(desk: Desk) -> None:
    office, company_id = "office@harbor.example", company(desk)
    first = contact(desk, company_id, emailAddress=office)
    second = contact(desk, company_id, firstName="Ida", emailAddress=office)
    people = [pull.contact(desk.runtime, desk.rep, number) for number in (first, second, first, second)]
    assert [person.first_name for person in people] == ["Orla", "Ida", "Orla", "Ida"]
    assert len({person.id for person in people}) == 2


def test_somebody_with_the_same_e_mail_elsewhere_is_somebody_else(desk: Desk) -> None:
    elsewhere = Person(
        organization=Organization(name="Other"), first_name="O", last_name="B", email="orla@harbor.example"
    )
    db.session.add(elsewhere)
    db.session.commit()
    number = contact(desk, company(desk))
    person = pull.contact(desk.runtime, desk.rep, number)
    assert person.id != elsewhere.id
    assert person.organization is not None
    assert person.organization.name == "Harbor Clinic"
    assert pull.contact(desk.runtime, desk.rep, number).id == person.id


def test_a_product_category_becomes_category_and_subcategory(desk: Desk, desk_admin: Visitor) -> None:
    fields = desk.tenant.get("/v1.0/Products/entityInformation/fields")["fields"]
    values = next(field for field in fields if field["name"] == "productCategory")["picklistValues"]
    nested = next(value for value in values if value.get("parentValue"))
    above = next(value for value in values if value["value"] == nested["parentValue"])
    product = desk.tenant.state()["Products"][0]
    desk.tenant.edit("Products", product["id"], productCategory=int(nested["value"]), name="Pulled thing")
    draft = desk.quote({"name": "First"}, title="T")
    for _ in range(2):
        desk_admin.send(desk_admin.form(f"/quotes/{draft.id}/find/autotask?q=Pulled+thing", "lines/autotask"))
    item = db.session.scalars(db.select(Item).filter_by(origin_id=product["id"])).one()
    assert (item.category.parent.name, item.category.name) == (above["label"], nested["label"])
    assert [line.name for line in db.session.get_one(Quote, draft.id).lines] == [
        "First",
        "Pulled thing",
        "Pulled thing",
    ]


def test_without_autotask_the_rep_works_on_and_is_told(desk: Desk, desk_admin: Visitor) -> None:
    connection.disconnect(desk.rep)
    page = desk_admin.client.get("/quotes/autotask/customers?q=Harbor")
    assert page.status_code == 200
    assert "An admin disconnected Autotask." in text(page)
    assert desk_admin.client.get("/quotes/new?q=Harbor").status_code == 200


def test_two_companies_of_one_name_are_two_customers(desk: Desk) -> None:
    one, two = company(desk, "Harbor Clinic"), company(desk, "Harbor Clinic")
    first = pull.company(desk.runtime, desk.rep, one)
    second = pull.company(desk.runtime, desk.rep, two)
    assert first.id != second.id
    assert [pull.company_id_of(it) for it in (first, second)] == [one, two]
    quote = editing.create(desk.rep, organization=second)
    lines.add_ad_hoc(desk.rep, quote.id, {"name": "Rack", "unit_price": "100"})
    assert desk.push(quote).state == "synced"
    (row,) = desk.tenant.query(
        "Quotes", {"op": "eq", "field": "externalQuoteNumber", "value": str(quote.number)}
    )
    (deal,) = desk.tenant.query("Opportunities", {"op": "eq", "field": "id", "value": row["opportunityID"]})
    assert deal["companyID"] == two
    # Each can be corrected, and has people of its own.
    for organization in (first, second):
        directory.save_organization(
            desk.rep, organization, {"name": "Harbor Clinic", "phone": "+1 212 555 0178"}
        )
        known = {
            "last_name": "Byrne",
            "organization": "Harbor Clinic",
            "email": f"o{organization.id}@harbor.example",
        }
        person = directory.save_person(desk.rep, None, {**known, "organization_id": str(organization.id)})
        assert person.organization is organization
        assert directory.save_person(desk.rep, person, {**known, "title": "CFO"}).organization is organization
    with pytest.raises(Invalid):
        directory.save_organization(desk.rep, None, {"name": "Harbor Clinic"})


def test_an_opportunity_whose_contact_moved_away_is_its_companys(desk: Desk) -> None:
    former, now = company(desk, "Harbor Clinic"), company(desk, "Harbor Holding")
    person_id = contact(desk, former)
    pull.contact(desk.runtime, desk.rep, person_id)
    desk.tenant.edit("Contacts", person_id, companyID=now)
    hit = pull.opportunity(
        desk.runtime, opportunity(desk, now, "Harbor refresh", in_days(20), contactID=person_id)
    )
    person, organization = pull.customer(desk.runtime, desk.rep, hit)
    assert person is None
    assert organization
    assert organization.name == "Harbor Holding"


def test_a_company_brings_its_country(desk: Desk) -> None:
    germany = next(row["id"] for row in desk.tenant.query("Countries") if "German" in row["name"])
    fields = {"companyName": "Berliner Glas", "phone": "+49 30 1", "companyType": 1, "isActive": True}
    fields |= {"address1": "Kurfürstendamm 1", "city": "Berlin", "postalCode": "10623", "countryID": germany}
    (number,) = desk.tenant.seed(Companies=[fields])["Companies"]
    assert pull.company(desk.runtime, desk.rep, number).billing_country == "Germany"
