"""The stage of a quote: computed from its status and the time, never stored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from sqlalchemy import ColumnElement

from webapp.models import Quote, db
from webapp.models.quote import LOST, PENDING, WON_STATUSES

DRAFT = "Draft"
PUBLISHED = "Published"
OPENED = "Opened"
EXPIRED = "Expired"
WON = "Won"
LOST_STAGE = "Lost"
STAGES = (DRAFT, PUBLISHED, OPENED, EXPIRED, WON, LOST_STAGE)


def stage_of(quote: Quote, now: datetime) -> str:
    """The stage at ``now``.

    Draft: never published. While pending: Expired when the last day is over at the seller's place, else Opened once the
    customer has viewed the live revision, else Published. Won: accepted, ordered or fulfilled. Lost.
    """
    if quote.number is None:
        return DRAFT
    if quote.status == LOST:
        return LOST_STAGE
    if quote.status != PENDING:
        return WON
    if has_ended(quote.ends_at, now):
        return EXPIRED
    return OPENED if quote.viewed_at else PUBLISHED


def in_stage(stage: str, now: datetime) -> ColumnElement[bool]:
    """``stage_of`` in SQL: the condition for quotes in ``stage`` at ``now``. Nothing is in an unknown stage."""
    published, pending = Quote.number.is_not(None), Quote.status == PENDING

    def expired() -> ColumnElement[bool]:
        over: ColumnElement[bool] = db.and_(Quote.ends_at.is_not(None), Quote.ends_at <= now)
        return over

    # A page asks for several, and making one takes a while.
    conditions: dict[str, Callable[[], ColumnElement[bool]]] = {
        DRAFT: lambda: Quote.number.is_(None),
        PUBLISHED: lambda: db.and_(published, pending, db.not_(expired()), Quote.viewed_at.is_(None)),
        OPENED: lambda: db.and_(published, pending, db.not_(expired()), Quote.viewed_at.is_not(None)),
        EXPIRED: lambda: db.and_(published, pending, expired()),
        WON: lambda: db.and_(published, Quote.status.in_(WON_STATUSES)),
        LOST_STAGE: lambda: db.and_(published, Quote.status == LOST),
    }
    nothing: ColumnElement[bool] = db.false()
    return conditions[stage]() if stage in conditions else nothing


def has_ended(ends_at: datetime | None, now: datetime) -> bool:
    """True once the customer can't accept any more."""
    return ends_at is not None and ends_at <= now


def is_past(expires_on: date | None, today: date) -> bool:
    """True when a draft's expiration date has passed already."""
    return expires_on is not None and today > expires_on
