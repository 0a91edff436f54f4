"""Many tenants in one process: apart from each other, seeded, reset, changed and removed from outside."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from werkzeug.test import Client

from sandbox.calls import KEEP_BODIES, KEEP_BODY, CallLog
from sandbox.tenants import Tenants
from sandbox.web import Sandbox
from tests.sandbox.rest_api import Api, attachment, company, deal, item_fields
from tests.support.sandbox import TIMEOUT, new_tenant


def admin(url: str, method: str, path: str, body: Any = None) -> requests.Response:
    return requests.request(method, f"{url}/sandbox{path}", json=body, timeout=TIMEOUT)


def test_tenants_do_not_see_each_other(api: Api, sandbox_url: str) -> None:
    other = Api(new_tenant(sandbox_url))
    number = company(api, "Only here")
    assert api.names("Companies", "id", {"op": "eq", "field": "companyName", "value": "Only here"}) == [
        number
    ]
    assert other.call("GET", f"/Companies/{number}").json() == {"item": None}
    assert len(other.tenant.calls()) == 1


def test_tenants_work_in_parallel(sandbox_url: str) -> None:
    """Eight tenants build the same deal at the same time, and each ends up with its own and nothing else."""

    def build(_: int) -> dict[str, int]:
        api = Api(new_tenant(sandbox_url, "demo"))
        made = deal(api, useQuoteTotals=True)
        for place in range(1, 11):
            api.create(made.items, **item_fields(api, sortOrderID=place, unitPrice=place))
        state = api.tenant.state()
        assert api.get(f"/Opportunities/{made.opportunity}")["amount"] == 55
        assert api.tenant.stats()["threadViolations"] == 0
        return {name: len(state[name]) for name in ("Quotes", "QuoteItems", "QuoteLocations")}

    with ThreadPoolExecutor(8) as pool:
        built = list(pool.map(build, range(8)))
    assert built == [{"Quotes": 1, "QuoteItems": 10, "QuoteLocations": 1}] * 8


def test_many_threads_of_one_tenant_lose_nothing(api: Api) -> None:
    api.tenant.change(threadLimit=0)
    made = deal(api, useQuoteTotals=True)
    body = item_fields(api, unitPrice=1)

    def add(place: int) -> int:
        return Api(api.tenant).create(made.items, **{**body, "sortOrderID": place})

    with ThreadPoolExecutor(12) as pool:
        numbers = list(pool.map(add, range(60)))
    assert len(set(numbers)) == 60
    assert api.get(f"/Opportunities/{made.opportunity}")["amount"] == 60


def test_a_reset_brings_the_seed_back_and_forgets_the_rest(api: Api) -> None:
    before = api.tenant.state()
    company(api)
    api.tenant.edit("Companies", 175, companyName="Changed")
    api.tenant.remove("Products", 8100)
    api.tenant._ask("PATCH", "/picklists/Companies/companyType", {"value": "1", "isActive": False})
    api.tenant.add_fault(kind="500", times=0)
    api.tenant.reset()
    assert api.tenant.state() == before
    assert api.tenant.calls() == []
    assert "Customer" in api.picklist("Companies", "companyType")


def test_the_empty_seed_has_reference_data_only(sandbox_url: str) -> None:
    api = Api(new_tenant(sandbox_url, "empty"))
    assert api.names("Companies", "id") == [0]
    assert api.query("Contacts") == api.query("Products") == api.query("Opportunities") == []
    for entity in ("Resources", "Roles", "BillingCodes", "TaxRegions", "TaxCategories", "Taxes", "Countries"):
        assert api.query(entity)


def test_seeding_adds_records_of_every_entity_as_they_are_given(api: Api) -> None:
    made = api.tenant.seed(
        Companies=[{"companyName": "Seeded"}, {"id": 5, "companyName": "Five", "isActive": False}],
        Taxes=[{"taxName": "Local", "taxRate": "1.25", "taxRegionID": 401, "taxCategoryID": 301}],
    )
    assert made["Companies"][1] == 5
    high = api.tenant.seed(Products=[{"name": "A"}, {"id": 90_000, "name": "B"}, {"name": "C"}])["Products"]
    assert high[1:] == [90_000, 90_001]
    assert api.get(f"/Companies/{made['Companies'][0]}")["companyName"] == "Seeded"
    assert api.get("/Companies/5")["isActive"] is False
    assert api.get(f"/Taxes/{made['Taxes'][0]}")["taxRate"] == 1.25


@pytest.mark.parametrize(
    "wrong",
    [
        {"Nonsense": [{}]},
        {"Companies": [{"colour": "red"}]},
        {"Companies": [{"companyType": "red"}]},
        {"Companies": [7]},
        {"Companies": 7},
        {"Companies": [{"id": 2**62}]},
        {"Companies": [{"id": -1}]},
        {"Companies": [{"userDefinedFields": [{"name": "Contract Tier", "value": {}}]}]},
        ["Companies"],
    ],
)
def test_a_wrong_seed_is_refused_as_a_whole(api: Api, wrong: Any) -> None:
    before = api.tenant.state()
    answer = admin(api.tenant.sandbox_url, "POST", f"/tenants/{api.tenant.code}/seed", wrong)
    assert answer.status_code == 400
    assert answer.json()["errors"]
    assert api.tenant.state() == before


def test_a_person_can_change_and_delete_what_the_api_cannot(api: Api) -> None:
    made = deal(api)
    edited = api.tenant.edit("Quotes", made.quote, externalQuoteNumber="X-1", isActive=False)
    assert (edited["externalQuoteNumber"], edited["id"]) == ("X-1", made.quote)
    api.tenant.remove("Quotes", made.quote)
    assert api.call("GET", f"/Quotes/{made.quote}").json() == {"item": None}


def test_the_state_tells_files_by_their_hash(api: Api) -> None:
    made = deal(api)
    api.create(f"/Opportunities/{made.opportunity}/Attachments", **attachment(b"content"))
    file = api.tenant.state()["OpportunityAttachments"][0]
    assert "data" not in file
    assert (file["size"], file["sha256"][:8]) == (7, "ed7002b4")


def test_the_calls_can_be_read_in_part_and_forgotten(api: Api) -> None:
    for _ in range(5):
        api.query("Roles")
    read = [call["seq"] for call in api.tenant._ask("GET", "/calls?since=2")]
    assert read == [3, 4, 5]
    assert [call["seq"] for call in api.tenant._ask("GET", "/calls?last=2")] == [4, 5]
    api.tenant._ask("DELETE", "/calls")
    assert api.tenant.calls() == []
    api.query("Roles")
    assert api.tenant.calls()[0]["seq"] == 6


def test_stats_count_by_verb_and_entity(api: Api) -> None:
    made = deal(api)
    api.tenant._ask("DELETE", "/calls")
    api.create(made.items, **item_fields(api))
    api.refused("POST", made.items, {})
    stats = api.tenant.stats()
    assert stats["creates"] == {"QuoteItems": 1}
    assert stats["byEntity"]["QuoteItems"] == {"create": 2, "metadata": 1}
    assert (stats["writes"], stats["byVerb"]["create"]) == (1, 2)


def test_a_tenants_secret_and_user_can_be_changed(api: Api) -> None:
    api.tenant.change(secret="rotated")
    assert api.call("GET", "/Companies/0").status_code == 401
    assert api.call("GET", "/Companies/0", headers={"Secret": "rotated"}).status_code == 200


def test_a_tenant_is_described_without_its_secret(api: Api) -> None:
    described = api.tenant._ask("GET", "")
    assert described["code"] == api.tenant.code
    assert described["threadLimit"] == 3
    assert "secret" not in described
    assert described in admin(api.tenant.sandbox_url, "GET", "/tenants").json()


def test_a_removed_tenant_is_gone(api: Api) -> None:
    api.tenant._ask("DELETE", "")
    assert api.call("GET", "/Companies/0").status_code == 401
    url = f"/tenants/{api.tenant.code}"
    assert admin(api.tenant.sandbox_url, "GET", url).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"code": "", "user": "u", "secret": "s"},
        {"code": "a/b", "user": "u", "secret": "s"},
        {"code": "SANDBOX-DEMO", "user": "u", "secret": "s"},
        {"code": "NEW-1", "user": "u", "secret": "s", "seed": "nonsense"},
        {"code": "NEW-2", "user": "u", "secret": "s", "colour": "red"},
        {"code": "NEW-3", "user": "u", "secret": "s", "threadLimit": "3"},
        {"code": "NEW-4", "user": "u", "secret": "s", "threadLimit": True},
        {"code": "NEW-5", "user": "u", "secret": "s", "hourlyThreshold": -1},
        {"code": "NEW-6", "user": "u", "secret": "s", "permissions": {"Companies": "query"}},
        {"code": "NEW-7", "user": "u", "secret": "s", "permissions": {"Nonsense": []}},
        {"code": "NEW-8", "user": "u", "secret": "s", "latencyMs": 120_001},
        {"code": "NEW-9", "user": "u", "secret": "s", "attachmentBytes": 10**400},
    ],
)
def test_a_wrong_tenant_is_refused_and_not_made(sandbox_url: str, wrong: dict[str, Any]) -> None:
    answer = admin(sandbox_url, "POST", "/tenants", wrong)
    assert answer.status_code == 400
    assert answer.json()["errors"][0].endswith(".")
    assert not any(one["code"].startswith("NEW-") for one in admin(sandbox_url, "GET", "/tenants").json())


def test_settings_are_changed_all_or_none(api: Api) -> None:
    url = f"/tenants/{api.tenant.code}"
    for wrong in ({"latencyMs": "slow"}, {"latencyMs": 10**9}, {"secret": ""}, {"user": ""}):
        answer = admin(api.tenant.sandbox_url, "PATCH", url, {"threadLimit": 7, **wrong})
        assert answer.status_code == 400
        assert api.tenant._ask("GET", "")["threadLimit"] == 3


def test_user_defined_fields_can_be_defined(api: Api) -> None:
    udf = {"name": "Account Manager", "value": "Rita"}
    number = company(api, userDefinedFields=[udf])
    assert udf not in api.get(f"/Companies/{number}")["userDefinedFields"]
    api.tenant._ask("POST", "/userDefinedFields/companies", {"name": "Account Manager"})
    api.change("/Companies", number, userDefinedFields=[udf])
    assert udf in api.get(f"/Companies/{number}")["userDefinedFields"]
    node = {"op": "eq", "field": "account manager", "udf": True, "value": "rita"}
    assert api.names("Companies", "id", node) == [number]
    assert "Account Manager" in api.picklist("CompanyWebhookUdfFields", "udfFieldID")
    url = f"/tenants/{api.tenant.code}/userDefinedFields"
    wrong: tuple[dict[str, Any], ...] = (
        {},
        {"name": ""},
        {"name": 7},
        {"name": "x" * 81},
        {"name": "ACCOUNT manager"},
        {"name": "phone"},
    )
    for body in wrong:
        assert admin(api.tenant.sandbox_url, "POST", f"{url}/Companies", body).status_code == 400
    assert admin(api.tenant.sandbox_url, "POST", f"{url}/Nonsense", {"name": "x"}).status_code == 404
    api.tenant.reset()
    described = api.call("GET", "/Companies/entityInformation/userDefinedFields").json()["fields"]
    assert [one["name"] for one in described] == ["Contract Tier"]


@pytest.mark.parametrize(
    "wrong", [{}, {"value": []}, {"value": "1", "label": 5}, {"value": "1", "isActive": "no"}]
)
def test_a_wrong_change_of_a_picklist_is_refused(api: Api, wrong: Any) -> None:
    before = api.picklist("Companies", "companyType")
    url = f"/tenants/{api.tenant.code}/picklists/Companies/companyType"
    answer = admin(api.tenant.sandbox_url, "PATCH", url, wrong)
    assert answer.status_code == 400
    assert answer.json()["errors"][0].endswith(".")
    assert api.picklist("Companies", "companyType") == before


def test_a_write_that_breaks_half_way_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What follows from a change belongs to it: where that fails, the change is undone, on the file too."""
    tenants = Tenants(tmp_path / "sandbox.db")
    store = tenants.create("BROKEN", "u", "s").store

    def put_and_break(*_: Any) -> None:
        store.put("Roles", {**store.table("Roles").rows[29683300], "name": "Half"})
        store.remove("Roles", 29683301)
        raise ArithmeticError

    before = {name: dict(store.table(name).rows) for name in ("Companies", "Roles")}
    monkeypatch.setattr("sandbox.changes.follow_up", put_and_break)
    headers = {"ApiIntegrationCode": "BROKEN", "UserName": "u", "Secret": "s"}
    complaints = io.StringIO()
    body = {"companyName": "Half", "companyType": 1, "phone": "1", "ownerResourceID": 29682880}
    client = Client(Sandbox(tenants))
    for method, more in (("POST", {}), ("PATCH", {"id": 175})):
        answer = client.open(
            "/atservicesrest/v1.0/Companies",
            method=method,
            json={**body, **more},
            headers=headers,
            errors_stream=complaints,
        )
        assert answer.status_code == 500
        assert answer.get_json()["errors"] == ["An error occurred while processing your request."]
    assert {name: dict(store.table(name).rows) for name in before} == before
    again = Tenants(tmp_path / "sandbox.db").find("BROKEN")
    assert again is not None
    assert {name: again.store.table(name).rows for name in before} == before


