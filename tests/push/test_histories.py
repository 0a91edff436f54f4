"""What one push at a time does not show: publish, kill, publish again, rename, change, another fault in between.

Each history ends as an undisturbed one would: the newest revision, nothing twice, nothing missing.
"""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from rq.timeouts import JobTimeoutException, UnixSignalDeathPenalty

from tests.push.faults import SHORT, at_call, killed_push, recover
from tests.support.connected_desk import Desk, newest_entry
from tests.support.waiting import wait_for
from webapp.models import Delivery, PushCall, PushLease, PushStep, Quote, db, utc_now
from webapp.models.delivery import DeliveryState
from webapp.models.push import StepState
from webapp.services.autotask.connection import metadata
from webapp.services.autotask.push import results
from webapp.services.core import deadline
from webapp.services.core.pool import Pool
from webapp.services.delivery import attempt, reader, room
from webapp.services.quoting.answer import acceptance
from webapp.services.quoting.lifecycle import publishing, transitions
from webapp.services.quoting.paper import document


def opportunities(desk: Desk, *titles: str) -> list[dict[str, Any]]:
    """The opportunities of these titles in Autotask."""
    return [row for row in desk.tenant.state()["Opportunities"] if row["title"] in titles]


def items(desk: Desk) -> list[dict[str, Any]]:
    """All items of the newest quote, in order."""
    state = desk.tenant.state()
    number = state["Quotes"][-1]["id"]
    rows = [row for row in state["QuoteItems"] if row["quoteID"] == number]
    return sorted(rows, key=lambda row: row["sortOrderID"])


def set_price(quote: Quote, price: int) -> None:
    quote.lines[0].unit_price = Decimal(price)
    db.session.commit()


def leases_run_out() -> None:
    """Let the leases of dead workers run out, as their time would."""
    db.session.execute(db.update(PushLease).values(expires_at=utc_now() - timedelta(minutes=1)))
    db.session.commit()


def sweep_and_process(desk: Desk, quote_id: int) -> None:
    """The sweeper comes by when the dead worker's time is over, and workers do whatever it queues."""
    past = utc_now() - timedelta(hours=1)
    running = db.update(Delivery).where(Delivery.state == DeliveryState.RUNNING)
    db.session.execute(running.values(lease_until=past).execution_options(synchronize_session=False))
    leases_run_out()
    room.sweep(desk.runtime, reader.get("autotask"))
    for entry_id in db.session.scalars(
        db.select(Delivery.id).filter_by(reader="autotask", quote_id=quote_id)
    ).all():
        attempt.perform(desk.runtime, entry_id, early=True)


def killed_in_mid_push(desk: Desk, entry_id: int) -> None:
    assert killed_push(desk, entry_id, 3, "after")


def killed_between_claim_and_lease(_desk: Desk, entry_id: int) -> None:
    entry = db.session.get_one(Delivery, entry_id)
    entry.state = DeliveryState.RUNNING
    db.session.commit()


@pytest.mark.parametrize("dies", [killed_in_mid_push, killed_between_claim_and_lease])
def test_an_old_revision_is_never_put_back(desk: Desk, dies: Callable[[Desk, int], None]) -> None:
    quote = desk.quote({"name": "Box", "unit_price": 100})
    assert desk.push(quote).state == "synced"
    set_price(quote, 200)
    old = desk.publish(quote)
    dies(desk, old.id)
    leases_run_out()
    set_price(quote, 300)
    assert desk.push(quote).state == "synced"
    sweep_and_process(desk, quote.id)
    assert [row["unitPrice"] for row in items(desk)] == [300]
    assert newest_entry(quote.id).state == DeliveryState.DONE


