"""Pushing many quotes again: what it would do is shown and not done; a batch stops when too many fail."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.activity.office import Office, mend_company, seed_broken_company
from tests.support.visitor import HTMX, Visitor, text
from webapp.models import PushBatch, Quote, db, utc_now
from webapp.services.autotask.activity import bulk, states
from webapp.services.delivery import attempt, reader, room

COMPANY = "Stubborn & Sons"


def token(visitor: Visitor) -> str:
    return str(dict(visitor.form("/quotes/new", "/logout").fields)["csrf_token"])


def post(visitor: Visitor, address: str, ids: list[int], **more: str) -> Any:
    data = {"csrf_token": token(visitor), "quote_id": [str(one) for one in ids], **more}
    return visitor.client.post(address, data=data)


def begin(admin: Visitor, ids: list[int], stop_after: str = "3") -> int:
    answer = post(admin, "/activity/batches", ids, stop_after=stop_after)
    assert answer.status_code == 303, text(answer)
    return int(answer.location.rsplit("/", 1)[1])


def work_off(office: Office) -> None:
    """What the worker and its sweeper do until nothing of it is due."""
    while True:
        with office.desk():
            due = [entry.id for entry in room.due(reader.get("autotask"), utc_now())]
        if not due:
            return
        with office.desk() as desk:
            attempt.perform(desk.runtime, due[0], early=True)


def batch_states(office: Office, batch_id: int) -> list[str]:
    with office.app.app_context():
        return [status for _, status in bulk.progress(batch_id).rows]


def test_a_dry_run_tells_the_steps_and_writes_nothing(office: Office, admin: Visitor) -> None:
    done, fresh = office.quote(title="Done rack"), office.quote({"name": "A"}, {"name": "B"}, title="Fresh")
    office.process(done)
    before = office.tenant.stats()["writes"]
    review = post(admin, "/activity/bulk", [done, fresh])
    assert review.status_code == 200
    addresses = re.findall(r'hx-get="(/activity/bulk/\d+/dry-run)"', review.text)
    assert sorted(addresses) == sorted(f"/activity/bulk/{one}/dry-run" for one in (done, fresh))
    of_done = admin.client.get(f"/activity/bulk/{done}/dry-run", headers=HTMX)
    of_fresh = admin.client.get(f"/activity/bulk/{fresh}/dry-run", headers=HTMX)
    assert "already up to date" in text(of_done)
    found = re.search(r"(\d+) steps: create (\d+), update 0, delete 0", text(of_fresh))
    assert found
    assert found[1] == found[2]
    assert "<html" in admin.client.get(f"/activity/bulk/{fresh}/dry-run").text
    assert office.tenant.stats()["writes"] == before
    assert office.entry(done)[2] == "done"
    assert office.process(fresh) == "synced"
    with office.desk():
        run = states.of_quote(db.session.get_one(Quote, fresh)).run
        assert run
        written = [step for step in run.steps if step.state == "done"]
    assert len(written) == int(found[1])


def test_a_dry_run_tells_what_stands_in_the_way(office: Office, admin: Visitor) -> None:
    like = office.tenant.query("Companies")[0]
    row = {name: like[name] for name in ("companyType", "ownerResourceID", "isActive")}
    office.tenant.seed(Companies=[{**row, "companyName": "Twins"}] * 2)
    quote_id = office.quote(company="Twins")
    said = text(admin.client.get(f"/activity/bulk/{quote_id}/dry-run", headers=HTMX))
    assert "Sync would stop: 2 companies in Autotask match" in said
    office.tenant.add_fault(kind="503", times=0)
    said = text(admin.client.get(f"/activity/bulk/{quote_id}/dry-run", headers=HTMX))
    assert "couldn't be compared with Autotask" in said


def test_a_batch_pushes_what_was_chosen(office: Office, admin: Visitor) -> None:
    quotes = [office.quote() for _ in range(3)]
    for quote_id in quotes:
        office.process(quote_id)
    batch_id = begin(admin, quotes[:2])
    assert office.entry(quotes[2])[1] == "published"
    page = admin.client.get(f"/activity/batches/{batch_id}")
    assert "Queued: 2" in text(page)
    assert "every 1s" in page.text
    work_off(office)
    page = admin.client.get(f"/activity/batches/{batch_id}")
    assert "Synced: 2" in text(page)
    assert "every 1s" not in page.text


@pytest.mark.both_databases
def test_a_batch_stops_after_so_many_in_a_row_and_says_so(office: Office, admin: Visitor) -> None:
    company_id = seed_broken_company(office, COMPANY)
    good = [office.quote() for _ in range(2)]
    # The newest are pushed first.
    bad = [office.quote(company=COMPANY) for _ in range(2)]
    work_off(office)
    batch_id = begin(admin, [*bad, *good], "2")
    work_off(office)
    assert batch_states(office, batch_id) == ["failed", "failed", "stopped", "stopped"]
    said = text(admin.client.get(f"/activity/batches/{batch_id}"))
    assert "Stopped after 2 syncs in a row" in said
    assert "Autotask refused" in said
    panel = admin.client.get(f"/activity/quotes/{good[0]}")
    assert 'data-status="stopped"' in panel.text
    assert "the bulk sync was stopped" in text(panel)
    mend_company(office, company_id)
    begin(admin, [*bad, *good])
    work_off(office)
    with office.app.app_context():
        assert set(states.of_quotes([*bad, *good]).values()) == {"synced"}


def test_one_that_goes_well_starts_the_count_anew(office: Office, admin: Visitor) -> None:
    seed_broken_company(office, COMPANY)
    first, second = office.quote(company=COMPANY), office.quote(company=COMPANY)
    between = office.quote()
    work_off(office)
    batch_id = begin(admin, [first, between, second], "2")
    with office.app.app_context():
        entries = {entry.quote_id: entry.id for entry, _ in bulk.progress(batch_id).rows}
    assert set(entries) == {first, between, second}
    for quote_id in (first, between, second):
        with office.desk() as desk:
            attempt.perform(desk.runtime, entries[quote_id], early=True)
    with office.app.app_context():
        batch = db.session.get_one(PushBatch, batch_id)
        assert (batch.state, batch.failures) == ("running", 1)


def test_an_admin_stops_a_batch(office: Office, admin: Visitor) -> None:
    quotes = [office.quote() for _ in range(2)]
    work_off(office)
    batch_id = begin(admin, quotes)
    page = f"/activity/batches/{batch_id}"
    assert admin.send(admin.form(page, "/stop")).status_code == 303
    assert batch_states(office, batch_id) == ["stopped", "stopped"]
    assert "Stopped by Rita Rep." in text(admin.client.get(page))
    assert f"{page}/stop" not in admin.client.get(page).text


def test_a_batch_lets_others_go_first(office: Office, admin: Visitor) -> None:
    quotes = [office.quote() for _ in range(room.BATCHED_AT_ONCE + 2)]
    work_off(office)
    begin(admin, quotes)
    fresh = office.quote()
    with office.app.app_context():
        due = room.due(reader.get("autotask"), utc_now())
        assert due[0].quote_id == fresh
        assert len(due) == 1 + room.BATCHED_AT_ONCE


def test_what_is_about_to_be_pushed_is_not_added(office: Office, admin: Visitor) -> None:
    quote_id = office.quote()
    answer = post(admin, "/activity/batches", [quote_id], stop_after="3")
    assert answer.status_code == 422
    assert "already waiting to sync" in text(answer)


@pytest.mark.parametrize("stop_after", ["", "0", "-1", "51", "x", "9" * 30])
def test_a_wrong_number_is_refused_beside_its_field(office: Office, admin: Visitor, stop_after: str) -> None:
    quote_id = office.quote()
    work_off(office)
    answer = post(admin, "/activity/batches", [quote_id], stop_after=stop_after)
    assert answer.status_code == 422
    assert 'id="stop-after-error"' in answer.text
    assert office.entry(quote_id)[1] == "published"


@pytest.mark.parametrize("address", ["/activity/bulk", "/activity/batches"])
def test_a_selection_of_nothing_or_of_nonsense(office: Office, admin: Visitor, address: str) -> None:
    for ids in ([], [0], [999_999]):
        answer = post(admin, address, ids, stop_after="3")
        assert answer.status_code == 422, ids
    data = {"csrf_token": token(admin), "quote_id": ["x", "-1", "9" * 30, "\x00"], "stop_after": "3"}
    assert admin.client.post(address, data=data).status_code == 422
    many = [str(one) for one in range(1, bulk.MOST + 2)]
    answer = admin.client.post(
        address, data={"csrf_token": token(admin), "quote_id": many, "stop_after": "3"}
    )
    assert "at most 100" in text(answer)


@pytest.mark.both_databases
def test_quotes_are_offered_by_the_state_of_their_push(office: Office, admin: Visitor) -> None:
    seed_broken_company(office, COMPANY)
    good, bad = office.quote(title="Green"), office.quote(title="Red", company=COMPANY)
    work_off(office)

    def offered(query: str) -> set[int]:
        page = admin.client.get(f"/activity/bulk?{query}").text
        return {int(one) for one in re.findall(r'name="quote_id" value="(\d+)"', page)}

    assert offered("") == {good, bad}
    assert offered("status=failed") == {bad}
    assert offered("status=synced") == {good}
    assert offered("q=red") == {bad}
    assert offered("status=nonsense&q=green") == {good}


def test_reps_push_no_batches(office: Office, owner: Visitor, admin: Visitor) -> None:
    quote_id = office.quote()
    work_off(office)
    batch_id = begin(admin, [quote_id])
    for address in (
        "/activity/bulk",
        f"/activity/bulk/{quote_id}/dry-run",
        f"/activity/batches/{batch_id}",
    ):
        assert owner.client.get(address).status_code == 403
        assert address not in owner.client.get("/activity/").text
    for address in ("/activity/bulk", "/activity/batches", f"/activity/batches/{batch_id}/stop"):
        assert post(owner, address, [quote_id], stop_after="3").status_code == 403
