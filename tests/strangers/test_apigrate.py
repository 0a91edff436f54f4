"""@apigrate/autotask-restapi from npm, unchanged but for the base address."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.strangers.conftest import MANY, told
from tests.support.sandbox import Tenant

pytestmark = pytest.mark.strangers


def test_apigrate_finds_an_autotask(node: str, tenant: Tenant) -> None:
    results = told([node, str(Path(__file__).parent / "apigrate/story.js")], tenant)
    refusals = results.pop("refusals")
    assert results == {
        "get": "Demo MSP",
        "zone": {
            "zoneName": "Sandbox",
            "url": f"{tenant.sandbox_url}/ATServicesRest/",
            "webUrl": f"{tenant.sandbox_url}/tenants/{tenant.code}/",
            "ci": 1,
        },
        "missing": {"item": None},
        "query": {
            "items": [["city", "companyName", "id", "userDefinedFields"]],
            "details": {"count": 1, "requestCount": 500, "prevPageUrl": None, "nextPageUrl": None},
        },
        "nested_query": ["FortiGate Firewall 60F", "UPS BE600"],
        "count": MANY,
        "paging": {"all": MANY, "distinct": MANY},
        "info": False,
        "picklists": ["Lost", "Negotiation", "Prospect", "Qualified", "Quote Sent", "Won"],
        "user_defined_fields": ["Contract Tier"],
        "company": ["itemId"],
        "update": ["Stranger & Sons", "1112223344"],
        "contact": "President",
        "own_contact": {"firstName": "William", "middleInitial": None, "isActive": 1, "gone": None},
        "opportunity": "Brought by a stranger",
        "quote": True,
        "items": [2, 3],
        "amount_follows": 50,
        "replace": [7, None],
        "delete": None,
        "attachment": {"content": "%PDF-1.7 by a stranger", "listed": [None]},
        "threshold": [
            "currentTimeframeRequestCount",
            "externalRequestThreshold",
            "requestThresholdTimeframe",
        ],
        "webhook": True,
    }
    assert refusals["flat"] is None  # how this client tells of a 404
    assert (refusals["missing"]["status"], len(refusals["missing"]["errors"])) == (500, 3)
    assert (refusals["verb"]["status"], refusals["secret"]["status"]) == (405, 401)
    assert {refusals[name]["name"] for name in ("missing", "verb", "secret")} == {"AutotaskApiError"}
