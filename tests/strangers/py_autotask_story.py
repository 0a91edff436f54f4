"""Run by the interpreter that has py-autotask: do what a quoting tool does and print, as JSON, how each step went.

usage: py_autotask_story.py SANDBOX_URL CODE USER SECRET
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable
from typing import Any

from py_autotask import AutotaskClient  # type: ignore[import-not-found]  # in an environment of its own
from py_autotask.auth import AutotaskAuth  # type: ignore[import-not-found]

SANDBOX, CODE, USER, SECRET = sys.argv[1:5]
# The base address, which is all that is changed: the client has it as a constant of its class.
AutotaskAuth.ZONE_INFO_URL = f"{SANDBOX}/atservicesrest/v1.0/zoneInformation"

STEPS: dict[str, Callable[[], Any]] = {}
told: dict[str, Any] = {}


def connect(**changed: str) -> Any:
    """A client that knows its credentials and finds its zone itself."""
    given = {"username": USER, "integration_code": CODE, "secret": SECRET, **changed}
    return AutotaskClient.create(**given)


client = connect()


def step(work: Callable[[], Any]) -> Callable[[], Any]:
    """A step of the story, told by its name."""
    STEPS[work.__name__] = work
    return work


def named(entity: str) -> Any:
    """The client's handler of an entity, which knows how its children are written."""
    return client.entities.get_entity(entity)


@step
def zone() -> Any:
    return {"url": client.auth.api_url, "name": client.auth.zone_info.zone_name}


@step
def connection() -> Any:
    return client.auth.test_connection()


@step
def query() -> Any:
    found = client.companies.query({"field": "companyName", "op": "beginsWith", "value": "Alder"})
    return [item["companyName"] for item in found.items]


@step
def query_with_fields() -> Any:
    found = client.query(
        "Products",
        filters=[{"op": "contains", "field": "name", "value": "Firewall"}],
        max_records=3,
        include_fields=["id", "name", "unitPrice"],
    )
    return {"keys": sorted(found.items[0]), "count": found.page_details.count}


@step
def count() -> Any:
    return client.count("Products", {"filter": [{"op": "eq", "field": "manufacturerName", "value": "Many"}]})


@step
def get() -> Any:
    return [client.get("Companies", 0)["companyName"], client.get("Companies", 99999999)]


MANY = {"op": "eq", "field": "manufacturerName", "value": "Many"}


@step
def paging_by_links() -> Any:
    page = client.query("Products", filters=[MANY], max_records=500)
    names = [item["name"] for item in page.items]
    while page.page_details.next_page_url:
        body = {"filter": [MANY], "maxRecords": 500}
        answer = client.session.post(page.page_details.next_page_url, json=body).json()
        names += [item["name"] for item in answer["items"]]
        page = type(page)(**answer)
    return {"all": len(names), "distinct": len(set(names))}


@step
def paging_by_id() -> Any:
    last, names = 0, list[str]()
    while True:
        newer = {"op": "gt", "field": "id", "value": last}
        items = client.query("Products", filters=[MANY, newer], max_records=500).items
        if not items:
            return {"all": len(names), "distinct": len(set(names))}
        names += [item["name"] for item in items]
        last = items[-1]["id"]


@step
def picklists() -> Any:
    fields = client.get_field_info("Opportunities")["fields"]
    stage = next(field for field in fields if field["name"] == "stage")
    told["stages"] = {one["label"]: int(one["value"]) for one in stage["picklistValues"] if one["isActive"]}
    return sorted(told["stages"])


@step
def entity_information() -> Any:
    return client.get_entity_info("Quotes")["info"]["canDelete"]


@step
def company() -> Any:
    owner = client.query("Resources", filters=[{"op": "gt", "field": "id", "value": 0}]).items[0]["id"]
    made = client.companies.create_company(
        "Stranger & Sons", phone="+1 212 555 0100", owner_resource_id=owner
    )
    told.update(owner=owner, company=made.item_id)
    return client.companies.get(made.item_id)["companyName"]


@step
def contact() -> Any:
    body = {"companyID": told["company"], "firstName": "Sam", "lastName": "Stranger", "isActive": 1}
    told["contact"] = named("CompanyContacts").create(body).item_id
    return client.contacts.get(told["contact"])["companyID"] == told["company"]


