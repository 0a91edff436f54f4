"""Hostile and broken requests, in this process: each gets an answer, and none an exception that nobody foresaw.

The examples are the same at each run. ``FUZZ_EXAMPLES=20000`` looks further, at others each time.
"""

from __future__ import annotations

import io
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from werkzeug.test import Client
from werkzeug.wrappers import Response

from sandbox import contract
from sandbox.tenants import Tenants
from sandbox.web import Sandbox
from tests.sandbox import fuzz_strategies as noise
from tests.sandbox.fuzz_strategies import as_json, in_address
from tests.sandbox.rest_api import ALL
from tests.support.examples import examples

CODE, USER, SECRET = "FUZZ", "fuzz@example.com", "fuzz-secret"
HEADERS = {"ApiIntegrationCode": CODE, "UserName": USER, "Secret": SECRET}
OTHER = {"ApiIntegrationCode": "OTHER", "UserName": "other@example.com", "Secret": "other"}
API = "/atservicesrest/v1.0"


class World:
    """The sandbox, with a tenant that has everything and no limits."""

    def __init__(self) -> None:
        self.tenants = Tenants()
        free = {"threadLimit": 0, "hourlyThreshold": 0, "attachmentRateBytes": 10**12}
        self.tenant = self.tenants.create(CODE, USER, SECRET, "demo", **free)
        self._client = Client(Sandbox(self.tenants))

    def send(self, method: str, path: str, **more: Any) -> Response:
        """A request, and the checks that every answer must pass."""
        complaints = io.StringIO()
        answer = self._client.open(path, method=method, errors_stream=complaints, **more)
        assert complaints.getvalue() == ""
        assert 200 <= answer.status_code < 600
        body = answer.get_data(as_text=True)
        assert "Traceback" not in body
        assert SECRET not in body
        if answer.status_code >= 400 and answer.mimetype != "text/html" and method != "HEAD":
            sentences = json.loads(body)["errors"]
            assert sentences
            assert all(isinstance(sentence, str) and sentence for sentence in sentences)
        return answer


@pytest.fixture(scope="module")
def world() -> World:
    """The sandbox in this process."""
    return World()


def test_an_exception_that_nobody_foresaw_would_be_noticed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.rest.answer", lambda *_: 1 / 0)
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        world.send("GET", f"{API}/Roles/1", headers=HEADERS)


@examples(300)
@given(noise.records(), st.sampled_from(["POST", "PATCH", "PUT"]), noise.parents, st.booleans())
def test_any_record_is_taken_or_refused_with_sentences(
    world: World, made: tuple[contract.Entity, dict[str, Any]], method: str, parent: int, with_id: bool
) -> None:
    entity, body = made
    if with_id:
        body["id"] = parent
    path = f"/{entity.name}"
    if entity.parent:
        path = f"/{entity.parent.entity}/{parent}/{entity.parent.collection}"
    world.send(method, API + path, data=as_json(body), headers=HEADERS)
    # Whatever was taken can be read, by the API and by a person.
    world.send("POST", f"{API}/{entity.name}/query", data=as_json(ALL), headers=HEADERS)
    assert world.send("GET", f"/tenants/{CODE}/{entity.name}").status_code == 200


@examples(300)
@given(noise.searches(), st.booleans(), st.booleans())
def test_any_search_is_answered_or_refused(
    world: World, made: tuple[str, Any], by_get: bool, count: bool
) -> None:
    entity, search = made
    path = f"{API}/{entity}/query{'/count' if count else ''}"
    body = as_json(search)
    if by_get:
        answer = world.send("GET", path, query_string={"search": body.decode()}, headers=HEADERS)
    else:
        answer = world.send("POST", path, data=body, headers=HEADERS)
    assert answer.status_code in (200, 400, 500)
    if answer.status_code == 200 and not count:
        link = json.loads(answer.get_data())["pageDetails"]["nextPageUrl"]
        if link:
            parts = urlsplit(link)
            world.send("POST", f"{parts.path}?{parts.query}", data=body, headers=HEADERS)


ROOTS = [API, "/ATServicesRest/V1.0", "/atservicesrest", "", "/sandbox", "/tenants/FUZZ", "/autotask"]


@examples(400)
@given(
    st.sampled_from(ROOTS),
    st.lists(noise.segments, max_size=5),
    noise.methods,
    noise.anything,
    st.dictionaries(noise.text.map(in_address), noise.text.map(in_address), max_size=3),
    st.booleans(),
)
def test_any_address_is_answered(
    world: World, root: str, parts: list[str], method: str, body: Any, query: dict[str, str], signed: bool
) -> None:
    # The test client would read what follows two slashes as a host.
    path = "/" + "/".join([root, *map(in_address, parts)]).lstrip("/")
    headers = HEADERS if signed else {}
    world.send(method, path, data=as_json(body), query_string=query, headers=headers)