@pytest.mark.parametrize("fault", ["503", "500", "cut_before"])
def test_a_line_that_changed_its_kind_never_stands_twice(desk: Desk, fault: str) -> None:
    quote = desk.quote(
        {"name": "Care", "recurrence": "monthly", "unit_price": 50}, {"name": "Box", "unit_price": 10}
    )
    assert desk.push(quote).state == "synced"
    quote.lines[0].recurrence = "one_time"
    db.session.commit()
    entry = desk.publish(quote)
    entry.attempt = results.MAX_ATTEMPTS
    db.session.commit()
    desk.tenant.add_fault(kind=fault, verb="delete", times=0)
    attempt.perform(desk.runtime, entry.id, early=True)
    desk.tenant._ask("DELETE", "/faults")
    publishing.publish(desk.rep, quote.id)
    entry = newest_entry(quote.id)
    entry.state, entry.not_before = "waiting", utc_now()
    db.session.commit()
    recover(desk, quote.id)
    assert sorted(row["name"] for row in items(desk)) == ["Box", "Care"]


def test_a_line_that_changed_its_kind_never_stands_twice_after_a_kill(desk: Desk) -> None:
    nth = 1
    while True:
        quote = desk.quote({"name": f"Care {nth}", "recurrence": "monthly"}, {"name": "Box"})
        assert desk.push(quote).state == "synced"
        quote.lines[0].recurrence = "one_time"
        db.session.commit()
        struck = killed_push(desk, desk.publish(quote).id, nth, "before")
        recover(desk, quote.id)
        assert sorted(row["name"] for row in items(desk)) == ["Box", f"Care {nth}"]
        if not struck:
            break
        nth += 1
    assert nth > 3


def rename(quote: Quote) -> None:
    quote.title = "Renamed office"
    db.session.commit()


@pytest.mark.parametrize("second_fault", ["", "503"])
def test_a_lost_create_is_found_by_what_was_sent_then(desk: Desk, second_fault: str) -> None:
    quote = desk.quote({"name": "Box", "unit_price": 100}, title="Old office")
    desk.tenant.add_fault(kind="cut_after_commit", entity="Opportunities", verb="create", times=1)
    desk.tenant.add_fault(kind="503", entity="Opportunities", verb="query", times=0)
    desk.push(quote)
    desk.tenant._ask("DELETE", "/faults")
    assert len(opportunities(desk, "Old office")) == 1
    rename(quote)
    desk.publish(quote)
    if second_fault:
        desk.tenant.add_fault(kind=second_fault, entity="Opportunities", verb="query", times=0)
        attempt.perform(desk.runtime, newest_entry(quote.id).id, early=True)
        desk.tenant._ask("DELETE", "/faults")
    recover(desk, quote.id)
    assert [row["title"] for row in opportunities(desk, "Old office", "Renamed office")] == ["Renamed office"]


def test_renamed_lines_whose_answers_were_lost_stand_once(desk: Desk) -> None:
    quote = desk.quote({"name": "Box"}, {"name": "Rack"})
    desk.tenant.add_fault(kind="cut_after_commit", entity="QuoteItems", verb="create", times=0)
    desk.tenant.add_fault(kind="503", entity="QuoteItems", verb="query", times=0)
    desk.push(quote)
    desk.tenant._ask("DELETE", "/faults")
    assert items(desk)
    for line in quote.lines:
        line.name = f"{line.name} renamed"
    db.session.commit()
    desk.publish(quote)
    desk.tenant.add_fault(kind="503", entity="QuoteItems", verb="query", times=0)
    attempt.perform(desk.runtime, newest_entry(quote.id).id, early=True)
    desk.tenant._ask("DELETE", "/faults")
    recover(desk, quote.id)
    assert [row["name"] for row in items(desk)] == ["Box renamed", "Rack renamed"]


def test_a_header_that_was_answered_with_errors_is_not_done(desk: Desk) -> None:
    quote = desk.quote({"name": "Box", "unit_price": 100})
    assert desk.push(quote).state == "synced"
    quote.comments = "New words"
    db.session.commit()
    desk.tenant.add_fault(kind="errors_with_200", entity="Quotes", verb="update", times=1)
    desk.push(quote)
    recover(desk, quote.id)
    assert desk.tenant.state()["Quotes"][-1]["comment"] == "New words"