def test_a_reset_keeps_count_of_calls_at_work() -> None:
    tenant = Tenants().create("BUSY", "u", "s", "empty")
    assert tenant.log.begin("Roles", 1) == (1, False)
    tenant.log.add({"request": "", "response": ""})
    tenant.reset()
    assert tenant.log.since() == []
    assert tenant.log.begin("Roles", 1) == (2, True)
    tenant.log.add({"request": "", "response": ""})
    assert [call["seq"] for call in tenant.log.since()] == [2]


def test_a_removed_tenant_leaves_no_thread() -> None:
    tenants = Tenants()
    callbacks = tenants.create("GONE", "u", "s", "empty").callbacks
    callbacks.send("http://127.0.0.1:1/", b"{}", "sha1=")
    thread = callbacks._thread
    assert thread is not None
    tenants.remove("GONE")
    thread.join(TIMEOUT)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nonsense", 404),
        ("PUT", "/tenants", 405),
        ("PUT", "/tenants/SANDBOX-DEMO", 405),
        ("GET", "/tenants/SANDBOX-DEMO/nonsense", 404),
        ("GET", "/tenants/SANDBOX-DEMO/calls?since=x", 400),
        ("PATCH", "/tenants/SANDBOX-DEMO/Companies/abc", 400),
        ("PATCH", "/tenants/SANDBOX-DEMO/Nonsense/1", 404),
        ("DELETE", "/tenants/SANDBOX-DEMO/Companies/987654", 404),
        ("DELETE", "/tenants/SANDBOX-DEMO/faults/x", 400),
        ("PUT", "/tenants/SANDBOX-DEMO/faults", 405),
        ("PATCH", "/tenants/SANDBOX-DEMO/picklists/Companies/phone", 400),
        ("POST", "/tenants/SANDBOX-DEMO/usage", 400),
    ],
)
def test_a_wrong_admin_call_is_refused_with_a_sentence(
    sandbox_url: str, method: str, path: str, status: int
) -> None:
    answer = admin(sandbox_url, method, path)
    assert answer.status_code == status
    assert answer.json()["errors"][0]


def test_the_bodies_of_old_calls_are_let_go() -> None:
    log = CallLog()
    for number in range(KEEP_BODIES + 5):
        log.add({"request": f"asked {number}", "response": "x" * (KEEP_BODY + 1)})
    calls = log.since()
    assert [bool(call["request"]) for call in calls[:7]] == [False] * 5 + [True] * 2
    assert calls[-1]["response"] == "x" * KEEP_BODY + "…"
