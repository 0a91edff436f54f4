"""What the sandbox's tests speak with: raw REST calls of a tenant, and the records that most of them need."""

from __future__ import annotations

import base64
import socket
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.support.sandbox import TIMEOUT, Tenant

ALL: dict[str, Any] = {"filter": [{"op": "gte", "field": "id", "value": 0}]}
EFFECTIVE, EXPIRES = "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"


@dataclass
class Api:
    """A tenant's REST API as a caller meets it. Each method returns the answer, whatever its status."""

    tenant: Tenant
    session: requests.Session = field(default_factory=requests.Session)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        params: dict[str, str] | None = None,
    ) -> requests.Response:
        """One call; ``path`` is behind ``/v1.0`` or a whole address."""
        url = path if path.startswith("http") else f"{self.tenant.root}/v1.0{path}"
        return self.session.request(
            method,
            url,
            json=body,
            params=params,
            headers={**self.tenant.headers, **(headers or {})},
            timeout=TIMEOUT,
        )

    def query(self, entity: str, *nodes: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
        """The records of the first page that pass every node."""
        answer = self.call("POST", f"/{entity}/query", {"filter": list(nodes) or ALL["filter"], **more})
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    def names(self, entity: str, column: str, *nodes: dict[str, Any]) -> list[Any]:
        """One field of the records that pass, in order."""
        return [row[column] for row in self.query(entity, *nodes)]

    def get(self, path: str) -> dict[str, Any]:
        """The record at an address."""
        answer = self.call("GET", path)
        assert answer.status_code == 200, answer.text
        item: dict[str, Any] = answer.json()["item"]
        return item

    def create(self, path: str, **fields: Any) -> int:
        """A record made over REST; returns its id."""
        answer = self.call("POST", path, fields)
        assert answer.status_code == 200, answer.text
        number: int = answer.json()["itemId"]
        return number

    def change(self, path: str, number: int, **fields: Any) -> None:
        """A record changed by PATCH."""
        answer = self.call("PATCH", path, {"id": number, **fields})
        assert answer.status_code == 200, answer.text
        assert answer.json() == {"itemId": number}

    def refused(self, method: str, path: str, body: Any = None, status: int = 500) -> str:
        """The sentences of a refusal, joined."""
        answer = self.call(method, path, body)
        assert answer.status_code == status, answer.text
        return " ".join(answer.json()["errors"])

    def picklist(self, entity: str, name: str) -> dict[str, int]:
        """The active values of a picklist by label."""
        fields = self.call("GET", f"/{entity}/entityInformation/fields").json()["fields"]
        values = next(one for one in fields if one["name"] == name)["picklistValues"]
        return {one["label"]: int(one["value"]) for one in values if one["isActive"]}


@dataclass
class Deal:
    """A company with a contact, an opportunity and a quote, made over REST."""

    api: Api
    company: int
    contact: int
    opportunity: int
    location: int
    quote: int

    @property
    def items(self) -> str:
        """Where the quote's items are written."""
        return f"/Quotes/{self.quote}/Items"


def company(api: Api, name: str = "Nimbus Ltd", **fields: Any) -> int:
    """A customer."""
    owner = api.names("Resources", "id")[0]
    values = {"companyName": name, "companyType": 1, "phone": "+1 212 555 0100", "ownerResourceID": owner}
    return api.create("/Companies", **{**values, **fields})


def contact(api: Api, owner: int, **fields: Any) -> int:
    """A contact of a company."""
    values = {"firstName": "Nora", "lastName": "Quist", "isActive": 1}
    return api.create(f"/Companies/{owner}/Contacts", **{**values, **fields})


def opportunity(api: Api, customer: int, **fields: Any) -> int:
    """An opportunity of a company."""
    values = {
        "title": "New office",
        "companyID": customer,
        "ownerResourceID": api.names("Resources", "id")[0],
        "amount": 100,
        "cost": 60,
        "probability": 50,
        "stage": api.picklist("Opportunities", "stage")["Qualified"],
        "status": api.picklist("Opportunities", "status")["Active"],
        "startDate": EFFECTIVE,
        "projectedCloseDate": EXPIRES,
        "useQuoteTotals": False,
    }
    return api.create("/Opportunities", **{**values, **fields})


def quote_fields(deal: int, location: int, **fields: Any) -> dict[str, Any]:
    """The body of a quote that is whole."""
    return {
        "name": "Office hardware",
        "opportunityID": deal,
        "effectiveDate": EFFECTIVE,
        "expirationDate": EXPIRES,
        "billToLocationID": location,
        "shipToLocationID": location,
        "soldToLocationID": location,
        **fields,
    }


def deal(api: Api, **opportunity_fields: Any) -> Deal:
    """Everything that a quote item needs, from the company on."""
    customer = company(api)
    person = contact(api, customer)
    chance = opportunity(api, customer, **opportunity_fields)
    place = api.create("/QuoteLocations", address1="1 Broad Street", city="New York", postalCode="10004")
    return Deal(api, customer, person, chance, place, api.create("/Quotes", **quote_fields(chance, place)))


def item_fields(api: Api, kind: str = "Product", **fields: Any) -> dict[str, Any]:
    """The body of a quote item that is whole; ``kind`` is a label of quoteItemType."""
    references = {
        "Product": ("productID", "Products"),
        "Cost": ("chargeID", "BillingCodes"),
        "Labor": ("laborID", "Roles"),
        "Expense": ("expenseID", "BillingCodes"),
        "Shipping": ("shippingID", "ShippingTypes"),
        "Service": ("serviceID", "Services"),
        "Service Bundle": ("serviceBundleID", "ServiceBundles"),
    }
    column, entity = references[kind]
    return {
        "quoteItemType": api.picklist("QuoteItems", "quoteItemType")[kind],
        column: api.names(entity, "id")[0],
        "name": kind,
        "quantity": 1,
        "unitPrice": 100,
        "unitCost": 60,
        "unitDiscount": 0,
        "percentageDiscount": 0,
        "lineDiscount": 0,
        "isOptional": False,
        "sortOrderID": 1,
        **fields,
    }


def attachment(data: bytes, **fields: Any) -> dict[str, Any]:
    """The body of an attachment with a file."""
    return {
        "attachmentType": "FILE_ATTACHMENT",
        "title": "Proposal",
        "fullPath": "proposal.pdf",
        "publish": 1,
        "data": base64.b64encode(data).decode(),
        **fields,
    }


def talk(url: str, sent: bytes, *, seconds: float = TIMEOUT, finish: bool = True) -> bytes:
    """Send bytes to the server of ``url`` and return everything that it says until it closes."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "", parts.port or 80), timeout=seconds) as connection:
        try:
            connection.sendall(sent)
            if finish:
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # refused while we were still talking; what it said is what counts
        said = bytearray()
        try:
            while chunk := connection.recv(65536):
                said += chunk
        except ConnectionError:
            pass
    return bytes(said)