def test_a_win_that_was_answered_with_errors_is_not_done(desk: Desk) -> None:
    quote = desk.quote({"name": "Box"})
    assert desk.push(quote).state == "synced"
    acceptance.record_for_customer(desk.rep, quote.id, {"name": "Nora Quist"})
    desk.tenant.add_fault(kind="errors_with_200", entity="Opportunities", verb="update", times=1)
    desk.process(quote)
    recover(desk, quote.id)
    closed = desk.pick("Opportunities", "status", "Closed")
    assert desk.tenant.state()["Opportunities"][-1]["status"] == closed


def test_a_delete_that_was_answered_with_errors_is_not_done(desk: Desk) -> None:
    quote = desk.quote({"name": "Box"}, {"name": "Rack"})
    assert desk.push(quote).state == "synced"
    db.session.delete(quote.lines[1])
    db.session.commit()
    desk.tenant.add_fault(kind="errors_with_200", entity="QuoteItems", verb="delete", times=1)
    desk.push(quote)
    recover(desk, quote.id)
    assert [row["name"] for row in items(desk)] == ["Box"]


def test_what_is_emptied_here_is_emptied_there(desk: Desk) -> None:
    quote = desk.quote({"name": "Box"}, comments="Some words", purchase_order_number="PO 17")
    assert desk.push(quote).state == "synced"
    remote = desk.tenant.state()["Quotes"][-1]
    assert (remote["comment"], remote["purchaseOrderNumber"]) == ("Some words", "PO 17")
    quote.comments, quote.purchase_order_number = "", ""
    db.session.commit()
    assert desk.push(quote).state == "synced"
    remote = desk.tenant.state()["Quotes"][-1]
    assert (remote["comment"] or "", remote["purchaseOrderNumber"] or "") == ("", "")


def test_a_reopened_quote_has_an_open_opportunity_again(desk: Desk) -> None:
    quote = desk.quote({"name": "Box"})
    assert desk.push(quote).state == "synced"
    opened = desk.tenant.state()["Opportunities"][-1]
    transitions.advance(desk.rep, quote.id, "lost", reason="Price")
    assert desk.process(quote).state == "synced"
    lost = desk.tenant.state()["Opportunities"][-1]
    assert (lost["status"], lost["probability"]) == (desk.pick("Opportunities", "status", "Lost"), 0)
    transitions.advance(desk.rep, quote.id, "pending")
    assert desk.process(quote).state == "synced"
    again = desk.tenant.state()["Opportunities"][-1]
    assert (again["status"], again["probability"]) == (opened["status"], opened["probability"])


def test_a_lost_quote_that_is_won_after_all_has_no_loss_reason(desk: Desk) -> None:
    """Reopened and accepted before the next push, so no push of an open quote clears it."""
    statuses = desk.settings("quote_status")
    dated = {
        end: getattr(statuses, end).model_copy(update={"set_closed_date": True})
        for end in ("lost", "accepted")
    }
    desk.save(quote_status=statuses.model_copy(update=dated))
    quote = desk.quote({"name": "Box"})
    assert desk.push(quote).state == "synced"
    transitions.advance(desk.rep, quote.id, "lost", reason="Price")
    assert desk.process(quote).state == "synced"
    lost = desk.tenant.state()["Opportunities"][-1]
    assert (lost["lossReasonDetail"], bool(lost["lostDate"])) == ("Price", True)
    transitions.advance(desk.rep, quote.id, "pending")
    acceptance.record_for_customer(desk.rep, quote.id, {"name": "Nora Quist"})
    assert desk.process(quote).state == "synced"
    won = desk.tenant.state()["Opportunities"][-1]
    assert won["status"] == desk.pick("Opportunities", "status", "Closed")
    assert (won["lossReasonDetail"], won["lostDate"]) == (None, None)
    assert won["closedDate"]


