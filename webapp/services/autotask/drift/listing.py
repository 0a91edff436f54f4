"""What the pages of drift show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from webapp.models import DriftCheck, DriftFinding, Quote, db, utc_now
from webapp.models.drift import OPEN
from webapp.services.autotask.drift import check as drift_check
from webapp.services.autotask.drift import schedule as drift_schedule

SHOWN = 200


@dataclass(frozen=True)
class Row:
    """A quote with findings that wait for a decision."""

    quote: Quote
    count: int
    checked_at: datetime | None


@dataclass(frozen=True)
class Summary:
    """Of one quote. ``sentence``: why it could not be compared the last time."""

    is_linked: bool
    open: int
    checked_at: datetime | None
    sentence: str


def rows(owner_id: int | None = None) -> list[Row]:
    """Quotes with open findings, of one owner or of all, those with the newest ones first; at most ``SHOWN``."""
    found = db.func.count(DriftFinding.id)
    query = (
        db.select(Quote, found, DriftCheck.checked_at)
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
    return [Row(quote, number, moment) for quote, number, moment in db.session.execute(query)]


def count(owner_id: int | None = None) -> int:
    """How many quotes, of one owner or of all, have findings that wait for a decision."""
    query = db.select(db.func.count(db.distinct(DriftFinding.quote_id))).where(DriftFinding.state == OPEN)
    if owner_id is not None:
        query = query.join(Quote, Quote.id == DriftFinding.quote_id).where(Quote.owner_id == owner_id)
    return int(db.session.scalar(query) or 0)


@dataclass(frozen=True)
class Compared:
    """``number`` quotes were compared, that of longest ago at ``oldest``; ``failed`` could not be the last time.

    ``due``: how many are to be compared now.
    """

    number: int
    oldest: datetime | None
    failed: int
    due: int


def compared() -> Compared:
    """How far comparing is."""
    query = db.select(
        db.func.count(DriftCheck.checked_at),
        db.func.min(DriftCheck.checked_at),
        db.func.count(DriftCheck.quote_id).filter(DriftCheck.sentence != ""),
    )
    number, oldest, failed = db.session.execute(query).one()
    return Compared(int(number), oldest, int(failed), drift_schedule.due_count(utc_now()))


def summary(quote: Quote) -> Summary:
    """The state of one quote."""
    check = db.session.get(DriftCheck, quote.id)
    return Summary(
        drift_check.is_linked(quote.id),
        drift_check.open_count(quote.id),
        check.checked_at if check else None,
        check.sentence if check else "",
    )


def findings(quote: Quote) -> list[DriftFinding]:
    """All findings of a quote, those decided as well."""
    query = (
        db.select(DriftFinding)
        .filter_by(quote_id=quote.id)
        .options(db.joinedload(DriftFinding.decided_by))
        .order_by(DriftFinding.id)
    )
    return list(db.session.scalars(query))
