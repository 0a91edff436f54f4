"""py-autotask from PyPI, unchanged but for the base address."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.strangers.conftest import MANY, told
from tests.support.sandbox import Tenant

pytestmark = pytest.mark.strangers


def test_py_autotask_finds_an_autotask(strangers_python: str, tenant: Tenant) -> None:
    story = Path(__file__).parent / "py_autotask_story.py"
    results = told([strangers_python, "-W", "ignore", str(story)], tenant)
    assert results == {
        "zone": {"url": f"{tenant.sandbox_url}/ATServicesRest/", "name": "Sandbox"},
        "connection": True,
        "query": ["Alder Dental Group"],
        "query_with_fields": {"keys": ["id", "name", "unitPrice", "userDefinedFields"], "count": 3},
        "count": MANY,
        "get": ["Demo MSP", None],
        "paging_by_links": {"all": MANY, "distinct": MANY},
        "paging_by_id": {"all": MANY, "distinct": MANY},
        "picklists": ["Lost", "Negotiation", "Prospect", "Qualified", "Quote Sent", "Won"],
        "entity_information": False,
        "company": "Stranger & Sons",
        "contact": True,
        "opportunity": "Brought by a stranger",
        "quote": True,
        "items": [2, 3],
        "amount_follows": 50,
        "attachment": "%PDF-1.7 by a stranger",
        "delete_an_item": True,
        "refusals": {
            "flat address of a child": "AutotaskNotFoundError",
            "missing fields": "AutotaskAPIError",
            "wrong secret": "AutotaskAuthError",
            "unknown user": "AutotaskAuthError",
        },
    }
    kept = tenant.state()
    assert [quote["externalQuoteNumber"] for quote in kept["Quotes"]] == ["STRANGER-1"]
    assert [item["quantity"] for item in kept["QuoteItems"]] == [3]
