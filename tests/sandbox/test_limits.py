"""The limits: threads at one endpoint, calls in an hour, and attachments in five minutes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from sandbox import limits
from sandbox.contract import entities
from sandbox.errors import ApiError
from sandbox.rules import new_record
from sandbox.tenants import Tenant as InProcess
from sandbox.tenants import Tenants
from tests.sandbox.rest_api import Api, attachment, deal
from tests.support.waiting import wait_for


@contextmanager
def held(api: Api, count: int, path: str = "/Products/query") -> Iterator[list[Future[int]]]:
    """``count`` calls held inside the sandbox, all at work when the block begins. They go on after it."""
    body = {"filter": [{"op": "eq", "field": "id", "value": 1}]}
    entity = path.split("/")[1]
    fault = api.tenant.add_fault(kind="hold", entity=entity, times=count, seconds=60)
    with ThreadPoolExecutor(count) as pool:
        calls = [pool.submit(lambda: api.call("POST", path, body).status_code) for _ in range(count)]
        wait_for(lambda: api.tenant.stats()["atWork"].get(entity) == count, f"{count} calls at work")
        yield calls
        api.tenant._ask("DELETE", f"/faults/{fault['id']}")


def test_a_fourth_thread_at_one_endpoint_is_refused(api: Api) -> None:
    with held(api, 3) as calls:
        assert "Thread Threshold Exceeded" in api.refused("GET", "/Products/1", status=429)
        assert api.call("GET", "/Services/9100").status_code == 200
    assert [call.result() for call in calls] == [200, 200, 200]
    assert api.call("GET", "/Products/1").status_code == 200
    stats = api.tenant.stats()
    assert stats["threadViolations"] == 1
    assert stats["maxConcurrency"]["Products"] == 4


def test_the_limit_can_be_changed_or_taken_away(api: Api) -> None:
    api.tenant.change(threadLimit=1)
    with held(api, 1) as calls:
        api.refused("GET", "/Products/1", status=429)
        api.tenant.change(threadLimit=0)
        assert api.call("GET", "/Products/1").status_code == 200
    assert calls[0].result() == 200


def test_children_count_with_their_own_entity(api: Api) -> None:
    api.tenant.change(threadLimit=1)
    with held(api, 1, "/Contacts/query"):
        api.refused("GET", "/Companies/175/Contacts", status=429)
        assert api.call("GET", "/Companies/175/Locations").status_code == 200


def test_the_zone_and_the_threshold_are_told_while_every_thread_is_taken(api: Api) -> None:
    api.tenant.change(threadLimit=1)
    with held(api, 1):
        assert api.call("GET", "/zoneInformation", params={"user": api.tenant.user}).status_code == 200
        assert api.call("GET", "/ThresholdInformation").status_code == 200


def used(api: Api) -> Any:
    return api.call("GET", "/ThresholdInformation").json()["currentTimeframeRequestCount"]


def test_usage_is_counted_and_told(api: Api) -> None:
    said = api.call("GET", "/ThresholdInformation").json()
    assert said == {
        "externalRequestThreshold": 10_000,
        "requestThresholdTimeframe": 60,
        "currentTimeframeRequestCount": 0,
    }
    api.query("Roles")
    api.query("Roles")
    assert used(api) == 2


def test_calls_are_refused_at_the_threshold_until_usage_falls(api: Api) -> None:
    api.tenant.change(hourlyThreshold=5, thresholdDelays=False)
    statuses = [api.call("GET", "/Roles/29683300").status_code for _ in range(7)]
    assert statuses == [200] * 5 + [429, 429]
    assert used(api) == 5
    assert "hourly request threshold" in api.refused("GET", "/Roles/29683300", status=429)
    api.tenant._ask("POST", "/usage", {"calls": 0})
    assert api.call("GET", "/Roles/29683300").status_code == 200


@pytest.mark.parametrize(("calls", "delays"), [(49, []), (50, [0.5]), (74, [0.5]), (75, [1.0]), (99, [1.0])])
def test_the_delay_before_the_threshold_grows(
    monkeypatch: pytest.MonkeyPatch, calls: int, delays: list[float]
) -> None:
    tenant = Tenants().create("BRAKE", "u", "s", "empty", hourlyThreshold=100)
    slept: list[float] = []
    monkeypatch.setattr("sandbox.limits.time.sleep", slept.append)
    tenant.log.pretend(calls)
    limits.brake(tenant)
    assert slept == delays


def test_every_call_can_be_made_slow(api: Api) -> None:
    api.tenant.change(latencyMs=120)
    api.query("Roles")
    assert api.tenant.calls()[-1]["durationMs"] >= 120


def test_an_attachment_is_at_most_as_large_as_the_limit(api: Api) -> None:
    path = f"/Opportunities/{deal(api).opportunity}/Attachments"
    api.tenant.change(attachmentBytes=1000)
    assert api.call("POST", path, attachment(b"x" * 1000)).status_code == 200
    assert "exceeds the maximum size" in api.refused("POST", path, attachment(b"x" * 1001))


def test_too_many_bytes_close_attachments(api: Api) -> None:
    path = f"/Opportunities/{deal(api).opportunity}/Attachments"
    api.tenant.change(attachmentRateBytes=2000)
    assert api.call("POST", path, attachment(b"x" * 1500)).status_code == 200
    assert "2,000 bytes in five minutes" in api.refused("POST", path, attachment(b"x" * 501))
    # One that would have fitted is refused as well.
    assert "five minutes" in api.refused("POST", path, attachment(b"x"))
    link = attachment(b"", attachmentType="URL", fullPath="https://example.com/proposal")
    assert "five minutes" in api.refused("POST", path, link)


def test_attachments_are_open_again_after_five_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    tenant: InProcess = Tenants().create("CLOCK", "u", "s", attachmentRateBytes=10)
    clock = [1000.0]
    monkeypatch.setattr("sandbox.entity_rules.time.monotonic", lambda: clock[0])

    def attach(data: bytes) -> None:
        body = {**attachment(data), "opportunityID": 4100}
        new_record(tenant, entities()["OpportunityAttachments"], body)

    attach(b"x" * 8)
    for later in (1, 299):
        clock[0] = 1000 + later
        with pytest.raises(ApiError, match="five minutes"):
            attach(b"x" * 3)
    clock[0] = 1302
    attach(b"x" * 3)


def test_usage_of_an_hour_ago_no_longer_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    log = Tenants().create("HOUR", "u", "s", "empty").log
    clock = [5000.0]
    monkeypatch.setattr("sandbox.calls.time.monotonic", lambda: clock[0])
    assert log.count_in(2) == 0
    clock[0] += 3599
    assert log.count_in(2) == 1
    assert log.count_in(2) is None
    assert log.in_last_hour() == 2
    clock[0] += 2
    assert log.in_last_hour() == 1
