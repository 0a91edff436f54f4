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
from tests.sandbox import noise
from tests.sandbox.kit import ALL
from tests.sandbox.noise import as_json, in_address, thorough

CODE, USER, SECRET = "FUZZ", "fuzz@example.com", "fuzz-secret"
HEADERS = {"ApiIntegrationCode": CODE, "UserName": USER, "Secret": SECRET}
OTHER = {"ApiIntegrationCode": "OTHER", "UserName": "other@example.com", "Secret": "other"}
API = "/atservicesrest/v1.0"


class World:
    """The sandbox, with a tenant that has everything and no limits."""

    def __init__(self) -> None:
        self.tenants = Tenants()
        free = {"threadLimit": 0, "hourlyThreshold": 0, "attachmentRateBytes": 10**12}
        self.tenants.create(CODE, USER, SECRET, "demo", **free)
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


@thorough(300)
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


@thorough(300)
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


@thorough(400)
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


@thorough(200)
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


@thorough(100)
@given(st.sampled_from(["429", "500", "503", "truncated", "html", "duplicate"]) | noise.text, noise.text)
def test_any_fault_header_is_answered(world: World, kind: str, more: str) -> None:
    header = "".join(sign for sign in f"{kind};{more}" if sign.isascii() and sign.isprintable())
    assume(not header.lower().lstrip().startswith(("delay", "hold", "slow", "cut", "timeout")))
    world.send("GET", f"{API}/Roles/1", headers={**HEADERS, "X-Sandbox-Fault": header})