def test_a_won_quote_that_is_lost_after_all_has_no_win_reason(desk: Desk) -> None:
    statuses = desk.settings("quote_status")
    reason = metadata.picklist(desk.runtime, "Opportunities", "winReason")[0].value
    won = statuses.accepted.model_copy(update={"reason": reason})
    desk.save(quote_status=statuses.model_copy(update={"accepted": won}))
    quote = desk.quote({"name": "Box"})
    desk.publish(quote)
    acceptance.record_for_customer(desk.rep, quote.id, {"name": "Nora Quist"})
    assert desk.process(quote).state == "synced"
    assert desk.tenant.state()["Opportunities"][-1]["winReason"] == reason
    transitions.advance(desk.rep, quote.id, "lost", reason="Price")
    assert desk.process(quote).state == "synced"
    lost = desk.tenant.state()["Opportunities"][-1]
    assert (lost["winReason"], lost["lossReasonDetail"]) == (None, "Price")


def test_a_quote_accepted_before_its_first_push_is_closed_last(desk: Desk) -> None:
    quote = desk.quote({"name": "Box"})
    desk.publish(quote)
    acceptance.record_for_customer(desk.rep, quote.id, {"name": "Nora Quist"})
    assert desk.process(quote).state == "synced"
    writes = [
        call
        for call in desk.tenant.calls()
        if call["method"] in ("POST", "PATCH") and "query" not in call["path"]
    ]
    first = next(call for call in writes if call["path"].endswith("/Opportunities"))
    closed = desk.pick("Opportunities", "status", "Closed")
    assert json.loads(first["request"])["status"] != closed
    last = writes[-1]
    assert (last["method"], json.loads(last["request"])["status"]) == ("PATCH", closed)
    assert desk.tenant.state()["Opportunities"][-1]["status"] == closed


def test_a_call_that_takes_effect_after_its_time_out_is_waited_for(desk: Desk) -> None:
    """The doubt is kept with its time across runs: the second run doesn't create before the first call has ended."""
    hasty = dataclasses.replace(desk.runtime.config, autotask_timeout_seconds=SHORT)
    first = dataclasses.replace(desk.runtime, config=hasty, pause=lambda _seconds: None)
    quote = desk.quote({"name": "Box"}, title="Late office")
    entry_id = desk.publish(quote).id
    desk.tenant.add_fault(kind="hold", entity="Opportunities", verb="create", times=1, seconds=60)
    no_looking = desk.tenant.add_fault(kind="503", entity="Opportunities", verb="query", times=0)
    began = utc_now()
    attempt.perform(first, entry_id, early=True)
    assert opportunities(desk, "Late office") == []
    desk.tenant._ask("DELETE", f"/faults/{no_looking['id']}")
    in_doubt = db.session.scalars(db.select(PushStep).filter_by(state=StepState.INTENT)).one()
    assert in_doubt.doubt_until is not None
    assert in_doubt.doubt_until >= began + timedelta(seconds=2 * SHORT), "as long again as its time-out"
    # However slow this machine is, the second push comes before the time of the first one's call is over.
    in_doubt.doubt_until = utc_now() + timedelta(minutes=1)
    db.session.execute(db.update(Delivery).values(not_before=utc_now()))
    db.session.commit()
    waited: list[float] = []

    def wait_out(seconds: float) -> None:
        """The wait of the second push, in which the first one's call takes effect."""
        waited.append(seconds)
        desk.tenant._ask("DELETE", "/faults")
        wait_for(lambda: not desk.tenant.stats()["atWork"], "the held call to take effect")

    attempt.perform(dataclasses.replace(first, pause=wait_out), entry_id, early=True)
    assert len(waited) == 1
    assert waited[0] > 30
    assert newest_entry(quote.id).state == DeliveryState.DONE
    assert len(opportunities(desk, "Late office")) == 1


