"""Settings > Privacy: what is kept, for how long, and what goes with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from smoke.forms import read_forms
from tests.support import samples
from tests.support.visitor import Visitor, errors, text
from tests.web.conftest import Ids
from webapp.models import (
    Acceptance,
    Delivery,
    DiaryEntry,
    Link,
    Notification,
    PushCall,
    PushRun,
    PushStep,
    Quote,
    SigningCode,
    User,
    db,
    utc_now,
)
from webapp.models.delivery import DeliveryState
from webapp.models.quote import LOST
from webapp.services.autotask.push import retention as call_bodies
from webapp.services.diary import chain
from webapp.services.privacy import keeping, old_quotes, retention
from webapp.services.quoting.answer import acceptance
from webapp.services.quoting.answer.signature import Evidence
from webapp.services.quoting.draft import lines
from webapp.services.quoting.lifecycle import publishing, transitions
from webapp.services.quoting.paper import document

PAGE = "/settings/privacy"
Clock = Callable[..., None]


@pytest.fixture
def seller(app: Flask) -> Iterator[User]:
    with app.app_context():
        yield samples.rep()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Let time pass for what is kept. The diary has its own times, which nothing can change."""

    def pass_by(days: int = 100) -> None:
        then = utc_now() + timedelta(days=days)
        monkeypatch.setattr(retention, "utc_now", lambda: then)

    return pass_by


def expire(*quotes: Quote) -> None:
    """Their time has ended by now."""
    for quote in quotes:
        for revision in quote.revisions:
            revision.ends_at = utc_now()
    db.session.commit()


def pushed(quote: Quote) -> None:
    """Rows as a push leaves them."""
    revision = quote.current_revision
    assert revision
    run = PushRun(quote_id=quote.id, revision_id=revision.id, token=1)
    run.calls = [PushCall(method="GET", path="/Companies", status=200, duration_ms=5)]
    run.steps = [PushStep(position=1, key="quote", action="create", entity="Quotes")]
    db.session.add(run)
    db.session.flush()
    db.session.add_all(
        [
            Link(
                quote_id=quote.id,
                local_type="quote",
                local_id=str(quote.id),
                remote_entity="Quotes",
                remote_id=5,
            ),
            Notification(
                user_id=quote.owner_id, quote_id=quote.id, run_id=run.id, kind="failed", sentence="x"
            ),
        ]
    )
    db.session.commit()


def left() -> set[int]:
    return set(db.session.scalars(db.select(Quote.id)))


@pytest.mark.both_databases
def test_old_quotes_that_came_to_nothing_go_with_everything_on_them(seller: User, later: Clock) -> None:
    customer = samples.person(seller)
    draft, fresh, lost, expired, won = (samples.quote(seller, customer=customer) for _ in range(5))
    for quote in (lost, expired, won):
        publishing.publish(seller, quote.id)
    transitions.advance(seller, lost.id, LOST, reason="Price")
    acceptance.record_for_customer(seller, won.id, {"name": "Ann Lee"})
    transitions.advance(seller, won.id, LOST, reason="Cancelled")
    revision = lost.current_revision
    assert revision
    document.pdf_for(revision.id)
    pushed(lost)
    expire(lost, expired, won)
    later()
    touched = utc_now() + timedelta(days=100)
    db.session.execute(sa.update(Quote).filter_by(id=fresh.id).values(updated_at=touched))
    db.session.commit()
    had = {table.name for table in db.metadata.sorted_tables if _refer(table, lost.id)}
    assert {"push_run", "push_call", "push_step", "link", "notification", "revision_document"} <= had
    gone = {draft.id: "draft", lost.id: "lost", expired.id: "expired"}
    kept = {fresh.id, won.id}
    assert retention.remove_quotes(150) == 0
    assert retention.remove_quotes(90) == 3
    db.session.expire_all()
    assert left() == kept
    assert not [table.name for table in db.metadata.sorted_tables if _refer(table, lost.id)]
    entries = db.session.scalars(db.select(DiaryEntry).filter_by(action="quote.removed"))
    assert {int(entry.object_id): entry.detail["was"] for entry in entries} == gone
    assert chain.check().sentence == ""


def _refer(table: sa.Table, quote_id: int) -> bool:
    """Whether a row of the table hangs on the quote, however far away."""
    conditions = [
        key.parent == quote_id if key.column.table.name == "quote" else _through(key, quote_id)
        for key in table.foreign_keys
        if key.column.table.name in ("quote", "revision", "push_run", "delivery")
        and key.column.table is not table
    ]
    query = sa.select(sa.func.count()).select_from(table).where(sa.or_(*conditions)) if conditions else None
    return query is not None and bool(db.session.scalar(query))


def _through(key: sa.ForeignKey, quote_id: int) -> sa.ColumnElement[bool]:
    parent = key.column.table
    return key.parent.in_(sa.select(key.column).where(parent.c.quote_id == quote_id))


def test_a_quote_that_is_being_synced_waits_for_its_time(seller: User, later: Clock) -> None:
    quote = samples.quote(seller)
    publishing.publish(seller, quote.id)
    transitions.advance(seller, quote.id, LOST, reason="Price")
    later()
    delivery = Delivery(reader="autotask", reason="lost", quote_id=quote.id, state=DeliveryState.RUNNING)
    db.session.add(delivery)
    db.session.commit()
    assert retention.remove_quotes(90) == 0
    delivery.state = DeliveryState.DONE
    db.session.commit()
    assert retention.remove_quotes(90) == 1


