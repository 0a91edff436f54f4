"""What a change of several lines would make of them and of the quote. Nothing of it reaches the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

from webapp.models import Quote, QuoteLine, User, db
from webapp.models.line import ONE
from webapp.services.accounts import permissions
from webapp.services.core.fields import Reader
from webapp.services.quoting.draft import bulk, editing, margins, sections
from webapp.services.quoting.money.totals import LineTotals, PeriodTotals
from webapp.services.quoting.revisions import pricing

INCLUDED, ON, OFF, ONE_OF = "Included", "Optional, on", "Optional, off", "One to choose"


@dataclass(frozen=True)
class Line:
    """A selected line now and after the change, which is None where it would be deleted.

    ``billed``, ``places`` and ``choices``: its billing periods, the headings of its sections (empty: none) and what the
    customer can choose, now and then. ``is_low``: it would be below the minimum margin.
    """

    name: str
    before: LineTotals
    after: LineTotals | None
    billed: tuple[str, str]
    places: tuple[str, str]
    choices: tuple[str, str]
    is_low: bool

    @property
    def margins(self) -> tuple[Decimal | None, Decimal | None]:
        """In percent, as in the sheet; None without a cost."""
        now, then = (
            pricing.line_margin_percent(one) if one and one.cost else None
            for one in (self.before, self.after)
        )
        return now, then


@dataclass(frozen=True)
class Foreseen:
    """``periods``: the sums of each billing period that is used now or then; ``left``: why lines stay as they are."""

    lines: tuple[Line, ...]
    periods: tuple[tuple[str, PeriodTotals, PeriodTotals], ...]
    left: tuple[str, ...]

    @property
    def is_moving(self) -> bool:
        """True when a line would stand in another section."""
        return any(now != then for now, then in (line.places for line in self.lines))

    @property
    def is_chosen_otherwise(self) -> bool:
        """True when the customer could choose something else of a line."""
        return any(now != then for now, then in (line.choices for line in self.lines))


@dataclass(frozen=True)
class _Seen:
    amounts: LineTotals
    billed: str
    place: str
    choice: str


def change(
    actor: User, quote_id: int, uids: Collection[str], what: str, values: Mapping[str, object]
) -> Foreseen:
    """What ``bulk.change``, ``bulk.remove`` (``delete``) or ``sections.put_lines`` (``section``) would do.

    By the same rules: raises what they raise, and stores nothing.
    """
    quote, minimum = editing.get(quote_id), permissions.minimum_margin()
    editing.check_editable(quote)
    with db.session.no_autoflush:
        try:
            before = pricing.of_quote(quote)
            was, chosen = _look(quote, before.lines), bulk.chosen_of(quote, uids)
            left = _apply(actor, quote, uids, what, values)
            after = pricing.of_quote(quote)
            becomes = _look(quote, after.lines)
            lines = tuple(
                _line(line, was[line.uid], becomes.get(line.uid), minimum, quote.currency) for line in chosen
            )
            used = {name for totals in (before, after) for name, _ in totals.used_periods}
            periods = tuple(
                (name, before.periods[name], one) for name, one in after.periods.items() if name in used
            )
            return Foreseen(lines, periods, tuple(left))
        finally:
            # What was set above was never flushed, and is forgotten here.
            db.session.expire_all()


def _apply(
    actor: User, quote: Quote, uids: Collection[str], what: str, values: Mapping[str, object]
) -> list[str]:
    """Change the lines in memory. Returns why some stay as they are. Nothing is numbered: that would store it."""
    if what == "delete":
        for line in bulk.chosen_of(quote, uids):
            quote.lines.remove(line)
    elif what == "section":
        uid = Reader(values).text("section", 36)
        sections.bring(quote, uids, sections.find(quote, uid) if uid else None)
    else:
        return bulk.apply(actor, quote, uids, what, values).sentences("would not change")
    sections.order(quote)
    sections.settle(quote)
    return []


def _look(quote: Quote, amounts: Collection[LineTotals]) -> dict[str, _Seen]:
    return {
        line.uid: _Seen(one, line.recurrence, line.section.title if line.section else "", _choice(line))
        for line, one in zip(quote.lines, amounts, strict=True)
    }


def _choice(line: QuoteLine) -> str:
    if line.section is not None and line.section.choice == ONE:
        return ONE_OF
    is_optional, is_selected = line.choice
    return INCLUDED if not is_optional else ON if is_selected else OFF


def _line(line: QuoteLine, was: _Seen, becomes: _Seen | None, minimum: Decimal | None, currency: str) -> Line:
    then = becomes or was
    return Line(
        line.name,
        was.amounts,
        becomes.amounts if becomes else None,
        (was.billed, then.billed),
        (was.place, then.place),
        (was.choice, then.choice),
        is_low=becomes is not None and margins.is_low(line, becomes.amounts, minimum, currency),
    )
