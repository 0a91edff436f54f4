"""``make smoke`` itself: against an Autotask whose every id and label differs from the sandbox's own, and refusals."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stack.options import ROOT
from tests.support.sandbox import Tenant, new_tenant

# the labels of the other Autotask; its ids are shifted by 700
PICKLISTS = {
    ("Companies", "companyType"): ["Prospective client", "Client"],
    ("Opportunities", "stage"): ["Talking", "Offer made", "Settled"],
    ("Opportunities", "status"): ["Open deal", "Deal won", "Deal gone"],
    ("Opportunities", "winReason"): ["Charm"],
    ("Opportunities", "lossReason"): ["Bad luck"],
    ("QuoteItems", "quoteItemType"): ["Service Bundle", "Service", "Shipping", "Labor", "Product"],
    ("QuoteItems", "periodType"): ["Yearly", "Semi-Annual", "Quarterly", "Monthly", "One-Time"],
    ("Products", "periodType"): ["Monthly", "Yearly", "One-Time"],
    ("Products", "productCategory"): ["Everything"],
    ("Services", "periodType"): ["Quarterly", "Yearly", "Semi-Annual", "Monthly"],
    ("OpportunityAttachments", "publish"): ["All Autotask Users"],
}
FIRST_VALUE = 700


def value_of(entity: str, field: str, label: str) -> int:
    return FIRST_VALUE + PICKLISTS[entity, field].index(label)


def renumber(tenant: Tenant) -> None:
    """Give the tenant's picklists other values and labels, as another company's Autotask has."""
    for (entity, field), labels in PICKLISTS.items():
        fields = tenant.get(f"/v1.0/{entity}/entityInformation/fields")["fields"]
        old: list[dict[str, Any]] = next(
            entry["picklistValues"] for entry in fields if entry["name"] == field
        )
        for entry in old:
            tenant._ask("PATCH", f"/picklists/{entity}/{field}", {"value": entry["value"], "remove": True})
        for place, label in enumerate(labels, start=FIRST_VALUE):
            tenant._ask("PATCH", f"/picklists/{entity}/{field}", {"value": str(place), "label": label})


def stock(tenant: Tenant) -> None:
    """Two products and two services."""
    code = tenant.query("BillingCodes", {"op": "eq", "field": "useType", "value": 4})[0]["id"]
    recurring = tenant.query("BillingCodes", {"op": "eq", "field": "useType", "value": 5})[0]["id"]
    product = {"productBillingCodeID": code, "isActive": True, "isSerialized": False, "unitPrice": 12}
    service = {"billingCodeID": recurring, "isActive": True, "unitPrice": 9, "unitCost": 3}
    once, quarterly = (
        value_of("Products", "periodType", "One-Time"),
        value_of("Services", "periodType", "Quarterly"),
    )
    tenant.seed(
        Products=[
            {**product, "name": f"Gadget {part}", "manufacturerProductName": part, "periodType": once}
            for part in ("G-1", "G-2")
        ],
        Services=[
            {**service, "name": name, "periodType": quarterly} for name in ("Roof check", "Boiler check")
        ],
    )


def run(**environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "smoke"],
        cwd=ROOT,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )


@pytest.mark.smoke
def test_it_agrees_on_an_autotask_with_other_ids_and_labels(sandbox_url: str) -> None:
    tenant = new_tenant(sandbox_url, seed="empty")
    renumber(tenant)
    stock(tenant)
    done = run(
        SMOKE_AUTOTASK_ROOT=tenant.root,
        SMOKE_AUTOTASK_USER=tenant.user,
        SMOKE_AUTOTASK_SECRET=tenant.secret,
        SMOKE_AUTOTASK_CODE=tenant.code,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Every amount agrees" in done.stdout
    assert "Deal won" in done.stdout
    assert len(tenant.query("QuoteItems")) == 26
    assert len(tenant.query("OpportunityAttachments")) == 3


def test_half_an_address_is_refused_before_anything_starts() -> None:
    done = run(SMOKE_AUTOTASK_ROOT="https://webservices.autotask.net/atservicesrest")
    assert done.returncode == 1
    assert "SMOKE_AUTOTASK_USER, SMOKE_AUTOTASK_SECRET, SMOKE_AUTOTASK_CODE" in done.stderr


@pytest.mark.smoke
def test_it_fails_and_says_why_when_something_did_not_land(sandbox_url: str) -> None:
    tenant = new_tenant(sandbox_url)
    tenant.change(permissions={"OpportunityAttachments": ["query"]})
    done = run(
        SMOKE_AUTOTASK_ROOT=tenant.root,
        SMOKE_AUTOTASK_USER=tenant.user,
        SMOKE_AUTOTASK_SECRET=tenant.secret,
        SMOKE_AUTOTASK_CODE=tenant.code,
    )
    assert done.returncode == 1
    assert "The PDF of revision 1 is not on the opportunity." in done.stderr
    assert "The quote's page calls its push" in done.stderr
    assert "Every amount agrees" not in done.stdout
    kept = re.search(r"kept in (\S+)/logs", done.stderr)
    assert kept
    assert (Path(kept[1]) / "logs" / "worker.log").exists()
    shutil.rmtree(kept[1])