@examples(200)
@given(
    st.lists(st.sampled_from(noise.admin_words) | noise.segments, max_size=3),
    noise.methods,
    st.dictionaries(st.sampled_from(noise.settable) | st.sampled_from(noise.names), noise.anything),
)
def test_any_admin_call_is_answered(world: World, parts: list[str], method: str, body: Any) -> None:
    """At a tenant of its own, which may get any settings except those that would make the next call wait."""
    world.tenants.remove("OTHER")
    world.tenants.create("OTHER", OTHER["UserName"], OTHER["Secret"], "demo")
    path = "/".join(["/sandbox/tenants/OTHER", *map(in_address, parts)])
    world.send(method, path, data=as_json(body))
    world.send("GET", f"{API}/Companies/0", headers=OTHER)


@examples(100)
@given(st.sampled_from(["429", "500", "503", "truncated", "html", "duplicate"]) | noise.text, noise.text)
def test_any_fault_header_is_answered(world: World, kind: str, more: str) -> None:
    header = "".join(sign for sign in f"{kind};{more}" if sign.isascii() and sign.isprintable())
    assume(not header.lower().lstrip().startswith(("delay", "hold", "slow", "cut", "timeout")))
    world.send("GET", f"{API}/Roles/1", headers={**HEADERS, "X-Sandbox-Fault": header})


FILTER = b'{"op": "eq", "field": "id", "value": %s}'
NASTY = [
    b"",
    b"null",
    b"7",
    b'"text"',
    b"{} {}",
    b"{'id': 1}",
    b'{"id": 1,}',
    b"\xef\xbb\xbf{}",
    '{"companyName": "Zo\u00eb"}'.encode("utf-16"),
    b'{"companyName": "\xff\xfe\xc3\x28"}',
    b'{"companyName": "\x00\x01"}',
    b'{"companyName": "\\u0000 \\ud800 \\udc00\\ud800 \\uffff"}',
    b'{"\\ud800": "\\udfff", "\\u0000": {"\\ud83d": ["\\ude00"]}}',
    b'{"id": 1, "ID": 2, "iD": 3, "id": 4, "companyName": "a", "COMPANYNAME": "b"}',
    b'{"filter": [], "FILTER": [' + FILTER % b"1" + b'], "filter": [{}], "maxRecords": 1, "MaxRecords": 2}',
    *(
        b'{"id": %s, "companyType": %s, "calls": %s, "seconds": %s, "kind": "delay", "nth": %s}'
        % ((number,) * 5)
        for number in (
            b"1e400",
            b"-1e400",
            b"1e-400",
            b"1e999999999",
            b"9" * 5000,
            b"9" * 4000,
            b"-0",
            b"0.1e-7",
        )
    ),
    *(
        b'{"filter": [%s], "maxRecords": %s}' % (FILTER % number, number)
        for number in (
            b"1e400",
            b"1e309",
            b"9" * 5000,
            b"9" * 4000,
            b"NaN",
            b"Infinity",
            b"-Infinity",
            b"1e1",
        )
    ),
    b"[" * 100_000,
    b"[" * 100_000 + b"]" * 100_000,
    b"[" * 900 + b"]" * 900,
    b'{"filter": [' + b'{"op": "and", "items": [' * 5000 + b"]}" * 5000 + b"]}",
    b'{"filter": [' + b'{"op": "or", "items": [' * 60 + FILTER % b"1" + b"]}" * 60 + b"]}",
    b'{"a": ' * 3000 + b"1" + b"}" * 3000,
    b'{"userDefinedFields": ' + b"[" * 500 + b"]" * 500 + b"}",
    b'{"userDefinedFields": [{"name": "Contract Tier", "value": '
    + b'{"a": ' * 300
    + b"1"
    + b"}" * 300
    + b"}]}",
    b'{"filter": [{"op": "eq", "field": "id", "value": ' + b"[" * 500 + b"]" * 500 + b"}]}",
    b'{"filter": [{"op": {"op": "eq"}, "field": ["id"], "value": {"a": 1}, "udf": "true", "items": 7}]}',
    b'{"companyName": "' + b"x" * 1_000_000 + b'"}',
    b'{"code": "' + b"y" * 100_000 + b'", "user": [], "secret": {}, "seed": null}',
]
TARGETS = [
    *((method, f"{API}/Companies") for method in ("POST", "PATCH", "PUT")),
    ("POST", f"{API}/Companies/query"),
    ("POST", f"{API}/Companies/query/count"),
    (
        "POST",
        f"{API}/Companies/query/next?paging=%7B%22pageSize%22%3A1%2C%22previousIds%22%3A%5B%5D%2C%22nextIds%22%3A%5B0%5D%7D",
    ),
    ("POST", f"{API}/Companies/175/Contacts"),
    ("POST", f"{API}/Quotes/6100/Items"),
    ("DELETE", f"{API}/Companies/175/Contacts/30682000"),
    ("GET", f"{API}/Companies/0"),
    ("POST", "/sandbox/tenants"),
    ("PATCH", f"/sandbox/tenants/{CODE}"),
    ("POST", f"/sandbox/tenants/{CODE}/seed"),
    ("POST", f"/sandbox/tenants/{CODE}/faults"),
    ("POST", f"/sandbox/tenants/{CODE}/usage"),
    ("PATCH", f"/sandbox/tenants/{CODE}/Companies/175"),
    ("PATCH", f"/sandbox/tenants/{CODE}/picklists/Companies/companyType"),
    ("POST", "/"),
    ("POST", "/static/htmx.min.js"),
]


