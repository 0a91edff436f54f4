"""What was logged about a person's quotes says nothing about them, and the rest of it stays."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask

from tests.support import samples
from webapp.models import (
    Delivery,
    DeliveryAttempt,
    DriftFinding,
    Notification,
    PushCall,
    PushQuestion,
    PushRun,
    PushStep,
    Quote,
    User,
    db,
)
from webapp.models.delivery import DeliveryState
from webapp.models.quote import LOST
from webapp.services.privacy import anonymizing
from webapp.services.quoting.lifecycle import publishing, transitions

NAME, COMPANY = "John Smith", "John Smith Consulting LLC"
EMAIL, PHONE = "j.smith@canary.example", "212 555 0199"
PROSE = (
    f"{COMPANY}: {NAME} <J.Smith@Canary.example>, {PHONE}. john smith, John, big-j.smith@canary.example, 100"
)
CLEAN = f"{COMPANY}: Anonymous {{}} <[removed]>, [removed]. john smith, John, big-j.smith@canary.example, 100"


def logged(quote: Quote) -> None:
    revision = quote.current_revision
    assert revision
    contact = {"id": quote.person_id, "name": NAME, "email": EMAIL}
    message: dict[str, Any] = {
        "id": "evt_1",
        "by": f"Customer: {NAME}",
        "quote": {
            "title": PROSE,
            "lost_reason": "",
            "owner": {"name": "Rob Rep", "email": "rep@desk.example"},
            "organization": {"id": 1, "name": NAME},
            "contact": contact,
            "totals": {"one_time": {"net": "100.00"}},
        },
    }
    waiting = Delivery(
        reader="webhook", reason="published", quote_id=quote.id, uid="evt_1", state=DeliveryState.WAITING
    )
    waiting.payload, waiting.outcome = json.dumps(message), PROSE
    db.session.add(waiting)
    run = PushRun(
        quote_id=quote.id, revision_id=revision.id, token=1, sentence=PROSE, report={"said": [PROSE]}
    )
    run.calls = [
        PushCall(
            method="POST", path="/Quotes", status=200, duration_ms=5, request_body=json.dumps({"name": PROSE})
        ),
        PushCall(method="POST", path="/Companies/5/Contacts", status=200, duration_ms=5, request_body="John"),
    ]
    run.steps = [
        PushStep(
            position=1,
            key="c",
            action="create",
            entity="Contacts",
            title=PROSE,
            changes={"firstName": "John"},
        ),
        PushStep(
            position=2, key="q", action="create", entity="Quotes", changes={"name": ["", PROSE], "total": 100}
        ),
    ]
    db.session.add(run)
    db.session.flush()
    db.session.add_all(
        [
            DeliveryAttempt(delivery_id=waiting.id, duration_ms=1, sentence=PROSE, response=PROSE),
            Notification(
                user_id=quote.owner_id, quote_id=quote.id, run_id=run.id, kind="failed", sentence=PROSE
            ),
            PushQuestion(
                quote_id=quote.id,
                local_type="organization",
                local_id="1",
                remote_entity="Companies",
                sentence=PROSE,
                candidates=[{"id": 1, "label": COMPANY, "detail": PHONE}],
            ),
            DriftFinding(
                quote_id=quote.id,
                kind="changed",
                local_type="quote",
                local_id="1",
                remote_entity="Quotes",
                remote_id=5,
                field="name",
                title=PROSE,
                base=PROSE,
                ours=PROSE,
                theirs=100,
            ),
        ]
    )
    db.session.commit()


@pytest.mark.both_databases
def test_logs_lose_what_only_they_are_called(app: Flask) -> None:
    with app.app_context():
        admin, rep = samples.admin(), samples.rep()
        person = samples.person(
            rep,
            first_name="John",
            last_name="Smith",
            email=EMAIL,
            phone=PHONE,
            mobile="100",
            organization=COMPANY,
        )
        quote = samples.quote(rep, customer=person)
        publishing.publish(rep, quote.id)
        transitions.advance(rep, quote.id, LOST, reason="Price")
        logged(quote)
        quote_id, admin_id, number = quote.id, admin.id, person.id
        clean = CLEAN.format(number)
        anonymizing.person(db.session.get_one(User, admin_id), number)
        db.session.commit()

        def one(model: Any, **which: Any) -> Any:
            return db.session.scalars(db.select(model).filter_by(**which)).one()

        sent = one(Delivery, uid="evt_1", quote_id=quote_id)
        assert sent.outcome == clean
        message = json.loads(sent.payload)
        assert message["by"] == f"Customer: Anonymous {number}"
        assert message["quote"] == {
            "title": clean,
            "lost_reason": "",
            "owner": {"name": "Rob Rep", "email": "rep@desk.example"},
            "organization": {"id": 1, "name": NAME},
            "contact": {"id": number, "name": f"Anonymous {number}", "email": ""},
            "totals": {"one_time": {"net": "100.00"}},
        }
        attempt = one(DeliveryAttempt)
        assert (attempt.sentence, attempt.response) == (clean, clean)
        assert one(Notification).sentence == clean
        run = one(PushRun)
        assert (run.sentence, run.report) == (clean, {"said": [clean]})
        about, contact = sorted(run.calls, key=lambda call: call.id)
        assert json.loads(about.request_body) == {"name": clean}
        assert contact.request_body == ""
        assert one(PushStep, key="c").changes == {}
        assert one(PushStep, key="q").changes == {"name": ["", clean], "total": 100}
        question = one(PushQuestion)
        assert question.sentence == clean
        assert question.candidates == [{"id": 1, "label": COMPANY, "detail": "[removed]"}]
        found = one(DriftFinding)
        assert (found.title, found.base, found.ours, found.theirs) == (clean, clean, clean, 100)
