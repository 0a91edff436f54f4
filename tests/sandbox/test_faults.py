"""Faults on demand: each kind, how they are aimed, and that nobody gets one who did not ask."""

from __future__ import annotations

import json
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from sandbox.faults import KINDS
from tests.sandbox.rest_api import ALL, Api, talk
from tests.support.sandbox import TIMEOUT, new_tenant
from tests.support.waiting import wait_for

PRODUCT = {"name": "Marked", "productBillingCodeID": 29682700, "isActive": True, "isSerialized": False}


def made(api: Api) -> int:
    """How many of the marked products there are."""
    return sum(row["name"] == "Marked" for row in api.tenant.state()["Products"])


def create(api: Api, **headers: str) -> requests.Response:
    return api.call("POST", "/Products", PRODUCT, headers=headers)


def ask(api: Api, method: str, path: str, body: Any = None) -> requests.Response:
    """An admin call, whatever its status."""
    url = f"{api.tenant.sandbox_url}/sandbox/tenants/{api.tenant.code}{path}"
    return requests.request(method, url, json=body, timeout=TIMEOUT)


@pytest.fixture(params=["by admin route", "by header"])
def befall(request: pytest.FixtureRequest, api: Api) -> Any:
    """Create the marked product with a fault of a kind, asked for in both ways."""

    def call(kind: str, **more: Any) -> requests.Response:
        if request.param == "by admin route":
            api.tenant.add_fault(kind=kind, entity="Products", verb="create", **more)
            return create(api)
        return create(api, **{"X-Sandbox-Fault": ";".join([kind, *(f"{k}={v}" for k, v in more.items())])})

    return call


def test_nothing_goes_wrong_by_default(api: Api) -> None:
    assert ask(api, "GET", "/faults").json() == []
    assert [create(api).status_code for _ in range(20)] == [200] * 20
    assert all(call["fault"] == "" and call["committed"] for call in api.tenant.calls())


def test_a_delay_is_as_long_as_asked_for(api: Api, befall: Any) -> None:
    assert befall("delay", seconds=0.3).status_code == 200
    assert api.tenant.calls()[-1]["durationMs"] >= 300
    assert made(api) == 1


@pytest.mark.parametrize("kind", ["429", "500"])
def test_a_refusal_changes_nothing(api: Api, befall: Any, kind: str) -> None:
    answer = befall(kind)
    assert answer.status_code == int(kind)
    assert answer.json()["errors"]
    assert made(api) == 0


def test_a_thread_limit_may_come_without_a_429(api: Api, befall: Any) -> None:
    answer = befall("thread_limit_sentence")
    assert answer.status_code == 500
    assert "Thread Threshold Exceeded" in answer.json()["errors"][0]
    assert made(api) == 0


@pytest.mark.parametrize(("kind", "status"), [("503", 503), ("html", 200)])
def test_a_page_instead_of_json(api: Api, befall: Any, kind: str, status: int) -> None:
    answer = befall(kind)
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.text.startswith("<html>")
    assert made(api) == 0


def test_a_cut_before_changes_nothing(api: Api, befall: Any) -> None:
    with pytest.raises(requests.ConnectionError):
        befall("cut_before")
    assert made(api) == 0
    call = api.tenant.calls()[-1]
    assert (call["status"], call["fault"], call["committed"], call["request"]) == (0, "cut_before", False, "")


def test_a_cut_before_comes_before_the_request_is_read(api: Api) -> None:
    head = "".join(f"{name}: {value}\r\n" for name, value in api.tenant.headers.items())
    address = urlsplit(api.tenant.root)
    sent = (
        f"POST {address.path}/v1.0/Products HTTP/1.1\r\nHost: x\r\n{head}"
        "X-Sandbox-Fault: cut_before\r\nContent-Length: 1000000\r\n\r\n"
    )
    # Nothing of the announced body is sent, and still the connection ends at once.
    assert talk(api.tenant.root, sent.encode(), finish=False) == b""


