"""The fault matrix: whatever befalls whichever call of a push, Autotask then holds what an undisturbed push makes.

Field by field, with as many records created.
"""

from __future__ import annotations

import dataclasses
import os
import signal
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
import sqlalchemy
from flask import Flask

from tests.push.kit import Desk, every_kind, newest_entry, newest_run, open_desk
from tests.push.shape import shape
from tests.support.sandbox import Tenant
from webapp.models import OutboxEntry, Person, PushLease, Quote, db, utc_now
from webapp.services import outbox
from webapp.services.autotask import lease
from webapp.services.quoting import publishing

SHORT = 0.4
# `make test` lets every third call go wrong, each fault beginning at another one, so that every call meets several;
# `make faults` lets each fault befall each call.
STRIDE = 1 if os.environ.get("EVERY_FAULT") else 3
REMOTE_FAULTS: dict[str, dict[str, Any]] = {
    "cut before": {"kind": "cut_before"},
    "cut after commit": {"kind": "cut_after_commit"},
    "time-out after commit": {"kind": "timeout_after_commit", "seconds": SHORT * 2},
    "429": {"kind": "429"},
    "500": {"kind": "500"},
    "truncated body": {"kind": "truncated"},
    "thread limit without 429": {"kind": "thread_limit_sentence"},
    "html page": {"kind": "html"},
}


@pytest.fixture
def impatient(app: Flask, tenant: Tenant, redis_url: str) -> Iterator[Desk]:
    """A desk whose calls time out soon, so that the matrix is done soon."""
    runtime = app.extensions["quotewright"]
    hasty = dataclasses.replace(
        runtime, config=dataclasses.replace(runtime.config, autotask_timeout_seconds=SHORT)
    )
    app.extensions["quotewright"] = hasty
    with app.app_context():
        yield open_desk(app, tenant)


def marked_quote(desk: Desk) -> tuple[Quote, str]:
    """A quote of every kind whose names nothing else has."""
    mark = uuid.uuid4().hex[:10]
    organization = desk.organization(f"Nimbus {mark}")
    organization.billing_line2 = f"Floor {mark}"
    lines = every_kind(desk)
    for line in lines:
        if "mpn" not in line and "origin_id" not in line and line["name"] != "Managed Workstation":
            line["name"] += f" {mark}"
        if "sku" in line:
            line["sku"] += mark
    person = Person(
        organization=organization, first_name="Nora", last_name="Quist", email=f"nora@{mark}.example"
    )
    quote = desk.quote(*lines, organization=organization, person=person, title=f"Office {mark}")
    publishing.publish(desk.rep, quote.id)
    return quote, mark


def undisturbed(desk: Desk) -> tuple[dict[str, Any], int]:
    """The shape that every push must end in, and how many calls it takes."""
    quote, mark = marked_quote(desk)
    desk.tenant.forget_calls()
    run = desk.process(quote)
    assert run.state == "synced", run.sentence
    return shape(desk, quote, mark), int(desk.tenant.stats()["total"])


def recover(desk: Desk, quote: Quote) -> None:
    """Let time pass and the sweeper come by until the push is through."""
    desk.tenant._ask("DELETE", "/faults")
    for _ in range(6):
        db.session.rollback()
        past = utc_now() - timedelta(hours=1)
        db.session.execute(db.update(PushLease).values(expires_at=past))
        db.session.execute(
            db.update(OutboxEntry).where(OutboxEntry.state == "running").values(updated_at=past)
        )
        db.session.execute(
            db.update(OutboxEntry).where(OutboxEntry.state == "waiting").values(not_before=past)
        )
        db.session.commit()
        outbox.sweep(desk.runtime)
        entry = newest_entry(quote.id)
        db.session.refresh(entry)
        if entry.state == "waiting":
            outbox.process(desk.runtime, entry.id)
        else:
            break
    entry, run = newest_entry(quote.id), newest_run(quote.id)
    assert run is not None
    assert (entry.state, run.state) == ("done", "synced"), f"{entry.state} {run.state}: {run.sentence}"


def compare(desk: Desk, quote: Quote, mark: str, wanted: dict[str, Any], what: str) -> None:
    found = shape(desk, quote, mark)
    for part, rows in wanted.items():
        assert found[part] == rows, f"{what}: {part}"


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", REMOTE_FAULTS)
def test_any_call_may_go_wrong(impatient: Desk, name: str) -> None:
    wanted, calls = undisturbed(impatient)
    assert calls > 20
    for nth in range(1 + list(REMOTE_FAULTS).index(name) % STRIDE, calls + 1, STRIDE):
        quote, mark = marked_quote(impatient)
        impatient.tenant.add_fault(nth=nth, times=1, **REMOTE_FAULTS[name])
        outbox.process(impatient.runtime, newest_entry(quote.id).id)
        recover(impatient, quote)
        compare(impatient, quote, mark, wanted, f"{name} at call {nth}")


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("moment", ["before", "after"])
def test_the_worker_may_be_killed_at_any_call(impatient: Desk, moment: str) -> None:
    wanted, calls = undisturbed(impatient)
    for nth in range(1 + (moment == "after") % STRIDE, calls + 1, STRIDE):
        quote, mark = marked_quote(impatient)
        if not killed_push(impatient, newest_entry(quote.id).id, nth, moment):
            # Later pushes know the picklists already, so they end a few calls sooner.
            assert nth > 0.8 * calls
            break
        recover(impatient, quote)
        compare(impatient, quote, mark, wanted, f"SIGKILL {moment} call {nth}")


