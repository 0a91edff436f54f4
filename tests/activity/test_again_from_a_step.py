"""Pushing once more from one step of a run: what failed is tried again, what was written is written once more."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.activity.office import Office, mend_company, seed_broken_company, user
from tests.support.connected_desk import newest_run
from tests.support.visitor import Visitor, text
from webapp.models import DriftFinding, PushStep, db
from webapp.models.drift import THEIRS
from webapp.services.autotask.drift import check as drift_check
from webapp.services.autotask.drift import decide as drift_decide
from webapp.services.autotask.push import lease
from webapp.services.quoting.draft import editing

COMPANY = "Stubborn & Sons"
LINES = (
    {"name": "Rack", "unit_price": "10"},
    {"name": "Shelf", "unit_price": "20"},
    {"name": "Fan", "unit_price": "5"},
)


def page_of(office: Office, quote_id: int) -> str:
    with office.app.app_context():
        found = newest_run(quote_id)
        assert found
        return f"/activity/runs/{found.id}"


def address_of(office: Office, quote_id: int, title: str) -> str:
    """Where the step of this title in the newest run is done again."""
    with office.app.app_context():
        run = newest_run(quote_id)
        assert run
        step = db.session.scalars(
            db.select(PushStep)
            .where(PushStep.run_id == run.id, PushStep.title.contains(title))
            .order_by(PushStep.id.desc())
        ).first()
        assert step
        return f"/activity/runs/{run.id}/steps/{step.id}/again"


def items(office: Office) -> dict[str, dict[str, Any]]:
    return {
        row["name"]: row
        for row in office.tenant.query("QuoteItems", {"field": "id", "op": "gte", "value": 0})
    }


def press(visitor: Visitor, page: str, address: str) -> int:
    return visitor.send(visitor.form(page, address)).status_code


def test_a_failed_step_is_tried_again(office: Office, owner: Visitor) -> None:
    company_id = seed_broken_company(office, COMPANY)
    quote_id = office.quote(company=COMPANY)
    assert office.process(quote_id) == "failed"
    page = page_of(office, quote_id)
    assert "Retry from this step" in text(owner.client.get(page))
    mend_company(office, company_id)
    assert press(owner, page, address_of(office, quote_id, COMPANY)) == 303
    assert office.entry(quote_id)[1] == "again from a step"
    assert office.process(quote_id) == "synced"
    assert "/again" not in owner.client.get(page).text, "only the newest run can be gone on with"


@pytest.mark.both_databases
def test_what_was_written_from_a_step_on_is_written_once_more(office: Office, owner: Visitor) -> None:
    quote_id = office.quote(*LINES)
    assert office.process(quote_id) == "synced"
    for name, price in (("Rack", 11), ("Shelf", 21), ("Fan", 6)):
        office.tenant.edit("QuoteItems", items(office)[name]["id"], unitPrice=price, description="By hand")
    creates = office.tenant.stats()["creates"]
    page = page_of(office, quote_id)
    assert press(owner, page, address_of(office, quote_id, "line 2")) == 303
    assert office.process(quote_id) == "out_of_sync", "what stands before that step is as somebody made it"
    found = {name: row["unitPrice"] for name, row in items(office).items()}
    assert found == {"Rack": 11, "Shelf": 20, "Fan": 5}
    assert office.tenant.stats()["creates"] == creates, "nothing is made twice"


def test_what_was_left_to_autotask_stays_there(office: Office, owner: Visitor) -> None:
    quote_id = office.quote(*LINES)
    office.process(quote_id)
    office.tenant.edit("QuoteItems", items(office)["Shelf"]["id"], unitPrice=21)
    with office.desk() as desk:
        quote = editing.get(quote_id)
        drift_check.check_one(desk.runtime, quote)
        finding = db.session.scalars(db.select(DriftFinding)).one()
        choices = {finding.id: (THEIRS, drift_decide.seen(finding))}
        drift_decide.decide(user("olga@demo.example"), editing.get(quote_id), choices)
    assert press(owner, page_of(office, quote_id), address_of(office, quote_id, "line 1")) == 303
    office.process(quote_id)
    assert items(office)["Shelf"]["unitPrice"] == 21


def test_a_line_that_is_gone_is_made_again(office: Office, owner: Visitor) -> None:
    quote_id = office.quote(*LINES)
    office.process(quote_id)
    office.tenant.remove("QuoteItems", items(office)["Shelf"]["id"])
    assert press(owner, page_of(office, quote_id), address_of(office, quote_id, "line 2")) == 303
    assert office.process(quote_id) == "synced"
    assert sorted(items(office), key=lambda name: items(office)[name]["sortOrderID"]) == [
        "Rack",
        "Shelf",
        "Fan",
    ]
    said = text(owner.client.get(page_of(office, quote_id)))
    assert "line 2 “Shelf” Replanned" in said
    assert "Create quote item line 2 “Shelf” Done" in said
    assert "line 3 “Fan” Not reached" not in said, "of the plan that was given up"


def test_who_may_and_when(office: Office, owner: Visitor, colleague: Visitor) -> None:
    quote_id, other = office.quote(*LINES), office.quote()
    office.process(quote_id)
    office.process(other)
    page, address = page_of(office, quote_id), address_of(office, quote_id, "line 2")
    form = owner.form(page, address)
    token = dict(colleague.form("/", "logout").fields)
    assert owner.client.post(address).status_code == 400, "no token"
    assert colleague.client.post(address, data=token).status_code == 403
    data = dict(form.fields)
    other_run = page_of(office, other)
    step = re.sub(r"^/activity/runs/\d+", other_run, address)
    assert owner.client.post(step, data=data).status_code == 404, "a step of another run"
    for number in ("0", "999999", "99999999999999999999"):
        assert owner.client.post(f"{page}/steps/{number}/again", data=data).status_code == 404
    file = address_of(office, quote_id, "Quote 1")
    refused = owner.client.post(file, data=data)
    assert refused.status_code == 409
    assert "can't be run again" in text(refused)
    with office.app.app_context():
        held = lease.take(quote_id, "a worker")
        assert held
    busy = owner.client.post(address, data=data)
    assert busy.status_code == 409
    assert "syncing right now" in text(busy)
    assert office.entry(quote_id)[2] == "done", "nothing was recorded"
    with office.app.app_context():
        lease.release(quote_id, held)
    assert owner.client.post(address, data=data).status_code == 303
    twice = owner.client.post(address, data=data)
    assert twice.status_code == 409
    assert "syncing right now" in text(twice)
    office.process(quote_id)
    old = owner.client.post(address, data=data)
    assert old.status_code == 409
    assert "synced again, so these steps" in text(old)
