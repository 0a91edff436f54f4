"""The stage of a quote: computed from its status and the date, never stored."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement

from webapp.models import Quote, db, utc_now
from webapp.models.quote import LOST, PENDING, WON_STATUSES

DRAFT = "Draft"
PUBLISHED = "Published"
OPENED = "Opened"
EXPIRED = "Expired"
WON = "Won"
LOST_STAGE = "Lost"
STAGES = (DRAFT, PUBLISHED, OPENED, EXPIRED, WON, LOST_STAGE)


def today() -> date:
    """Today's date in UTC, which decides when quotes expire."""
    return utc_now().date()


def stage_of(quote: Quote, on: date) -> str:
    """The stage on the day ``on`` (UTC).

    Draft: never published. While pending: Expired after the expiration date, else Opened once the customer has viewed
    the live revision, else Published. Won: accepted, ordered or fulfilled. Lost.
    """
    if quote.number is None:
        return DRAFT
    if quote.status == LOST:
        return LOST_STAGE
    if quote.status != PENDING:
        return WON
    if is_expired(quote.expiry, on):
        return EXPIRED
    return OPENED if quote.viewed_at else PUBLISHED


def in_stage(stage: str, on: date) -> ColumnElement[bool]:
    """``stage_of`` in SQL: the condition for quotes in ``stage`` on the day ``on``. Nothing is in an unknown stage."""
    published, pending = Quote.number.is_not(None), Quote.status == PENDING
    expired = db.and_(Quote.expiry.is_not(None), Quote.expiry < on)
    conditions: dict[str, ColumnElement[bool]] = {
        DRAFT: Quote.number.is_(None),
        PUBLISHED: db.and_(published, pending, db.not_(expired), Quote.viewed_at.is_(None)),
        OPENED: db.and_(published, pending, db.not_(expired), Quote.viewed_at.is_not(None)),
        EXPIRED: db.and_(published, pending, expired),
        WON: db.and_(published, Quote.status.in_(WON_STATUSES)),
        LOST_STAGE: db.and_(published, Quote.status == LOST),
    }
    nothing: ColumnElement[bool] = db.false()
    return conditions.get(stage, nothing)


def is_expired(expires_on: date | None, on: date) -> bool:
    """True after the expiration date."""
    return expires_on is not None and on > expires_on
