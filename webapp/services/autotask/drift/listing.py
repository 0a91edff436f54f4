"""The lists and summaries on the pages of Autotask changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from webapp.models import DriftCheck, DriftFinding, Quote, db, utc_now
from webapp.models.drift import OPEN
from webapp.services.autotask.drift import check as drift_check
from webapp.services.autotask.drift import schedule as drift_schedule

SHOWN = 200


@dataclass(frozen=True)
class DriftRow:
    """A quote with open findings."""

    quote: Quote
    count: int
    checked_at: datetime | None


@dataclass(frozen=True)
class QuoteDrift:
    """The state of one quote. ``sentence``: why the last check failed."""

    is_linked: bool
    open: int
    checked_at: datetime | None
    sentence: str


def rows(owner_id: int | None = None) -> list[DriftRow]:
    """Quotes with open findings, of one owner or of all, newest findings first; at most ``SHOWN``."""
    number_open = db.func.count(DriftFinding.id)
    query = (
        db.select(Quote, number_open, DriftCheck.checked_at)
        .join(DriftFinding, db.and_(DriftFinding.quote_id == Quote.id, DriftFinding.state == OPEN))
        .outerjoin(DriftCheck, DriftCheck.quote_id == Quote.id)
        .options(
            db.selectinload(Quote.owner), db.selectinload(Quote.organization), db.selectinload(Quote.person)
        )
        .group_by(Quote.id, DriftCheck.checked_at)
        .order_by(db.func.max(DriftFinding.found_at).desc(), Quote.id)
        .limit(SHOWN)
    )
    if owner_id is not None:
        query = query.where(Quote.owner_id == owner_id)
    return [DriftRow(quote, number, moment) for quote, number, moment in db.session.execute(query)]


def count(owner_id: int | None = None) -> int:
    """How many quotes, of one owner or of all, have open findings."""
    query = db.select(db.func.count(db.distinct(DriftFinding.quote_id))).where(DriftFinding.state == OPEN)
    if owner_id is not None:
        query = query.join(Quote, Quote.id == DriftFinding.quote_id).where(Quote.owner_id == owner_id)
    return int(db.session.scalar(query) or 0)


@dataclass(frozen=True)
class CheckProgress:
    """``number`` quotes were checked, the first of them at ``oldest``; the last check of ``failed`` quotes failed.

    ``due``: how many quotes are due for a check.
    """

    number: int
    oldest: datetime | None
    failed: int
    due: int


def progress() -> CheckProgress:
    """The progress of checking all quotes."""
    query = db.select(
        db.func.count(DriftCheck.checked_at),
        db.func.min(DriftCheck.checked_at),
        db.func.count(DriftCheck.quote_id).filter(DriftCheck.sentence != ""),
    )
    number, oldest, failed = db.session.execute(query).one()
    return CheckProgress(int(number), oldest, int(failed), drift_schedule.due_count(utc_now()))


def summary(quote: Quote) -> QuoteDrift:
    """The state of one quote."""
    check = db.session.get(DriftCheck, quote.id)
    return QuoteDrift(
        drift_check.is_linked(quote.id),
        drift_check.open_count(quote.id),
        check.checked_at if check else None,
        check.sentence if check else "",
    )


def findings(quote: Quote) -> list[DriftFinding]:
    """All findings of a quote, including decided findings."""
    query = (
        db.select(DriftFinding)
        .filter_by(quote_id=quote.id)
        .options(db.joinedload(DriftFinding.decided_by))
        .order_by(DriftFinding.id)
    )
    return list(db.session.scalars(query))
