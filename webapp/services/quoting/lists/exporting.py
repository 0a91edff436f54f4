"""The list of quotes as a spreadsheet: every quote of a view that the person may see, by the query of the list.

Owns its transactions: none is open while the browser takes what was read so far.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from webapp.models import Quote, User, db
from webapp.models.catalog import RECURRENCES
from webapp.services.catalog import costs
from webapp.services.company import place
from webapp.services.core import formatting, spreadsheet, work
from webapp.services.core.place import Place
from webapp.services.diary import diary
from webapp.services.quoting.lists import listing
from webapp.services.quoting.lists.filters import Filters

# Computed at a time, each from its lines.
BATCH = 200
COLUMNS = ("Number", "Title", "Customer", "Contact", "Stage", "Status", "Owner", "Currency")
DATES = ("Expires", "Last activity")


@work.command
def note(actor: User, shown: Filters) -> list[int]:
    """Write down that someone exports the view; returns the ids of its quotes in their order."""
    ids = listing.ids(actor, shown.view(actor))
    diary.write(actor, "view.exported", "view", "csv", filters=shown.query, quotes=len(ids))
    return ids


def as_csv(viewer: User, ids: list[int]) -> Iterator[str]:
    """These quotes, a line at a time; costs and margins only for those who may see them."""
    with_costs, here = costs.may_see(viewer), place.of_user(viewer)
    yield from spreadsheet.lines(_cells(ids, here, with_costs=with_costs))


def _cells(ids: list[int], here: Place, *, with_costs: bool) -> Iterator[list[str]]:
    labels = [formatting.period_label(name) for name in RECURRENCES]
    cost_heads = [f"Cost, {label.lower()}" for label in labels] + ["Margin of the first year, percent"]
    yield [*COLUMNS, *labels, *(cost_heads if with_costs else []), *DATES]
    for start in range(0, len(ids), BATCH):
        with work.reading():
            rows = [
                _row(row, here, with_costs=with_costs) for row in listing.of_ids(ids[start : start + BATCH])
            ]
            # No transaction is open while the browser takes its time.
            db.session.rollback()
        yield from rows


def _row(row: listing.Row, here: Place, *, with_costs: bool) -> list[str]:
    quote, periods = row.quote, [row.totals.periods[name] for name in RECURRENCES]
    margin = row.margin_percent
    known = [_amount(one.cost, here) for one in periods]
    known.append("" if margin is None else formatting.plain(margin, here))
    return [
        str(quote.number or ""),
        quote.title,
        _customer(quote),
        quote.person.full_name if quote.person else "",
        row.stage,
        quote.status,
        quote.owner.name,
        quote.currency,
        *(_amount(one.revenue, here) for one in periods),
        *(known if with_costs else []),
        quote.expiry.isoformat() if quote.expiry else "",
        quote.updated_at.astimezone(here.zone).strftime("%Y-%m-%d %H:%M"),
    ]


def _customer(quote: Quote) -> str:
    if quote.organization is not None:
        return quote.organization.name
    return quote.person.full_name if quote.person else ""


def _amount(amount: Decimal, here: Place) -> str:
    return formatting.plain_price(amount, here) if amount else ""