def test_a_cut_after_the_commit_leaves_the_change(api: Api, befall: Any) -> None:
    with pytest.raises(requests.ConnectionError):
        befall("cut_after_commit")
    assert made(api) == 1
    call = api.tenant.calls()[-1]
    assert (call["status"], call["fault"], call["committed"]) == (0, "cut_after_commit", True)


def test_a_time_out_after_the_commit_leaves_the_change(api: Api, befall: Any) -> None:
    with pytest.raises(requests.ConnectionError):
        befall("timeout_after_commit", seconds=0.2)
    assert made(api) == 1


def test_truncated_json(api: Api, befall: Any) -> None:
    answer = befall("truncated")
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"Expecting|Unterminated|Extra"):
        json.loads(answer.text)
    assert made(api) == 1


def test_a_slow_body_is_whole_in_the_end(api: Api, befall: Any) -> None:
    answer = befall("slow_body", seconds=0.3)
    assert set(answer.json()) == {"itemId"}
    assert made(api) == 1


def test_a_slow_body_comes_in_drops_after_its_head(api: Api) -> None:
    url = f"{api.tenant.root}/v1.0/Roles/query"
    headers = {**api.tenant.headers, "X-Sandbox-Fault": "slow_body;seconds=0.2"}
    with requests.post(url, json=ALL, headers=headers, timeout=TIMEOUT, stream=True) as answer:
        drops = list(answer.raw.stream(amt=None, decode_content=False))
        size = int(answer.headers["Content-Length"])
    assert sum(len(drop) for drop in drops) == size


def test_a_duplicate_delivery_makes_two_and_tells_of_the_first(api: Api, befall: Any) -> None:
    number = befall("duplicate").json()["itemId"]
    assert made(api) == 2
    assert api.get(f"/Products/{number}")["name"] == "Marked"
    assert api.get(f"/Products/{number + 1}")["name"] == "Marked"


def test_every_kind_is_tried_here(api: Api) -> None:
    for kind in KINDS:
        assert ask(api, "POST", "/faults", {"kind": kind}).status_code == 201
    assert [fault["kind"] for fault in ask(api, "GET", "/faults").json()] == list(KINDS)


def statuses(api: Api, *calls: tuple[str, str]) -> list[int]:
    return [api.call(method, path, ALL if method == "POST" else None).status_code for method, path in calls]


def test_a_fault_is_aimed_at_an_entity_and_a_verb(api: Api) -> None:
    api.tenant.add_fault(kind="500", entity="products", verb="query", times=0)
    calls = [("POST", "/Products/query"), ("GET", "/Products/1"), ("POST", "/Services/query")]
    assert statuses(api, *calls, *calls) == [500, 200, 200] * 2
    assert statuses(api, ("POST", "/Products/query/count")) == [200]


def test_a_fault_is_aimed_at_a_child_by_the_childs_entity(api: Api) -> None:
    api.tenant.add_fault(kind="500", entity="Contacts", times=0)
    assert statuses(api, ("GET", "/Companies/175/Contacts"), ("GET", "/Companies/175")) == [500, 200]


def test_a_fault_befalls_the_nth_call_and_as_often_as_asked(api: Api) -> None:
    api.tenant.add_fault(kind="500", entity="Roles", nth=3, times=2)
    assert statuses(api, *[("GET", "/Roles/29683300")] * 6) == [200, 200, 500, 500, 200, 200]
    fault = ask(api, "GET", "/faults").json()[0]
    assert (fault["seen"], fault["struck"]) == (6, 2)


def test_one_call_takes_one_fault_and_the_others_wait(api: Api) -> None:
    api.tenant.add_fault(kind="500")
    api.tenant.add_fault(kind="429")
    assert statuses(api, *[("GET", "/Roles/29683300")] * 3) == [500, 429, 200]


def test_chance_is_repeatable_by_its_seed(api: Api, sandbox_url: str) -> None:
    def runs(seed: int) -> list[int]:
        ask(api, "DELETE", "/faults")
        api.tenant.add_fault(kind="500", probability=0.5, seed=seed, times=0)
        return statuses(api, *[("GET", "/Roles/29683300")] * 30)

    first = runs(7)
    assert runs(7) == first
    assert runs(8) != first
    assert 5 < first.count(500) < 25


