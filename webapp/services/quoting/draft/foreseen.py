"""What a change of several lines would make of them and of the quote. Nothing of it reaches the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

from webapp.models import User, db
from webapp.services.accounts import permissions
from webapp.services.quoting.draft import bulk, editing, margins
from webapp.services.quoting.money.totals import LineTotals, PeriodTotals
from webapp.services.quoting.revisions import pricing


@dataclass(frozen=True)
class Line:
    """A selected line now and after the change. ``billed``: its billing periods now and then.

    ``is_low``: it would be below the minimum margin.
    """

    name: str
    before: LineTotals
    after: LineTotals
    billed: tuple[str, str]
    is_low: bool

    @property
    def margins(self) -> tuple[Decimal | None, Decimal | None]:
        """In percent, as in the sheet; None without a cost."""
        now, then = (
            pricing.line_margin_percent(one) if one.cost else None for one in (self.before, self.after)
        )
        return now, then


@dataclass(frozen=True)
class Foreseen:
    """``periods``: the sums of each billing period that is used now or then; ``left``: why lines stay as they are."""

    lines: tuple[Line, ...]
    periods: tuple[tuple[str, PeriodTotals, PeriodTotals], ...]
    left: tuple[str, ...]


def change(
    actor: User, quote_id: int, uids: Collection[str], what: str, values: Mapping[str, object]
) -> Foreseen:
    """What ``bulk.change`` would do, by the same rules. Raises what it raises; stores nothing."""
    quote, minimum = editing.get(quote_id), permissions.minimum_margin()
    with db.session.no_autoflush:
        try:
            before, wanted = pricing.of_quote(quote), set(uids)
            was = {
                line.uid: (one, line.recurrence) for line, one in zip(quote.lines, before.lines, strict=True)
            }
            changed = bulk.apply(actor, quote, uids, what, values)
            after = pricing.of_quote(quote)
            lines = tuple(
                Line(
                    line.name,
                    was[line.uid][0],
                    then,
                    (was[line.uid][1], line.recurrence),
                    margins.is_low(line, then, minimum, quote.currency),
                )
                for line, then in zip(quote.lines, after.lines, strict=True)
                if line.uid in wanted
            )
            used = {name for totals in (before, after) for name, _ in totals.used_periods}
            periods = tuple(
                (name, before.periods[name], one) for name, one in after.periods.items() if name in used
            )
            return Foreseen(lines, periods, tuple(changed.sentences("would not change")))
        finally:
            # What was set above was never flushed, and is forgotten here.
            db.session.expire_all()
