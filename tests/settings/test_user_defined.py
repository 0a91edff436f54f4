"""Autotask's user-defined fields: shown per entity, filled for new records, missing ones said before writing."""

from __future__ import annotations

from tests.support.connected_desk import Desk
from tests.support.visitor import PAGE, Visitor, text
from webapp.models import RemoteMetadata, db
from webapp.models.integration import AUTOTASK
from webapp.services.autotask.connection import stored_lists
from webapp.services.autotask.preview import preflight
from webapp.services.autotask.settings.model import udf_key, udf_name


def define(desk: Desk, entity: str, name: str, *, required: bool) -> None:
    """An administrator adds a field in Autotask; then we read the lists again."""
    desk.tenant.define_field(entity, name, required=required)
    stored_lists.refresh(desk.runtime, [f"udfs:{entity}"])


def udfs(desk: Desk, entity: str, field: str, value: object) -> dict[str, str]:
    (row,) = desk.tenant.query(entity, {"op": "eq", "field": field, "value": value})
    return {entry["name"]: entry["value"] for entry in row["userDefinedFields"] if entry["value"]}


def test_new_records_get_their_user_defined_fields(desk: Desk) -> None:
    define(desk, "Companies", "Account - Manager", required=True)
    define(desk, "Contacts", "Source", required=False)
    define(desk, "Opportunities", "Deal 100%", required=True)
    define(desk, "Products", "Stock", required=True)
    company = desk.settings("company").model_copy(
        update={
            "company_udfs": {udf_key("Account - Manager"): "Sam"},
            "contact_udfs": {"Source": "Quote {number}"},
        }
    )
    opportunity = desk.settings("opportunity").model_copy(
        update={"opportunity_udfs": {udf_key("Deal 100%"): "{organization}: {title}"}}
    )
    products = desk.settings("products_services").model_copy(update={"product_udfs": {"Stock": "Albany"}})
    desk.save(company=company, opportunity=opportunity, products_services=products)
    quote = desk.quote({"name": "Rack"})
    run = desk.push(quote)
    assert run.state == "synced", run.sentence
    organization, person = quote.organization, quote.person
    assert organization is not None
    assert person is not None
    assert udfs(desk, "Companies", "companyName", organization.name) == {"Account - Manager": "Sam"}
    assert udfs(desk, "Contacts", "emailAddress", person.email) == {"Source": f"Quote {quote.number}"}
    assert udfs(desk, "Opportunities", "title", "New office") == {
        "Deal 100%": f"{organization.name}: New office"
    }
    assert udfs(desk, "Products", "name", "Rack") == {"Stock": "Albany"}
    before = desk.tenant.stats()["writes"]
    desk.process(quote)
    assert desk.tenant.stats()["writes"] == before, "an unchanged push writes nothing"


def test_a_key_is_its_name() -> None:
    for name in ("Plain", "With - dash: ü", "100%", "%2D", "a%25-b"):
        assert udf_name(udf_key(name)) == name
        assert not {"-", " ", ":"} & set(udf_key(name))


def test_a_required_field_without_a_value_stops_before_writing(desk: Desk) -> None:
    define(desk, "Opportunities", "Region", required=True)
    before = desk.tenant.stats()["writes"]
    run = desk.push(desk.quote({"name": "Rack"}))
    assert run.state == "needs_you"
    assert "Autotask requires “Region” for a new opportunity" in run.sentence
    assert desk.tenant.stats()["writes"] == before


def test_the_settings_ask_for_it(desk: Desk, desk_admin: Visitor) -> None:
    define(desk, "Opportunities", "Region - East", required=True)
    owner = desk.tenant.query("Resources")[0]["id"]
    desk.save(opportunity=desk.settings("opportunity").model_copy(update={"owner_resource_id": owner}))
    control = f"opportunity_udfs-{udf_key('Region - East')}"
    form = desk_admin.section("opportunity")
    refused = desk_admin.send(form, {control: ""})
    assert refused.status_code == 422
    assert "Autotask requires “Region - East” for new opportunities." in text(refused)
    saved = desk_admin.send(desk_admin.section("opportunity"), {control: "North {number}"})
    assert saved.status_code == 303, text(saved)
    desk.save()
    assert desk.settings("opportunity").opportunity_udfs == {udf_key("Region - East"): "North {number}"}


def test_a_field_that_was_renamed_is_named_and_stops_before_writing(desk: Desk, desk_admin: Visitor) -> None:
    define(desk, "Products", "Warranty", required=False)
    products = desk.settings("products_services").model_copy(update={"product_udfs": {"Warranty": "3 years"}})
    desk.save(products_services=products)
    assert desk.push(desk.quote({"name": "Rack"})).state == "synced"
    row = db.session.get_one(RemoteMetadata, (AUTOTASK, "udfs:Products"))
    row.content = [
        {**one, "name": "Warranty term"} if one["name"] == "Warranty" else one for one in row.content
    ]
    db.session.commit()
    before = desk.tenant.stats()["writes"]
    quote = desk.quote({"name": "Switch"}, title="Another")
    assert "“Warranty”" in " ".join(problem.sentence for problem in preflight.check(desk.runtime, quote).may)
    run = desk.push(quote)
    assert run.state == "needs_you"
    assert "The user-defined field “Warranty” of line 1 “Switch” is no longer in Autotask." in run.sentence
    assert desk.tenant.stats()["writes"] == before
    page = text(desk_admin.client.get(PAGE))
    sentence = "Autotask no longer has the user-defined field “Warranty” of products."
    assert sentence in page
    refused = desk_admin.save_integration()
    assert refused.status_code == 422
    assert sentence in text(refused)
    saved = desk_admin.send(
        desk_admin.section("products_services"), {"product_udfs-Warranty%20term": "3 years"}
    )
    assert saved.status_code == 303, text(saved)
    assert sentence not in text(desk_admin.client.get(PAGE))
    desk.save(products_services=products.model_copy(update={"product_udfs": {"Warranty%20term": "3 years"}}))
    assert desk.push(desk.quote({"name": "Router"}, title="A third")).state == "synced"
