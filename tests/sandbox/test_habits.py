"""Habits of public clients, read in their code: what they send that nobody would write by hand must work as well."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from sandbox import rules
from tests.sandbox.rest_api import ALL, Api, talk
from tests.support.sandbox import TIMEOUT

MANY = {"filter": [{"op": "eq", "field": "manufacturerName", "value": "Many"}]}


@pytest.fixture
def many(api: Api) -> Api:
    """A forgiving tenant, as every tenant is unless somebody says otherwise, with 1,203 products of one maker."""
    api.tenant.change(strict=False)
    api.tenant.seed(Products=[{"name": f"Part {n}", "manufacturerName": "Many"} for n in range(1203)])
    return api


def all_pages(api: Api, root: str, method: str, body: Any) -> list[int]:
    """The ids on all pages, from a query by POST below ``root`` on; the next ones by ``method`` with ``body``."""
    answer = api.call("POST", f"{root}/Products/query", MANY).json()
    found = [row["id"] for row in answer["items"]]
    while link := answer["pageDetails"]["nextPageUrl"]:
        # Some clients send their credentials only to addresses that begin with the one they know.
        assert link.startswith(root)
        answer = api.call(method, link, body).json()
        found += [row["id"] for row in answer["items"]]
    return found


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("POST", None),  # tphakala/go-autotask
        ("POST", MANY),  # msoukhomlinov/n8n-nodes-autotask
        ("GET", None),  # KelvinTegelaar/AutotaskAPI
        ("GET", {}),
    ],
)
@pytest.mark.parametrize("join", ["/v1.0", "//V1.0"])
def test_pages_are_followed_in_every_way(many: Api, method: str, body: Any, join: str) -> None:
    zone = many.call("GET", "/zoneInformation", params={"user": many.tenant.user}).json()["url"]
    found = all_pages(many, zone.rstrip("/") + join, method, body)
    assert len(found) == len(set(found)) == 1203


def test_pages_are_asked_for_by_ids_above_the_last(many: Api) -> None:
    """autotask-client: the same filter again, with one more condition."""
    found: list[int] = []
    while not found or len(found) % 500 == 0:
        above = {"field": "id", "op": "gt", "value": found[-1] if found else 0}
        found += [row["id"] for row in many.query("Products", *MANY["filter"], above)]
    assert len(found) == len(set(found)) == 1203


def test_what_autotask_does_not_know_in_a_search_is_passed_over(api: Api) -> None:
    """wyre-technology/autotask-node sends sort and page, n8n-nodes-autotask a body with each GET."""
    found = api.call("POST", "/Roles/query", {**ALL, "sort": "name asc", "page": 2, "maxRecords": 2}).json()
    assert len(found["items"]) == 2
    search = {"search": json.dumps(ALL)}
    by_get = api.call("GET", "/Roles/query/", {}, params=search).json()["items"]
    assert by_get == api.query("Roles")
    assert api.call("GET", "/Roles/entityInformation/fields/", {}).json()["fields"]


def test_every_value_of_a_search_may_be_text(api: Api) -> None:
    """KelvinTegelaar/AutotaskAPI: a simple search knows no types."""
    for field, value in (
        ("isactive", "True"),
        ("id", "175"),
        ("createDate", "2020-01-01"),
        ("companyType", "1"),
    ):
        op = "gt" if field == "createDate" else "eq"
        assert api.query("Companies", {"field": field, "op": op, "value": value}), field


def test_json_may_stand_in_an_address_as_it_is(api: Api) -> None:
    """Not every HTTP library puts quotes and braces away."""
    head = "".join(f"{name}: {value}\r\n" for name, value in api.tenant.headers.items())
    path = urlsplit(f"{api.tenant.root}/v1.0/Companies//query").path
    search = '{"filter":[{"op":"eq","field":"companyName","value":"Demo%20MSP"}]}'
    sent = f"GET {path}?search={search} HTTP/1.1\r\nHost: x\r\n{head}Connection: close\r\n\r\n"
    said = talk(api.tenant.root, sent.encode())
    assert said.startswith(b"HTTP/1.1 200 ")
    assert json.loads(said.partition(b"\r\n\r\n")[2])["items"][0]["id"] == 0


def test_credentials_may_come_along_where_none_are_needed(api: Api) -> None:
    for path, params in (("/zoneInformation", {"user": api.tenant.user}), ("/Version", {})):
        assert api.call("GET", path, params=params).status_code == 200
    versions = requests.get(
        f"{api.tenant.sandbox_url}/atservicesrest/versioninformation",
        headers=api.tenant.headers,
        timeout=TIMEOUT,
    )
    assert versions.json()["apiVersions"][-1].lower() == "v1.0"


def test_a_whole_record_that_was_read_can_be_sent_back(api: Api) -> None:
    """By PATCH and by PUT, with its read-only fields, dates and user-defined fields as they came."""
    for path, number in (
        ("/Companies", 175),
        ("/Opportunities", 4100),
        ("/Products", 8100),
        ("/Services", 9100),
    ):
        record = api.get(f"{path}/{number}")
        for method in ("PATCH", "PUT"):
            answer = api.call(method, path, record)
            assert answer.json() == {"itemId": number}, answer.text
        again = api.get(f"{path}/{number}")
        changed = {name for name in record if record[name] != again[name]}
        assert changed <= {*rules.TOUCHED, *rules.TOUCHED_BY}