@pytest.mark.parametrize("tries", [1, 0])
def test_an_update_that_takes_effect_late_never_follows_a_newer_one(desk: Desk, tries: int) -> None:
    """``tries``: how many of the call's tries are held; 0: all of them, so that the first push gives up."""
    hasty = dataclasses.replace(desk.runtime.config, autotask_timeout_seconds=SHORT)
    first = dataclasses.replace(desk.runtime, config=hasty, pause=lambda _seconds: None)
    quote = desk.quote({"name": "Box", "unit_price": 100})
    assert desk.push(quote).state == "synced"
    set_price(quote, 200)
    entry_id = desk.publish(quote).id
    desk.tenant.add_fault(kind="hold", entity="QuoteItems", verb="update", times=tries, seconds=60)
    attempt.perform(first, entry_id, early=True)

    def wait_out(seconds: float) -> None:
        """The wait of the second push, in which the first call's time ends."""
        if seconds > 0:
            desk.tenant._ask("DELETE", "/faults")
            wait_for(lambda: not desk.tenant.stats()["atWork"], "the held calls to take effect")

    # However slow this machine is, the second push comes before the time of the first one's calls is over.
    db.session.execute(db.update(PushCall).values(at=utc_now() + timedelta(minutes=1)))
    intents = db.update(PushStep).where(PushStep.state == StepState.INTENT)
    db.session.execute(intents.values(doubt_until=utc_now() + timedelta(minutes=1)))
    set_price(quote, 300)
    attempt.perform(dataclasses.replace(first, pause=wait_out), desk.publish(quote).id, early=True)
    wait_out(1)
    recover(desk, quote.id)
    assert [row["unitPrice"] for row in items(desk)] == [300]


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
    with UnixSignalDeathPenalty(600, JobTimeoutException):
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
        with (
            suppress(JobTimeoutException),
            UnixSignalDeathPenalty(600, JobTimeoutException),
            at_call(nth, lambda: os.kill(os.getpid(), signal.SIGALRM), "after") as aim,
        ):
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


@pytest.mark.parametrize("seconds", [0.03, 0.1, 0.3])
def test_a_pdf_is_whole_whenever_the_time_runs_out(desk: Desk, seconds: float) -> None:
    quote = desk.quote({"name": "Box", "description": "Words " * 500})
    entry = desk.publish(quote)
    quote_id, entry_id, revision_id = quote.id, entry.id, entry.revision_id
    with suppress(JobTimeoutException), UnixSignalDeathPenalty(600, JobTimeoutException):
        signal.setitimer(signal.ITIMER_REAL, seconds)
        attempt.perform(desk.runtime, entry_id, early=True)
    db.session.remove()  # as the worker does after a job, whatever the time ran out in
    assert newest_entry(quote_id).state in (DeliveryState.RUNNING, DeliveryState.WAITING, DeliveryState.DONE)
    recover(desk, quote_id)
    pdf = document.pdf_for(revision_id or 0)
    assert (pdf[:5], pdf.rstrip()[-5:]) == (b"%PDF-", b"%%EOF")


def test_the_end_of_the_time_is_not_lost_inside_a_library() -> None:
    reached = []

    def push() -> None:
        with deadline.put_off(), suppress(Exception):
            signal.raise_signal(signal.SIGALRM)
            reached.append("the end of the library's work")
        reached.append("what comes after it")

    with UnixSignalDeathPenalty(600, JobTimeoutException), pytest.raises(JobTimeoutException):
        push()
    assert reached == ["the end of the library's work"]


def test_no_thread_is_left_behind_whose_start_the_time_ran_out_in(monkeypatch: pytest.MonkeyPatch) -> None:
    start, ended = threading.Thread.start, []

    def start_at_the_last_moment(thread: threading.Thread) -> None:
        start(thread)
        signal.raise_signal(signal.SIGALRM)

    monkeypatch.setattr(threading.Thread, "start", start_at_the_last_moment)
    with (
        UnixSignalDeathPenalty(600, JobTimeoutException),
        pytest.raises(JobTimeoutException),
        Pool(max_workers=1) as pool,
    ):
        pool.submit(lambda: ended.append(sum(range(3_000_000))))
    assert ended, "the pool waited for the call"
