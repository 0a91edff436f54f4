"""The stage of a quote: computed from its status and the date, never stored."""

from __future__ import annotations

from datetime import date

from webapp.models import Quote, utc_now
from webapp.models.quote import LOST, PENDING

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
    if is_expired(quote.expires_on, on):
        return EXPIRED
    return OPENED if quote.viewed_at else PUBLISHED


def is_expired(expires_on: date | None, on: date) -> bool:
    """True after the expiration date."""
    return expires_on is not None and on > expires_on
