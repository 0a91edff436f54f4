"""What a badge says of a quote is what the customer finds, whatever is being edited meanwhile."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from tests.support import samples
from webapp.models import Quote, User, db, utc_now
from webapp.models.quote import LOST, ORDERED
from webapp.services.company import place
from webapp.services.quoting.answer import acceptance, viewing
from webapp.services.quoting.draft import stages
from webapp.services.quoting.lifecycle import publishing, transitions
from webapp.services.quoting.lists import dashboard, listing
from webapp.services.quoting.lists.listing import View

pytestmark = pytest.mark.both_databases


def draft_of(rep: User) -> Quote:
    """A draft for a customer of its own."""
    name = uuid.uuid4().hex[:8]
    person = samples.person(rep, email=f"{name}@customer.example", organization=f"Customer {name}")
    return samples.quote(rep, customer=person)


def offered(rep: User, days: int) -> Quote:
    """A published quote whose last day is ``days`` from today."""
    quote = draft_of(rep)
    quote.expires_on = place.today() + timedelta(days=5)
    db.session.commit()
    publishing.publish(rep, quote.id)
    revision = quote.current_revision
    assert revision is not None
    revision.expires_on = place.today() + timedelta(days=days)
    revision.ends_at = place.of_company().end_of(revision.expires_on)
    db.session.commit()
    return quote


def edit(quote: Quote, days: int) -> None:
    """Another last day in the draft, which isn't published."""
    quote.expires_on = place.today() + timedelta(days=days)
    db.session.commit()


def listed(stage: str) -> list[Quote]:
    viewer = db.session.scalars(db.select(User).limit(1)).one()
    return [row.quote for row in listing.search(viewer, View(stage=stage)).rows]


def test_a_day_that_is_only_edited_expires_nothing(rep: User) -> None:
    quote = offered(rep, days=3)
    edit(quote, days=-1)
    assert stages.stage_of(quote, utc_now()) == stages.PUBLISHED
    assert (listed(stages.PUBLISHED), listed(stages.EXPIRED)) == ([quote], [])
    assert acceptance.closed_reason(quote) == ""
    board = dashboard.of_user(rep)
    assert [row.quote for row in board.expiring] == [quote]
    assert board.expired == []


def test_a_day_that_is_only_edited_revives_nothing(rep: User) -> None:
    quote = offered(rep, days=-1)
    edit(quote, days=30)
    assert stages.stage_of(quote, utc_now()) == stages.EXPIRED
    assert (listed(stages.PUBLISHED), listed(stages.EXPIRED)) == ([], [quote])
    assert [row.quote for row in dashboard.of_user(rep).expired] == [quote]


def test_each_stage_is_the_same_in_python_and_in_sql(rep: User) -> None:
    draft, late = draft_of(rep), offered(rep, days=-1)
    edit(draft, days=-10)
    current, opened, lost, won = (offered(rep, days=2) for _ in range(4))
    viewing.note_viewed(opened)
    transitions.advance(rep, lost.id, LOST, reason="Too late")
    acceptance.record_for_customer(rep, won.id, {"name": "Ann Lee"})
    every = {draft, late, current, opened, lost, won}
    for stage in stages.STAGES:
        expected = {quote for quote in every if stages.stage_of(quote, utc_now()) == stage}
        assert set(listed(stage)) == expected
        assert len(expected) == 1, stage


def test_a_draft_has_its_own_day(rep: User) -> None:
    quote = samples.quote(rep)
    assert quote.expiry == quote.expires_on
    assert db.session.scalar(db.select(Quote.expiry).filter_by(id=quote.id)) == quote.expires_on


def test_a_win_counts_in_the_month_of_its_acceptance(rep: User) -> None:
    won = offered(rep, days=2)
    acceptance.record_for_customer(rep, won.id, {"name": "Ann Lee"})
    transitions.advance(rep, won.id, ORDERED)
    # Whenever it was ordered. What was signed can't be changed, so the test moves the other time.
    won.status_changed_at = utc_now() - timedelta(days=40)
    db.session.commit()
    assert [row.quote for row in dashboard.of_user(rep).won] == [won]
