"""How a quote's sums become Autotask's: what is moved to another billing period, and what rounding adds. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from webapp.models.catalog import RECURRENCES
from webapp.services.autotask.wanted.context import Context
from webapp.services.autotask.wanted.desired import BILLED, BUCKETS, Translation
from webapp.services.autotask.wanted.line import Line
from webapp.services.quoting.money.money import ZERO
from webapp.services.quoting.revisions import pricing


def quote_sums(context: Context) -> dict[str, Decimal]:
    """What the quote itself shows for each billing period, without tax."""
    periods = pricing.of_snapshot(context.frozen).periods
    return {name: periods[name].revenue for name in RECURRENCES}


def translations(
    lines: list[Line], sums: Mapping[str, Decimal], buckets: Mapping[str, Decimal]
) -> tuple[Translation, ...]:
    """Everything between the quote's sums and the ones that Autotask must have (``buckets``), one by one."""
    found = [_moved(line) for line in lines if line.amounts.counts and line.period != line.frozen.recurrence]
    rest = {}
    for period in RECURRENCES:
        moved = sum((one.amounts.get(period, ZERO) for one in found), ZERO)
        difference = buckets[BUCKETS[period][0]] - sums[period] - moved
        if difference:
            rest[period] = difference
    if rest:
        found.append(Translation("Autotask rounds each line to the cent.", rest))
    return tuple(one for one in found if any(one.amounts.values()))


def _moved(line: Line) -> Translation:
    """A line that Autotask bills in another period."""
    before, after, amount = line.frozen.recurrence, line.period, line.amounts.net
    sentence = (
        f"{line.name} is labor, which Autotask bills {BILLED[after]}. The quote bills it {BILLED[before]}."
    )
    return Translation(sentence, {before: -amount, after: amount})
