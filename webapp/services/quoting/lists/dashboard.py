"""The home page: open quotes, quotes that expire soon, quotes won this month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from webapp.models import Acceptance, Quote, User, db, utc_now
from webapp.models.quote import ACCEPTED, PENDING, WON_STATUSES
from webapp.services.company import place
from webapp.services.quoting.draft import stages
from webapp.services.quoting.lists import listing
from webapp.services.quoting.lists.listing import Row, Some

SOON = 7
SHOWN = 8
MOST_WON = 500


@dataclass(frozen=True)
class Dashboard:
    """Lists of quotes, and this month's won net revenue by currency: one-time, and recurring per month."""

    to_order: list[Row]
    expiring: list[Row]
    waiting: list[Row]
    drafts: list[Row]
    won: list[Row]
    won_one_time: dict[str, Decimal]
    won_monthly: dict[str, Decimal]
    expired: list[Row]


def of_user(user: User, *, everyone: bool = False) -> Dashboard:
    """The dashboard of ``user``, or with ``everyone`` of everyone whose quotes they may see."""
    own = [] if everyone else [Quote.owner_id == user.id]
    now, here = utc_now(), place.of_company()
    today = here.today()
    month = here.start_of(today.replace(day=1))
    open_stages = db.or_(stages.in_stage(stages.PUBLISHED, now), stages.in_stage(stages.OPENED, now))
    soon = db.and_(Quote.expiry.is_not(None), Quote.expiry <= today + timedelta(days=SOON))
    recently = Quote.expiry >= today - timedelta(days=30)
    expired = db.and_(stages.in_stage(stages.EXPIRED, now), recently)
    won_now = db.and_(Quote.status.in_(WON_STATUSES), Quote.acceptance.has(Acceptance.accepted_at >= month))
    lists = listing.several(
        user,
        to_order=Some((*own, Quote.status == ACCEPTED), SHOWN),
        expiring=Some((*own, open_stages, soon), SHOWN, newest_first=False),
        waiting=Some((*own, open_stages, db.not_(soon)), SHOWN),
        drafts=Some((*own, Quote.status == PENDING, Quote.number.is_(None)), SHOWN),
        won=Some((*own, won_now), MOST_WON),
        expired=Some((*own, expired), SHOWN),
    )
    won = lists["won"]
    return Dashboard(**lists, won_one_time=_sums(won, one_time=True), won_monthly=_sums(won, one_time=False))


def _sums(rows: list[Row], *, one_time: bool) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for row in rows:
        for name, period in row.totals.periods.items():
            if (name == "one_time") == one_time and period.revenue:
                amount = period.revenue if one_time else period.revenue / listing.MONTHS[name]
                sums[row.quote.currency] = sums.get(row.quote.currency, Decimal(0)) + amount
    return sums
