"""While pushing is paused nothing begins, everything is kept and says why; afterwards all of it happens."""

from __future__ import annotations

import pytest
from redis import Redis
from rq import Queue

from tests.activity.office import Office
from tests.support.connected_desk import newest_entry, newest_run
from tests.support.visitor import Visitor, text
from webapp.services.autotask.connection import pausing
from webapp.services.autotask.push import results
from webapp.services.delivery import attempt, reader, room

PAUSE, RESUME = "/activity/pause", "/activity/resume"


def queued(redis_url: str) -> int:
    with Redis.from_url(redis_url) as redis:
        return len(Queue("pushes", connection=redis))


def sweep(office: Office) -> int:
    with office.desk() as desk:
        return room.sweep(desk.runtime, reader.get("autotask"))


@pytest.mark.both_databases
def test_nothing_is_queued_or_begun_until_it_is_resumed(
    office: Office, admin: Visitor, redis_url: str
) -> None:
    form = admin.form("/activity/", PAUSE)
    assert admin.send(form, {"reason": "Tidying up"}).status_code == 303
    quote_id = office.quote()
    assert sweep(office) == 0
    assert queued(redis_url) == 0
    entry_id, _, state = office.entry(quote_id)
    with office.desk() as desk:
        attempt.perform(desk.runtime, entry_id, early=True)
        assert newest_run(quote_id) is None
    assert state == "waiting"
    assert office.tenant.stats()["writes"] == 0
    said = text(admin.client.get("/activity/"))
    assert "Rita Rep paused Autotask sync" in said
    assert "Tidying up" in said
    assert "1 waiting." in said
    assert admin.send(admin.form("/activity/", RESUME)).status_code == 303
    assert queued(redis_url) == 1
    assert office.process(quote_id) == "synced"


def test_waiting_uses_up_no_attempt(office: Office, admin: Visitor) -> None:
    quote_id = office.quote()
    with office.desk() as desk:
        pausing.pause(desk.rep, "")
        for _ in range(results.MAX_ATTEMPTS + 5):
            attempt.perform(desk.runtime, newest_entry(quote_id).id, early=True)
        assert newest_entry(quote_id).attempt == 0
        assert "paused Autotask sync" in newest_entry(quote_id).outcome


def test_reps_cannot_pause_or_resume(office: Office, owner: Visitor, admin: Visitor) -> None:
    assert PAUSE not in owner.client.get("/activity/").text
    token = dict(owner.form("/quotes/new", "/logout").fields)["csrf_token"]
    assert owner.client.post(PAUSE, data={"csrf_token": token}).status_code == 403
    admin.send(admin.form("/activity/", PAUSE))
    assert RESUME not in owner.client.get("/activity/").text
    assert owner.client.post(RESUME, data={"csrf_token": token}).status_code == 403
    with office.app.app_context():
        assert pausing.current() is not None


def test_a_reason_is_kept_as_text(office: Office, admin: Visitor) -> None:
    admin.send(admin.form("/activity/", PAUSE), {"reason": "<script>alert(1)</script> " + "x" * 5000})
    page = admin.client.get("/activity/").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    with office.app.app_context():
        paused = pausing.current()
        assert paused
        assert len(paused.reason) <= 200


def test_pausing_and_resuming_twice_is_as_once(office: Office, admin: Visitor) -> None:
    token = dict(admin.form("/quotes/new", "/logout").fields)["csrf_token"]
    for address, wanted in ((PAUSE, True), (PAUSE, True), (RESUME, False), (RESUME, False)):
        assert admin.client.post(address, data={"csrf_token": token}).status_code == 303
        with office.app.app_context():
            assert (pausing.current() is not None) is wanted
