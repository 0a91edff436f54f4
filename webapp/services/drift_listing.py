"""What the pages of drift show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from webapp.models import DriftCheck, DriftFinding, Quote, db
from webapp.models.drift import OPEN
from webapp.services.autotask import drift_check

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


def rows() -> list[Row]:
    """Quotes with open findings, those with the newest ones first."""
    count = db.func.count(DriftFinding.id)
    query = (
        db.select(Quote, count, DriftCheck.checked_at)
        .join(DriftFinding, db.and_(DriftFinding.quote_id == Quote.id, DriftFinding.state == OPEN))
        .outerjoin(DriftCheck, DriftCheck.quote_id == Quote.id)
        .group_by(Quote.id, DriftCheck.checked_at)
        .order_by(db.func.max(DriftFinding.found_at).desc(), Quote.id)
        .limit(SHOWN)
    )
    return [Row(quote, number, moment) for quote, number, moment in db.session.execute(query)]


def compared() -> tuple[int, datetime | None]:
    """How many quotes are compared, and when the one that was not for the longest time was."""
    query = db.select(db.func.count(DriftCheck.quote_id), db.func.min(DriftCheck.checked_at))
    number, oldest = db.session.execute(query).one()
    return int(number), oldest


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
    query = db.select(DriftFinding).filter_by(quote_id=quote.id).order_by(DriftFinding.id)
    return list(db.session.scalars(query))
