"""The contract is data, whole, and the same as Autotask's own description wherever that is at hand."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client

from sandbox import contract
from sandbox.contract import Entity
from sandbox.tenants import Tenants
from sandbox.web import Sandbox
from stack.options import ROOT
from tests.sandbox.rest_api import ALL, Api

FACTS = ROOT.parent / "shared" / "autotask"
# What quoting needs, and no less.
WANTED = {
    *("Companies", "CompanyLocations", "Contacts", "Opportunities", "OpportunityAttachments"),
    *("Quotes", "QuoteItems", "QuoteLocations", "QuoteTemplates"),
    *("Products", "ProductVendors", "Services", "ServiceBundles"),
    *("Resources", "Roles", "BillingCodes", "TaxCategories", "Taxes", "TaxRegions"),
    *("PaymentTerms", "ShippingTypes", "Countries", "ClassificationIcons"),
    *("CompanyWebhooks", "ContactWebhooks"),
}
TYPES = {
    "integer(int64)": "integer",
    "integer(int32)": "integer",
    "int": "integer",
    "number(double)": "decimal",
    "boolean": "boolean",
    "bool": "boolean",
    "string": "string",
    "string(byte)": "bytes",
    "string(date-time)": "datetime",
    "Carbon": "datetime",
}
# Beyond the hint "not null": what else a create must bring, each with its reason in docs/sandbox.md.
ALSO_REQUIRED = {
    ("Companies", "companyType"),
}

facts_at_hand = pytest.mark.skipif(
    not FACTS.is_dir(), reason="Autotask's own description is not beside this project (../shared/autotask)"
)


def facts(name: str) -> Any:
    return json.loads((FACTS / name).read_text(encoding="utf-8"))


def addresses(entity: Entity) -> dict[str, set[str]]:
    """Each address of an entity with its verbs, as Swagger writes them."""
    routes = entity.routes
    flat = f"/V1.0/{entity.name}"
    found = {
        flat: routes["root"],
        f"{flat}/query": routes["query"],
        f"{flat}/query/count": routes["count"],
        f"{flat}/{{id}}": routes["item"],
        **{f"{flat}/{name}": ["GET"] for name in routes["information"]},
    }
    if entity.parent:
        below = f"/V1.0/{entity.parent.entity}/{{parentId}}/{entity.parent.collection}"
        found |= {below: routes["child"], f"{below}/{{id}}": routes["childItem"]}
        found |= {f"{below}/{name}": ["GET"] for name in routes["childInformation"]}
    return {address: set(verbs) for address, verbs in found.items() if verbs}


class Served:
    """The sandbox in this process, asked whether it takes a verb at an address."""

    def __init__(self) -> None:
        tenants = Tenants()
        limits = {"threadLimit": 0, "hourlyThreshold": 0}
        tenants.create("SERVED", "served@example.com", "s", "empty", **limits)
        self._client = Client(Sandbox(tenants))

    def takes(self, verb: str, address: str) -> bool:
        """True when there is such an address and it takes the verb, whatever it then says to an empty body."""
        path = "/ATServicesRest" + address.replace("{parentId}", "987654").replace("{id}", "987654")
        answer = self._client.open(
            path,
            method=verb,
            query_string={"user": "served@example.com"},
            headers={"ApiIntegrationCode": "SERVED", "UserName": "served@example.com", "Secret": "s"},
        )
        # An address or verb that Autotask does not have is told in its framework's way.
        return "Message" not in (answer.get_json(silent=True) or {})


def test_every_entity_that_quoting_needs_is_there() -> None:
    assert set(contract.entities()) >= WANTED


@pytest.mark.parametrize("entity", contract.entities().values(), ids=lambda entity: entity.name)
def test_references_and_parents_name_entities_and_fields_that_exist(entity: Entity) -> None:
    for field in entity.fields.values():
        assert not field.reference or field.reference in contract.entities(), field.name
    if entity.parent:
        assert entity.parent.entity in contract.entities()
        assert entity.parent.key in entity.fields
    assert next(iter(entity.fields)) == "id"


@facts_at_hand
def test_addresses_and_verbs_agree_with_swagger() -> None:
    swagger = {address: set(verbs) for address, verbs in facts("api-swagger-subset.json")["paths"].items()}
    for entity in contract.entities().values():
        ours = addresses(entity)
        flat = f"/V1.0/{entity.name}"
        if flat + "/query" not in swagger:
            continue  # a webhook's fields and the like, which the description at hand leaves out
        below = (
            f"/V1.0/{entity.parent.entity}/{{parentId}}/{entity.parent.collection}" if entity.parent else "-"
        )
        theirs = {
            address: verbs
            for address, verbs in swagger.items()
            if address in (flat, below) or address.startswith((flat + "/", below + "/"))
            # An address below one record of this entity belongs to a child.
            if not address.startswith(flat + "/{parentId}/")
        }
        assert ours == theirs, entity.name


@facts_at_hand
def test_each_address_in_swagger_is_served_with_its_verbs_and_no_other() -> None:
    """Asked of the running thing, not of the contract: every address of the description, and every verb at each."""
    served = Served()
    wrong: list[str] = []
    for address, verbs in facts("api-swagger-subset.json")["paths"].items():
        parts = address.removeprefix("/V1.0/").split("/")
        entity = contract.find(parts[0])
        child = contract.child_of(entity, parts[2]) if entity and parts[1:2] == ["{parentId}"] else entity
        if child is None and parts[0] not in ("ZoneInformation", "ThresholdInformation", ""):
            continue  # of an entity that quoting does not need
        all_verbs = {"GET", "POST", "PUT", "PATCH", "DELETE"}
        taken = {verb for verb in all_verbs if served.takes(verb, address)}
        wrong += [f"{verb} {address}" for verb in taken ^ set(verbs)]
    assert wrong == []


@facts_at_hand
def test_the_entities_that_swagger_has_and_the_sandbox_lacks_are_known() -> None:
    """What the description holds beyond the entities wanted; a new one must be decided upon, not overlooked."""
    paths = facts("api-swagger-subset.json")["paths"]
    names = {path.split("/")[2] for path in paths if path.endswith("/query")}
    assert names - set(contract.entities()) == {
        *("AttachmentInfo", "CompanyAttachments", "Currencies", "Invoices"),
        *("ProductTiers", "ResourceRoles", "ServiceBundleServices"),
    }


def test_every_address_of_the_contract_is_served_with_its_verbs_and_no_other() -> None:
    served = Served()
    for entity in contract.entities().values():
        for address, verbs in addresses(entity).items():
            taken = {
                verb for verb in ("GET", "POST", "PUT", "PATCH", "DELETE") if served.takes(verb, address)
            }
            assert taken == verbs, address


@facts_at_hand
@pytest.mark.parametrize("name", sorted(WANTED - {"CompanyWebhooks", "ContactWebhooks"}))
def test_the_addresses_for_writing_are_those_of_the_list_of_fields(name: str) -> None:
    theirs = set(facts("contract.json")["entities"][name]["writeRoutes"])
    ours = {
        f"{verb} {address}"
        for address, verbs in addresses(contract.entities()[name]).items()
        for verb in verbs & {"POST", "PUT", "PATCH", "DELETE"}
        if "query" not in address
    }
    # The list leaves out those of contacts and locations, which Swagger has.
    assert ours == theirs or (not theirs and name in ("Contacts", "CompanyLocations"))


@facts_at_hand
def test_only_wanted_entities_could_not_be_compared() -> None:
    swagger = facts("api-swagger-subset.json")["paths"]
    assert {name for name in WANTED if f"/V1.0/{name}/query" not in swagger} == set()


@facts_at_hand
@pytest.mark.parametrize("name", sorted(WANTED - {"CompanyWebhooks", "ContactWebhooks"}))
def test_fields_agree_in_name_type_and_in_what_must_not_be_null(name: str) -> None:
    theirs = facts("contract.json")["entities"][name]["fields"]
    # Every record has a list of user-defined fields; the other is an artefact of the API's own description.
    theirs = {k: v for k, v in theirs.items() if k not in ("userDefinedFields", "soapParentPropertyId")}
    ours = contract.entities()[name].fields
    assert set(ours) == set(theirs)
    for field, about in theirs.items():
        kind, _, mark = about["type"].partition(" ")
        assert ours[field].type == TYPES[kind], field
        if field != "id":
            wanted = about.get("notNull", False) or (name, field) in ALSO_REQUIRED
            assert ours[field].required == wanted, field
        assert ours[field].read_only or mark != "readOnly", field


@facts_at_hand
@pytest.mark.parametrize("name", ["CompanyWebhooks", "ContactWebhooks"])
def test_webhooks_have_the_fields_of_their_swagger_model(name: str) -> None:
    model = facts("api-swagger-subset.json")["models"][name.removesuffix("s") + "Model"]["properties"]
    theirs = {field[0].lower() + field[1:]: kind.split(" ")[0] for field, kind in model.items()}
    theirs.pop("userDefinedFields", None)
    ours = contract.entities()[name].fields
    assert {field: ours[field].type for field in ours} == {k: TYPES[v] for k, v in theirs.items()}


def model(name: str) -> set[str]:
    """The properties of a Swagger model as JSON writes them, less an artefact of the API's own description."""
    names = facts("api-swagger-subset.json")["models"][name]["properties"]
    # Capitals at the beginning become small: SKU is sku, SICCode sicCode, Name name.
    leading = re.compile(r"^[A-Z]+(?![a-z])|^[A-Z]")
    return {leading.sub(lambda found: found[0].lower(), one) for one in names} - {"soapParentPropertyId"}


