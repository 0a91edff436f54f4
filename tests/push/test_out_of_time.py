"""The end of a job's time: whatever the push does then, it ends in order, and the next attempt goes on from there."""

from __future__ import annotations

import os
import signal
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from rq.timeouts import HorseMonitorTimeoutException, JobTimeoutException
from sqlalchemy import event

from tests.push.faults import at_call, recover
from tests.push.remote import items, opportunities
from tests.support.connected_desk import Desk, newest_entry
from tests.support.waiting import wait_for
from webapp.models import db
from webapp.models.delivery import DeliveryState
from webapp.services.autotask.push import results
from webapp.services.core import deadline
from webapp.services.core.deadline import Deadline
from webapp.services.delivery import attempt
from webapp.services.quoting.paper import document

# What goes on in the database when the time is over, and how many of these are passed over.
PLACES = {"a commit": ("after_commit", 3), "a statement": ("before_cursor_execute", 17)}


def ring() -> None:
    signal.raise_signal(signal.SIGALRM)


@contextmanager
def over_at(name: str, nth: int) -> Iterator[list[int]]:
    """A job whose time ends when SQLAlchemy's event comes for the ``nth`` time; yields how often it came."""
    seen = [0]
    target = db.session.registry() if name == "after_commit" else db.engine

    def on_event(*_arguments: Any) -> None:
        seen[0] += 1
        if seen[0] == nth:
            ring()

    event.listen(target, name, on_event)
    try:
        with Deadline(600, JobTimeoutException):
            yield seen
    finally:
        event.remove(target, name, on_event)


def test_a_push_that_runs_out_of_time_goes_on_where_it_was(desk: Desk) -> None:
    quote = desk.quote({"name": "Box"}, {"name": "Rack"}, {"name": "Shelf"})
    entry = desk.publish(quote)
    document.pdf_for(entry.revision_id or 0, desk.runtime.config.public_base_url)
    desk.tenant.add_fault(kind="hold", entity="QuoteItems", verb="create", times=0, seconds=60)

    def end_the_time() -> None:
        """When an item is on its way; it arrives while the push stops, and so do the others."""
        wait_for(lambda: desk.tenant._ask("GET", "/faults")[0]["struck"], "an item to be on its way")
        os.kill(os.getpid(), signal.SIGALRM)
        desk.tenant._ask("DELETE", "/faults")

    clock = threading.Thread(target=end_the_time)
    clock.start()
    with Deadline(600, JobTimeoutException):
        attempt.perform(desk.runtime, entry.id, early=True)
    clock.join()
    entry = newest_entry(quote.id)
    assert (entry.state, entry.outcome) == (DeliveryState.WAITING, results.OUT_OF_TIME.sentence)
    attempt.perform(desk.runtime, entry.id, early=True)
    assert newest_entry(quote.id).state == DeliveryState.DONE
    assert [row["name"] for row in items(desk)] == ["Box", "Rack", "Shelf"]
    creates = [
        call for call in desk.tenant.calls() if (call["entity"], call["verb"]) == ("QuoteItems", "create")
    ]
    assert len(creates) == 3, "what ended while the push stopped was kept"


def test_wherever_the_time_runs_out_the_push_goes_on(desk: Desk) -> None:
    nth = 1
    while True:
        quote = desk.quote({"name": f"Box {nth}"})
        entry = desk.publish(quote)
        with Deadline(600, JobTimeoutException), at_call(nth, ring, "after") as aim:
            attempt.perform(desk.runtime, entry.id, early=True)
        assert newest_entry(quote.id).state in (
            DeliveryState.RUNNING,
            DeliveryState.WAITING,
            DeliveryState.DONE,
        )
        recover(desk, quote.id)
        assert [row["name"] for row in items(desk)] == [f"Box {nth}"]
        assert len(opportunities(desk, "New office")) == nth
        if not aim.hit:
            break
        nth += 1
    assert nth > 8


@pytest.mark.both_databases
@pytest.mark.parametrize("place", PLACES)
def test_wherever_in_the_database_the_time_runs_out_the_push_goes_on(desk: Desk, place: str) -> None:
    name, stride = PLACES[place]
    nth, number, early = 1, 0, 0
    while True:
        number += 1
        quote = desk.quote({"name": f"Box {number}"})
        entry = desk.publish(quote)
        with over_at(name, nth) as seen:
            attempt.perform(desk.runtime, entry.id, early=True)
        entry = newest_entry(quote.id)
        assert entry.state in (DeliveryState.WAITING, DeliveryState.DONE), entry.outcome
        early += entry.state == DeliveryState.WAITING
        recover(desk, quote.id)
        assert [row["name"] for row in items(desk)] == [f"Box {number}"]
        if seen[0] < nth:
            break
        nth += stride
    assert early > 3, "some pushes looked before they were through"


@pytest.mark.parametrize("seconds", [0.03, 0.1, 0.3])
def test_a_push_ends_in_order_whenever_the_time_runs_out(desk: Desk, seconds: float) -> None:
    quote = desk.quote({"name": "Box", "description": "Words " * 500})
    entry = desk.publish(quote)
    with Deadline(600, JobTimeoutException):
        signal.setitimer(signal.ITIMER_REAL, seconds)
        attempt.perform(desk.runtime, entry.id, early=True)
    entry = newest_entry(quote.id)
    assert entry.state in (DeliveryState.WAITING, DeliveryState.DONE), entry.outcome
    recover(desk, quote.id)
    pdf = document.pdf_for(entry.revision_id or 0)
    assert (pdf[:5], pdf.rstrip()[-5:]) == (b"%PDF-", b"%%EOF")


def test_the_end_of_the_time_is_not_lost_in_a_destructor() -> None:
    class Thing:
        """Something that is watched."""

    with Deadline(600, JobTimeoutException):
        thing = Thing()
        weakref.finalize(thing, ring)
        assert not deadline.is_over()
        del thing
        with pytest.raises(deadline.OutOfTime):
            deadline.check()
    assert not deadline.is_over()
    deadline.check()


def test_a_worker_that_watches_a_job_is_still_woken() -> None:
    with Deadline(600, HorseMonitorTimeoutException), pytest.raises(HorseMonitorTimeoutException):
        ring()
    assert not deadline.is_over()
