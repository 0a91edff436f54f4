"""Pages that list many quotes or pushes ask the database no more often for many than for few."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from sqlalchemy import event

from tests.activity.office import ADMIN, Office, user
from tests.support.connected_desk import newest_entry
from tests.support.visitor import HTMX, Visitor, text
from webapp.models import DriftFinding, Notification, PushRun, PushStep, db
from webapp.services.autotask.activity import bulk
from webapp.services.autotask.links import rebuild
from webapp.services.quoting.draft import editing


def more(office: Office, number: int) -> list[int]:
    """So many published quotes of organizations of their own, each with a run, a difference and a notification."""
    ids = [
        office.quote(company=f"Company {office.tenant.code} {place} of {number}") for place in range(number)
    ]
    with office.desk():
        for quote_id in ids:
            quote = editing.get(quote_id)
            revision = quote.current_revision
            assert revision
            entry = newest_entry(quote_id)
            run = PushRun(
                quote_id=quote_id, revision_id=revision.id, delivery_id=entry.id, token=1, state="failed"
            )
            run.steps = [PushStep(position=1, key="quote", action="create", entity="Quotes", state="done")]
            found = {
                "kind": "added",
                "remote_entity": "QuoteItems",
                "remote_id": quote_id,
                "title": "By hand",
            }
            told = {"user_id": user(ADMIN).id, "kind": "failed", "sentence": "No."}
            db.session.add_all(
                [run, DriftFinding(quote_id=quote_id, **found), Notification(quote_id=quote_id, **told)]
            )
        db.session.commit()
    return ids


def asked_by(office: Office, do: Callable[[], object]) -> int:
    """How many statements ``do`` sends to the database."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    with office.app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        do()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(asked)


def test_no_page_asks_more_often_for_more_quotes(office: Office, admin: Visitor) -> None:
    pages = (
        "/activity/",
        "/activity/bulk",
        "/activity/attention",
        "/drift/",
        "/settings/integrations/autotask/links",
        "/settings/integrations/autotask/links.csv",
    )

    def visit(page: str) -> int:
        admin.client.get(page)  # what is read once for each process is read
        return asked_by(office, lambda: admin.client.get(page))

    more(office, 2)
    few = {page: visit(page) for page in pages}
    more(office, 7)
    many = {page: visit(page) for page in pages}
    assert many == few
    assert max(many.values()) < 30


def test_a_batch_of_many_is_read_by_few_queries(office: Office, admin: Visitor) -> None:
    def begin(ids: list[int]) -> int:
        for quote_id in ids:
            office.process(quote_id)
        with office.desk():
            return bulk.start(user(ADMIN), ids, 3).id

    few, many = begin(more(office, 2)), begin(more(office, 6))
    counts = [
        asked_by(office, partial(admin.client.get, f"/activity/batches/{batch}")) for batch in (few, many)
    ]
    assert counts[0] == counts[1]


def test_looking_for_quotes_that_lack_links_takes_few_queries(office: Office) -> None:
    more(office, 2)
    with office.app.app_context():
        few = asked_by(office, rebuild._lacking)
    ids = more(office, 5)
    with office.app.app_context():
        assert asked_by(office, rebuild._lacking) == few
        assert set(rebuild._lacking()) >= set(ids)


def test_what_waits_is_listed_with_its_reason(office: Office, owner: Visitor, colleague: Visitor) -> None:
    quote_id = office.quote(title="Waits its turn")
    listed = owner.client.get("/activity/", headers=HTMX)
    assert "1 waiting." in text(listed)
    assert re.search(r"Queued \d+ Waits its turn revision 1, published", text(listed))
    assert f'href="/activity/quotes/{quote_id}"' in listed.text
    assert "Waits its turn" not in colleague.client.get("/activity/").text
    office.tenant.add_fault(kind="503", times=0)
    assert office.process(quote_id) == "retrying"
    said = text(owner.client.get("/activity/", headers=HTMX))
    assert re.search(r"Retrying \d+ Waits its turn .{20,} revision 1, published not before", said)


def test_a_page_beyond_the_last_says_so(office: Office, owner: Visitor) -> None:
    quote_id = office.quote()
    office.process(quote_id)
    answer = owner.client.get("/activity/?page=99&state=synced")
    assert answer.status_code == 200
    assert "No more syncs." in text(answer)
    assert 'href="/activity/?state=synced"' in answer.text