@facts_at_hand
def test_every_answer_has_the_properties_of_its_swagger_model(api: Api) -> None:
    def said(path: str, **more: Any) -> Any:
        return api.call(more.pop("method", "GET"), path, **more).json()

    assert set(said("/zoneInformation", params={"user": api.tenant.user})) == model(
        "ZoneInformationResultModel"
    )
    assert set(said("/ThresholdInformation")) == model("ThresholdStatusResultModel")
    assert set(said(f"{api.tenant.root}/VersionInformation")) == model("ApiVersionResultModel")
    assert set(said("/Roles/query/count", method="POST", body=ALL)) == model("QueryCountResultModel")
    city = {"city": "Austin"}
    assert set(said("/QuoteLocations", method="POST", body=city)) == model("OperationResultModel")
    information = "/Companies/entityInformation"
    assert set(said(information)["info"]) == model("EntityInformationModel")
    fields = said(f"{information}/fields")["fields"]
    assert {key for field in fields for key in field} == model("FieldInformationModel")
    values = [value for field in fields for value in field["picklistValues"] or []]
    assert {key for value in values for key in value} == model("PickListValue")
    udfs = said(f"{information}/userDefinedFields")["fields"]
    assert set(udfs[0]) - {"dataType"} == model("Field")
    assert set(api.get("/Companies/0")["userDefinedFields"][0]) == model("UserDefinedField")