def killed_push(desk: Desk, entry_id: int, nth: int, moment: str) -> bool:
    """Process the entry in a process of its own, which is killed before or after its n-th call to Autotask.

    False when it needed fewer calls.
    """
    db.session.commit()
    child = os.fork()
    if child == 0:
        db.engine.dispose(close=False)
        at_call(nth, lambda: os.kill(os.getpid(), signal.SIGKILL), moment)
        try:
            outbox.process(desk.runtime, entry_id)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def at_call(nth: int, act: Callable[[], object], moment: str) -> Callable[[], None]:
    """Do something before or after the n-th HTTP call of this process; returns what undoes this."""
    original = requests.adapters.HTTPAdapter.send
    count = 0

    def send(self: Any, *args: Any, **kwargs: Any) -> Any:
        nonlocal count
        count += 1
        mine = count == nth
        if mine and moment == "before":
            act()
        answer = original(self, *args, **kwargs)
        if mine and moment == "after":
            act()
        return answer

    requests.adapters.HTTPAdapter.send = send  # type: ignore[method-assign]

    def undo() -> None:
        requests.adapters.HTTPAdapter.send = original  # type: ignore[method-assign]

    return undo


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_redis_may_be_flushed_at_any_call(impatient: Desk) -> None:
    wanted, calls = undisturbed(impatient)
    for nth in range(1, calls + 1, STRIDE):
        quote, mark = marked_quote(impatient)
        undo = at_call(nth, impatient.runtime.redis.flushall, "before")
        try:
            outbox.process(impatient.runtime, newest_entry(quote.id).id)
        finally:
            undo()
        recover(impatient, quote)
        compare(impatient, quote, mark, wanted, f"Redis flushed at call {nth}")


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.timeout(600)
def test_the_database_connection_may_be_lost_at_any_call(impatient: Desk) -> None:
    wanted, calls = undisturbed(impatient)
    admin = sqlalchemy.create_engine(db.engine.url, isolation_level="AUTOCOMMIT")
    drop = sqlalchemy.text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )

    def lose() -> None:
        with admin.connect() as connection:
            connection.execute(drop)

    for nth in range(1, calls + 1, STRIDE):
        quote, mark = marked_quote(impatient)
        undo = at_call(nth, lose, "before")
        try:
            outbox.process(impatient.runtime, newest_entry(quote.id).id)
        except sqlalchemy.exc.OperationalError:
            db.session.rollback()
        finally:
            undo()
        recover(impatient, quote)
        compare(impatient, quote, mark, wanted, f"database lost at call {nth}")
    admin.dispose()


@pytest.mark.slow
@pytest.mark.postgres
def test_a_worker_that_slept_through_its_lease_writes_nothing_more(
    impatient: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As long as a lease holds its holder may write, so here it has to be renewed more often than it is in life.
    monkeypatch.setattr(lease, "RENEW_SECONDS", 0.05)
    monkeypatch.setattr(lease, "FRESH_SECONDS", 0.2)
    wanted, calls = undisturbed(impatient)
    for nth in range(1, int(0.8 * calls), 4):
        quote, mark = marked_quote(impatient)
        sleeper = sleeping_push(impatient, newest_entry(quote.id).id, nth)
        end_idle_transactions()
        recover(impatient, quote)
        before = impatient.tenant.stats()["writes"]
        os.kill(sleeper, signal.SIGCONT)
        os.waitpid(sleeper, 0)
        assert impatient.tenant.stats()["writes"] == before
        assert newest_entry(quote.id).state == "done"
        compare(impatient, quote, mark, wanted, f"asleep after call {nth}")


def end_idle_transactions() -> None:
    """What idle_in_transaction_session_timeout does to a stopped process after a minute."""
    db.session.commit()
    db.session.execute(
        sqlalchemy.text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'"
        )
    )
    db.session.commit()


def sleeping_push(desk: Desk, entry_id: int, nth: int) -> int:
    """Process the entry in a process that is stopped right after its n-th call, and return its id."""
    db.session.commit()
    child = os.fork()
    if child == 0:
        db.engine.dispose(close=False)
        at_call(nth, lambda: os.kill(os.getpid(), signal.SIGSTOP), "after")
        try:
            outbox.process(desk.runtime, entry_id)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    return child
