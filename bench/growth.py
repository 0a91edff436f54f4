"""How much longer a quote with ten times the lines takes.

Seconds depend on the machine, their ratio on the code. 10 is linear growth, 100 would be quadratic.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal

from bench import results
from webapp.models.catalog import RECURRENCES
from webapp.services.quoting.money import totals
from webapp.services.quoting.paper import document
from webapp.services.quoting.revisions import snapshot

ROUNDS = 7


@dataclass(frozen=True)
class Growth:
    """One measurement: median seconds for ``few`` and ``many`` lines and their ratio."""

    what: str
    few: int
    many: int
    few_seconds: float
    many_seconds: float

    @property
    def ratio(self) -> float:
        return self.many_seconds / self.few_seconds


def quote(lines: int) -> snapshot.Snapshot:
    """A published quote with lines of every recurrence, some with discount and tax."""
    return snapshot.Snapshot(
        quote_id=1,
        number=1000,
        revision=1,
        title="Measured",
        currency="USD",
        published_at=datetime(2026, 1, 2, tzinfo=UTC),
        owner_name="Robin Rep",
        owner_email="robin@example.com",
        organization=snapshot.FrozenOrganization(id=1, name="Example Ltd"),
        person=snapshot.FrozenPerson(id=1, first_name="Casey", last_name="Customer"),
        lines=tuple(_line(number) for number in range(lines)),
    )


def _line(number: int) -> snapshot.FrozenLine:
    return snapshot.FrozenLine(
        uid=f"{number:08d}",
        name=f"Item {number}",
        description="A switch with 48 ports, rails and a power cord.",
        recurrence=RECURRENCES[number % len(RECURRENCES)],
        quantity=Decimal(number % 7 + 1),
        unit_price=Decimal("19.99"),
        unit_cost=Decimal("11.10"),
        discount_kind="percent",
        discount_value=Decimal(number % 11),
        tax_rate=Decimal("8.25"),
    )


def compute_totals(frozen: snapshot.Snapshot) -> object:
    rates = [line.tax_rate for line in frozen.lines]
    return totals.compute(frozen.lines, rates, discount_kind="amount", discount_value=Decimal("12.34"))


def freeze_and_hash(frozen: snapshot.Snapshot) -> object:
    return snapshot.sha256(snapshot.parse(frozen.canonical()).canonical())


def measure(what: str, task: Callable[[snapshot.Snapshot], object], few: int, many: int) -> Growth:
    """The median of a few rounds for each size; the first, warm-up round isn't counted."""
    seconds = []
    for lines in (few, many):
        frozen = quote(lines)
        task(frozen)
        taken = []
        for _ in range(ROUNDS):
            gc.collect()
            start = time.perf_counter()
            task(frozen)
            taken.append(time.perf_counter() - start)
        seconds.append(statistics.median(taken))
    return Growth(what, few, many, seconds[0], seconds[1])


def main() -> list[str]:
    """Measure, print and save. Returns an empty list: this benchmark has no target."""
    measured = [
        measure("totals of a quote", compute_totals, 50, 500),
        measure("writing, reading and hashing a frozen revision", freeze_and_hash, 50, 500),
        measure("the PDF", document.render, 10, 100),
    ]
    print(f"{'':<45} {'lines':>10} {'ms':>17} {'ratio':>7}")
    for growth in measured:
        size = f"{growth.few} → {growth.many}"
        taken = f"{growth.few_seconds * 1000:.1f} → {growth.many_seconds * 1000:.1f}"
        print(f"{growth.what:<45} {size:>10} {taken:>17} {growth.ratio:>7.1f}")
    results.save("growth", [{**asdict(growth), "ratio": growth.ratio} for growth in measured])
    return []