@facts_at_hand
@pytest.mark.parametrize("name", sorted(WANTED))
def test_a_record_has_exactly_the_fields_of_the_description(api: Api, name: str) -> None:
    """Asked of the running thing: what a record says, by REST, against both sources."""
    swagger = model(contract.entities()[name].singular + "Model")
    listed = facts("contract.json")["entities"].get(name, {"fields": swagger})["fields"]
    blank: list[dict[str, Any]] = [{}]
    made = api.tenant.seed(**{name: blank})[name][0]
    sent = set(api.get(f"/{name}/{made}"))
    assert sent - {"userDefinedFields"} == set(listed) - {"soapParentPropertyId", "userDefinedFields"}
    assert swagger <= sent


def test_the_answers_about_the_answers_have_the_fields_of_their_models(api: Api) -> None:
    """What entityInformation says, key by key, as in the Swagger models of the same names."""
    info = api.call("GET", "/Quotes/entityInformation").json()["info"]
    assert set(info) == {
        *("name", "canCreate", "canDelete", "canQuery", "canUpdate", "hasUserDefinedFields"),
        *("userAccessForCreate", "userAccessForDelete", "userAccessForQuery", "userAccessForUpdate"),
        "supportsWebhookCallouts",
    }
    fields = api.call("GET", "/Opportunities/entityInformation/fields").json()["fields"]
    assert set(fields[0]) == {
        *("name", "dataType", "length", "isRequired", "isReadOnly", "isQueryable", "isReference"),
        *("referenceEntityType", "isPickList", "picklistValues", "picklistParentValueField"),
        "isSupportedWebhookField",
    }
    stage = next(one for one in fields if one["name"] == "stage")
    assert set(stage["picklistValues"][0]) == {
        *("value", "label", "isDefaultValue", "sortOrder", "parentValue", "isActive", "isSystem"),
    }


@pytest.mark.parametrize("name", sorted(WANTED))
def test_every_entity_describes_itself_from_the_contract(api: Api, name: str) -> None:
    entity = contract.entities()[name]
    info = api.call("GET", f"/{name}/entityInformation").json()["info"]
    assert (info["canCreate"], info["canUpdate"], info["canDelete"]) == (
        entity.can_create,
        entity.can_update,
        entity.can_delete,
    )
    said = {one["name"]: one for one in api.call("GET", f"/{name}/entityInformation/fields").json()["fields"]}
    assert list(said) == list(entity.fields)
    for field in entity.fields.values():
        assert said[field.name]["isRequired"] == field.required
        assert said[field.name]["isReadOnly"] == field.read_only
        assert said[field.name]["isPickList"] == field.picklist
        assert bool(said[field.name]["picklistValues"]) == field.picklist, field.name


def test_each_entity_is_one_file_of_data() -> None:
    folder = Path(contract.__file__).parent
    assert {path.stem for path in folder.glob("*.json")} == set(contract.entities())