@step
def opportunity() -> Any:
    body = {
        "title": "Brought by a stranger",
        "companyID": told["company"],
        "contactID": told["contact"],
        "ownerResourceID": told["owner"],
        "amount": 0,
        "cost": 0,
        "probability": 50,
        "stage": told["stages"]["Qualified"],
        "status": 1,
        "startDate": "2026-11-01",
        "projectedCloseDate": "2026-12-01",
        "useQuoteTotals": True,
    }
    told["opportunity"] = named("Opportunities").create(body).item_id
    return named("Opportunities").get(told["opportunity"])["title"]


@step
def quote() -> Any:
    place = client.create_entity("QuoteLocations", {"address1": "1 Main Street", "city": "Austin"}).item_id
    body = {
        "name": "A stranger's quote",
        "opportunityID": told["opportunity"],
        "effectiveDate": "2026-11-01T00:00:00",
        "expirationDate": "2026-12-01T00:00:00",
        "billToLocationID": place,
        "shipToLocationID": place,
        "soldToLocationID": place,
        "externalQuoteNumber": "STRANGER-1",
    }
    told["quote"] = client.create_entity("Quotes", body).item_id
    marked = client.query(
        "Quotes", filters=[{"op": "eq", "field": "externalQuoteNumber", "value": "STRANGER-1"}]
    )
    return [item["id"] for item in marked.items] == [told["quote"]]


@step
def items() -> Any:
    product = client.query("Products", filters=[{"op": "eq", "field": "isActive", "value": True}]).items[0]
    zero = {"unitDiscount": 0, "percentageDiscount": 0, "lineDiscount": 0, "isOptional": False}
    for place, quantity in enumerate((2, 3), start=1):
        body = {
            "quoteID": told["quote"],
            "quoteItemType": 1,
            "productID": product["id"],
            "sortOrderID": place,
        }
        named("QuoteItems").create({**body, **zero, "quantity": quantity, "unitPrice": 10})
    made = named("QuoteItems").query({"field": "quoteID", "op": "eq", "value": told["quote"]}).items
    return [item["quantity"] for item in made]


@step
def amount_follows() -> Any:
    return named("Opportunities").get(told["opportunity"])["amount"]


@step
def attachment() -> Any:
    body = {
        "opportunityID": told["opportunity"],
        "attachmentType": "FILE_ATTACHMENT",
        "title": "Proposal",
        "fullPath": "proposal.pdf",
        "publish": 1,
        "data": base64.b64encode(b"%PDF-1.7 by a stranger").decode(),
    }
    number = named("OpportunityAttachments").create(body).item_id
    url = f"{client.auth.api_url.rstrip('/')}/v1.0/Opportunities/{told['opportunity']}/Attachments/{number}"
    return base64.b64decode(client.session.get(url).json()["item"]["data"]).decode()


@step
def delete_an_item() -> Any:
    first = named("QuoteItems").query({"field": "quoteID", "op": "eq", "value": told["quote"]}).items[0]["id"]
    return client.delete_child_entity("Quotes", told["quote"], "Items", first)


def refusal(work: Callable[[], Any]) -> str:
    """The name of what the client raises."""
    try:
        work()
    except Exception as error:  # noqa: BLE001  which of the client's own it is, is what we want to know
        return type(error).__name__
    return "nothing"


@step
def refusals() -> Any:
    return {
        "flat address of a child": refusal(lambda: client.create_entity("QuoteItems", {"quoteID": 1})),
        "missing fields": refusal(lambda: client.create_entity("Companies", {})),
        "wrong secret": refusal(lambda: connect(secret="wrong").get("Companies", 0)),
        "unknown user": refusal(lambda: connect(username="nobody@nowhere.example").auth.api_url),
    }


def main() -> None:
    """Every step, whatever became of those before it."""
    results: dict[str, Any] = {}
    for name, work in STEPS.items():
        try:
            results[name] = work()
        except Exception as error:  # noqa: BLE001  told as the step's result
            results[name] = {"failed": f"{type(error).__name__}: {error}"}
    print(json.dumps(results))


if __name__ == "__main__":
    main()