def test_a_fault_befalls_an_address_of_no_entity_where_it_names_it(api: Api) -> None:
    api.tenant.add_fault(kind="500", times=0)
    user = {"user": api.tenant.user}
    calls = [("/zoneInformation", user), ("/ThresholdInformation", None), ("/Version", None)]

    def told() -> list[int]:
        return [api.call("GET", path, params=params).status_code for path, params in calls]

    assert told() == [200, 200, 200]
    api.tenant.add_fault(kind="503", verb="zone")
    api.tenant.add_fault(kind="429", verb="threshold")
    assert told() == [503, 429, 200]
    header = {"X-Sandbox-Fault": "html"}
    answer = api.call("GET", "/zoneInformation", params=user, headers=header)
    assert answer.headers["Content-Type"].startswith("text/html")


def test_a_fault_of_one_tenant_does_not_touch_another(api: Api, sandbox_url: str) -> None:
    other = Api(new_tenant(sandbox_url, "empty"))
    api.tenant.add_fault(kind="500", times=0)
    assert statuses(other, ("GET", "/Roles/29683300")) == [200]


def test_faults_can_be_taken_away_one_by_one_or_all(api: Api) -> None:
    first = api.tenant.add_fault(kind="500", times=0)["id"]
    api.tenant.add_fault(kind="429", times=0)
    assert statuses(api, ("GET", "/Roles/29683300")) == [500]
    ask(api, "DELETE", f"/faults/{first}")
    assert statuses(api, ("GET", "/Roles/29683300")) == [429]
    ask(api, "DELETE", "/faults")
    assert statuses(api, ("GET", "/Roles/29683300")) == [200]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"kind": "earthquake"},
        {"kind": "500", "colour": "red"},
        {"kind": "500", "entity": "Nonsense"},
        {"kind": "500", "verb": "dance"},
        {"kind": "500", "nth": 0},
        {"kind": "500", "times": -1},
        {"kind": "500", "times": []},
        {"kind": "500", "nth": 1.5},
        {"kind": "500", "nth": True},
        {"kind": "500", "seed": "x"},
        {"kind": "delay", "seconds": None},
        {"kind": "500", "probability": 2},
        {"kind": "500", "probability": "NaN"},
        {"kind": "delay", "seconds": 1e9},
        {"kind": "delay", "seconds": "Infinity"},
        ["500"],
    ],
)
def test_a_wrong_fault_is_refused_with_a_sentence(api: Api, wrong: Any) -> None:
    answer = ask(api, "POST", "/faults", wrong)
    assert answer.status_code == 400
    assert answer.json()["errors"][0].endswith(".")
    assert ask(api, "GET", "/faults").json() == []


def test_a_wrong_header_is_refused_with_a_sentence(api: Api) -> None:
    answer = create(api, **{"X-Sandbox-Fault": "earthquake"})
    assert answer.status_code == 400
    assert "Known: delay, hold, 429" in answer.json()["errors"][0]
    answer = create(api, **{"X-Sandbox-Fault": "delay;seconds=soon"})
    assert answer.status_code == 400
    assert answer.json()["errors"] == ["The seconds of a fault must be a number, not 'soon'."]
    assert made(api) == 0


def test_a_caller_who_leaves_early_does_not_undo_the_change(api: Api) -> None:
    """A time-out at the caller: the sandbox goes on and commits, as Autotask would."""
    fault = api.tenant.add_fault(kind="hold", entity="Products", seconds=60)
    body = json.dumps(PRODUCT)
    head = "".join(f"{name}: {value}\r\n" for name, value in api.tenant.headers.items())
    address = urlsplit(api.tenant.root)
    with socket.create_connection((address.hostname or "", address.port or 80), timeout=TIMEOUT) as caller:
        caller.sendall(
            f"POST {address.path}/v1.0/Products HTTP/1.1\r\nHost: x\r\n{head}"
            f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        wait_for(lambda: api.tenant.stats()["atWork"], "the call to be at work")
    ask(api, "DELETE", f"/faults/{fault['id']}")
    wait_for(lambda: made(api) == 1, "the product")