@pytest.mark.both_databases
@pytest.mark.parametrize("how", ["changed", "added", "moved", "removed"])
def test_a_draft_that_someone_works_on_stays(seller: User, how: str) -> None:
    two: list[dict[str, Any]] = [
        {"name": "Firewall", "unit_price": "1"},
        {"name": "Switch", "unit_price": "2"},
    ]
    quote = samples.quote(seller, *two)
    old = utc_now() - timedelta(days=100)
    db.session.execute(sa.update(Quote).filter_by(id=quote.id).values(updated_at=old))
    db.session.commit()
    # Even if only the audit trail knew.
    assert old_quotes.ids(utc_now() - timedelta(days=90)) == []
    uid = quote.lines[0].uid
    work_on: dict[str, Callable[[], object]] = {
        "changed": lambda: lines.change(seller, quote.id, uid, {"name": "Firewall XL", "unit_price": "1"}),
        "added": lambda: lines.add_ad_hoc(seller, quote.id, {"name": "Cable"}),
        "moved": lambda: lines.move(seller, quote.id, uid, 2),
        "removed": lambda: lines.remove(seller, quote.id, uid),
    }
    work_on[how]()
    db.session.expire_all()
    assert quote.updated_at > old
    assert retention.remove_quotes(90) == 0
    assert left() == {quote.id}


def test_it_removes_a_few_at_a_time(seller: User, monkeypatch: pytest.MonkeyPatch, later: Clock) -> None:
    monkeypatch.setattr(old_quotes, "AT_ONCE", 2)
    customer = samples.person(seller)
    for _ in range(3):
        samples.quote(seller, customer=customer)
    later()
    assert [retention.remove_quotes(90) for _ in range(3)] == [2, 1, 0]


def test_what_was_accepted_keeps_its_evidence_whatever_its_age(seller: User, later: Clock) -> None:
    quote = samples.quote(seller)
    publishing.publish(seller, quote.id)
    revision = quote.current_revision
    assert revision
    values = {"name": "Ann", "signature": "Ann", "title": "Buyer", "terms": "1", **samples.shown(revision)}
    acceptance.accept(quote.public_token, values, [], Evidence("192.0.2.1", "Phone"))
    expire(quote)
    later(5000)
    assert retention.remove_quotes(90) == 0
    assert db.session.scalar(db.select(Acceptance.ip_address)) == "192.0.2.1"


@pytest.mark.both_databases
def test_an_old_trail_goes_whole_days_at_a_time(seller: User, monkeypatch: pytest.MonkeyPatch) -> None:
    samples.tax_code(seller)
    db.session.commit()
    assert retention.shorten_trail(0) == 0, "today's entries stay"
    tomorrow = utc_now() + timedelta(days=1)
    monkeypatch.setattr(retention, "utc_now", lambda: tomorrow)
    assert retention.shorten_trail(0) == 1, "the newest stays"
    assert retention.shorten_trail(0) > 0, "it was from before today too"
    assert retention.shorten_trail(0) > 0
    assert chain.check().sentence == ""


def test_the_operators_days_apply_until_the_page_is_saved(
    app: Flask, ids: Ids, admin: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = app.extensions["quotewright"]
    form = admin.form(PAGE, PAGE)
    assert dict(form.fill({}))["call_bodies_days"] == "90"
    assert admin.send(form, {"call_bodies_days": "7"}).status_code == 303
    with app.app_context():
        assert keeping.current(runtime) == keeping.Keeping(7, None, None)
        asked: list[int | None] = []
        monkeypatch.setattr(call_bodies, "tick", lambda _runtime, days: asked.append(days))
        retention.tick(runtime)
        assert asked == [7]
        entry = db.session.scalars(db.select(DiaryEntry).order_by(DiaryEntry.id.desc())).first()
        assert entry is not None
        assert (entry.action, entry.object_id) == ("settings.changed", "privacy")


def test_deleting_is_asked_first(app: Flask, ids: Ids, admin: Visitor) -> None:
    form = admin.form(PAGE, PAGE)
    asked = admin.send(form, {"quotes_days": "30", "trail_days": "400"})
    assert asked.status_code == 200
    assert "Delete 0 lost, expired or draft quotes" in text(asked)
    assert "audit trail entries older than 400 days" in text(asked)
    with app.app_context():
        assert keeping.current(app.extensions["quotewright"]).quotes is None
    sure = next(one for one in read_forms(asked.text) if "sure" in one.names())
    assert admin.send(sure).status_code == 303
    with app.app_context():
        assert keeping.current(app.extensions["quotewright"]) == keeping.Keeping(90, 30, 400)
    # To keep more needs no question.
    assert admin.send(admin.form(PAGE, PAGE), {"quotes_days": ""}).status_code == 303


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("call_bodies_days", ""),
        ("call_bodies_days", "0"),
        ("quotes_days", "29"),
        ("quotes_days", "-1"),
        ("trail_days", "364"),
        ("trail_days", "forever"),
        ("trail_days", "99999999999999"),
    ],
)
def test_a_wrong_number_has_a_sentence(app: Flask, ids: Ids, admin: Visitor, field: str, value: str) -> None:
    answer = admin.send(admin.form(PAGE, PAGE), {field: value})
    assert answer.status_code == 422
    assert "number of days" in errors(answer)[field]


def test_only_admins_see_the_page(ids: Ids, rep: Visitor) -> None:
    assert rep.client.get(PAGE).status_code == 403


def test_codes_by_mail_go_after_a_day_though_no_one_asks_for_another(app: Flask, seller: User) -> None:
    quote = samples.published(seller).quote
    for hours in (23, 25):
        made_at = utc_now() - timedelta(hours=hours)
        db.session.add(SigningCode(quote_id=quote.id, email=f"{hours}@customer.example", created_at=made_at))
    db.session.commit()
    retention.tick(app.extensions["quotewright"])
    assert list(db.session.scalars(db.select(SigningCode.email))) == ["23@customer.example"]