@pytest.mark.parametrize(("method", "path"), TARGETS)
def test_json_that_breaks_parsers_is_refused_or_taken(world: World, method: str, path: str) -> None:
    """By the API, by the admin routes and by pages; and what is in the log of it can be looked at by a person."""
    for body in NASTY:
        world.send(method, path, data=body, headers=HEADERS)
        world.tenant.faults.clear()
        if path.startswith(API):
            number = world.tenant.log.sequence
            assert world.send("GET", f"/tenants/{CODE}/calls/{number}").status_code == 200


@pytest.mark.parametrize("name", ["search", "paging"])
def test_json_that_breaks_parsers_may_stand_in_an_address(world: World, name: str) -> None:
    good = {
        "search": json.dumps(ALL),
        "paging": json.dumps({"pageSize": 1, "previousIds": [], "nextIds": [0]}),
    }
    for text in [body.decode("utf-8", "replace") for body in NASTY if len(body) < 60_000] + PAGES:
        query = {**good, name: text}
        answer = world.send("GET", f"{API}/Companies/query/next", query_string=query, headers=HEADERS)
        assert answer.status_code in (200, 400, 500)


PAGES = [
    json.dumps({"pageSize": size, "previousIds": trail, "nextIds": after})
    for size in (1, -5, 10**30, None, "1", 1.5, True)
    for trail, after in (
        ([], [0]),
        ([10**30], [-(10**30)]),
        ("12", "34"),
        ([None], [None]),
        ({}, {}),
        ([[]], [[]]),
    )
]


@st.composite
def doings(draw: st.DrawFn) -> list[tuple[str, str, Any]]:
    """What somebody does to a tenant by hand: seeds, changes and deletes records, changes picklists."""
    done: list[tuple[str, str, Any]] = []
    for _ in range(draw(st.integers(1, 6))):
        entity, body = draw(noise.records())
        number = draw(st.sampled_from(noise.known))
        kind = draw(st.integers(0, 5))
        fields = {name: value for name, value in body.items() if name in entity.fields}
        if kind <= 1:
            done.append(("POST", "seed", {entity.name: [fields]}))
        elif kind <= 3:
            done.append(("PATCH", f"{entity.name}/{number}", fields))
        elif kind == 4:
            done.append(("DELETE", f"{entity.name}/{number}", None))
        else:
            name = draw(st.sampled_from(list(entity.fields)))
            more: dict[str, Any] = draw(
                st.sampled_from([{"remove": True}, {"isActive": False}, {"label": "x"}])
            )
            done.append(("PATCH", f"picklists/{entity.name}/{name}", {"value": draw(noise.leaves), **more}))
    return done


@examples(60)
@given(doings(), st.sampled_from(["Quotes", "QuoteItems", "Companies", "Opportunities", "CompanyWebhooks"]))
def test_whatever_somebody_did_by_hand_the_api_and_the_pages_go_on(
    world: World, done: list[tuple[str, str, Any]], name: str
) -> None:
    world.tenants.remove("OTHER")
    tenant = world.tenants.create("OTHER", OTHER["UserName"], OTHER["Secret"], "demo", threadLimit=0)
    for method, path, body in done:
        world.send(method, f"/sandbox/tenants/OTHER/{path}", data=as_json(body))
    world.send("GET", "/tenants/OTHER")
    world.send("GET", "/sandbox/tenants/OTHER/state")
    touched = {path.partition("/")[0] for _, path, _ in done} | {
        key for _, _, body in done for key in body or {}
    }
    for entity in (touched | {name}) & set(contract.entities()):
        rows = list(tenant.store.table(entity).rows.values())[-3:]
        world.send("GET", f"/tenants/OTHER/{entity}")
        world.send("POST", f"{API}/{entity}/query", data=as_json(ALL), headers=OTHER)
        for row in rows:
            for tail in ("", "/file", "/_live"):
                world.send("GET", f"/tenants/OTHER/{entity}/{row['id']}{tail}")
            at = contract.entities()[entity]
            path = f"/{entity}"
            if at.parent:
                path = f"/{at.parent.entity}/{row[at.parent.key] or 0}/{at.parent.collection}"
            sent = json.dumps({**row, "isActive": True}, default=str)
            world.send("PATCH", API + path, data=sent, headers=OTHER)
