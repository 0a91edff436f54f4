"""Reading Autotask back through its REST API, independently of the product's own client."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import requests


@dataclass(frozen=True)
class Credentials:
    """Where an Autotask is and how to enter. ``root``: the address before ``/v1.0/zoneInformation``."""

    root: str
    user: str
    secret: str
    code: str


class Reader:
    """Queries only; never writes."""

    def __init__(self, credentials: Credentials) -> None:
        self.session = requests.Session()
        self.session.headers.update(
            {
                "ApiIntegrationCode": credentials.code,
                "UserName": credentials.user,
                "Secret": credentials.secret,
                "Content-Type": "application/json",
            }
        )
        zone = self._json(
            self.session.get(
                f"{credentials.root.rstrip('/')}/v1.0/zoneInformation",
                params={"user": credentials.user},
                timeout=60,
            )
        )
        base = zone["url"].rstrip("/")
        self.base = base if base.lower().endswith("/v1.0") else f"{base}/v1.0"

    def query(self, entity: str, *conditions: tuple[str, str, Any]) -> list[dict[str, Any]]:
        """All records of ``entity`` that meet the (field, operator, value) conditions, every page of them."""
        filters = [{"op": op, "field": name, "value": value} for name, op, value in conditions]
        if not filters:
            filters = [{"op": "gte", "field": "id", "value": 0}]
        page = self._json(
            self.session.post(
                f"{self.base}/{entity}/query", json={"filter": filters, "maxRecords": 500}, timeout=60
            )
        )
        items = list(page["items"])
        while (page.get("pageDetails") or {}).get("nextPageUrl"):
            page = self._json(
                self.session.post(page["pageDetails"]["nextPageUrl"], json={"filter": filters}, timeout=60)
            )
            items += page["items"]
        return items

    def first(self, entity: str, *conditions: tuple[str, str, Any]) -> dict[str, Any] | None:
        """The record with the smallest id that meets the conditions, or None."""
        found = sorted(self.query(entity, *conditions), key=lambda record: int(record["id"]))
        return found[0] if found else None

    def attachment(self, opportunity_id: int, number: int) -> dict[str, Any] | None:
        """A file of an opportunity with its content, as base64 in ``data``."""
        address = f"{self.base}/Opportunities/{opportunity_id}/Attachments/{number}"
        answer = self._json(self.session.get(address, timeout=60))
        # Some clients read this one answer as a list.
        found = answer.get("item") or next(iter(answer.get("items") or []), None)
        return dict(found) if found else None

    def labels(self, entity: str, field_name: str) -> dict[str, str]:
        """A picklist as {value: label}; empty when the field is none."""
        answer = self._json(self.session.get(f"{self.base}/{entity}/entityInformation/fields", timeout=60))
        for entry in answer["fields"]:
            if entry["name"].lower() == field_name.lower():
                return {str(value["value"]): value["label"] for value in entry.get("picklistValues") or []}
        return {}

    @staticmethod
    def _json(response: requests.Response) -> Any:
        if not response.ok:
            raise RuntimeError(
                f"{response.request.method} {response.url}: {response.status_code} {response.text[:300]}"
            )
        return response.json(parse_float=Decimal, parse_int=int)
