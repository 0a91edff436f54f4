"""The number of Autotask calls that a push makes, compared with what we promise."""

from __future__ import annotations

import math

from bench import results
from bench.desk import counted, item_lookups, matching_lines, open_bench
from webapp.models import Quote, db

SIZES = (1, 10, 100, 500)


def main() -> list[str]:
    """Measure, print and save. Returns the missed targets."""
    missed: list[str] = []
    rows = []
    print(
        f"{'lines':>6} {'first push':>11} {'≤':>5} {'look-ups':>9} {'≤':>3} {'unchanged':>10} {'one line':>9} "
        f"{'moved':>6}"
    )
    with open_bench() as (desk, _):
        counted(desk, desk.quote(*matching_lines(desk, 1)))  # fills the cache of lists, as in normal use
        for size in SIZES:
            quote = desk.quote(*matching_lines(desk, size))
            first = counted(desk, quote)
            again = counted(desk, quote)
            quote.lines[0].unit_price += 1
            db.session.commit()
            changed = counted(desk, quote)
            moved = counted(desk, _last_to_the_top(quote))
            row = {
                "lines": size,
                "first": first["total"],
                "lookups": item_lookups(first),
                "unchanged": (again["total"], again["writes"]),
                "changed": (changed["total"], changed["writes"]),
                "moved": (moved["total"], moved["writes"]),
                "violations": first["threadViolations"],
            }
            rows.append(row)
            target = (size + 12, 2 + math.ceil(size / 500))
            print(
                f"{size:>6} {row['first']:>11} {target[0]:>5} {row['lookups']:>9} {target[1]:>3} "
                f"{again['total']:>6} ({again['writes']}) {changed['total']:>5} ({changed['writes']}) "
                f"{moved['total']:>4} ({moved['writes']})"
            )
            if row["first"] > target[0] or row["lookups"] > target[1]:
                missed.append(f"first push of {size} lines")
            if again["total"] > 2 or again["writes"]:
                missed.append(f"unchanged push of {size} lines")
            if changed["total"] > 4 or not 1 <= changed["writes"] <= 2:
                missed.append(f"one changed line of {size}")
            if moved["total"] > 4 or moved["writes"] > 2:
                missed.append(f"one moved line of {size}")
    print(
        "\nIn parentheses: the calls that wrote. Targets: at most 2 (0), at most 4 (1 or 2), at most 4 (2)."
    )
    print("Missed: " + (", ".join(missed) or "nothing"))
    results.save("calls", rows)
    return missed


def _last_to_the_top(quote: Quote) -> Quote:
    """The quote with its last line first."""
    *rest, last = quote.lines
    for position, line in enumerate([last, *rest], start=1):
        line.position = position
    db.session.commit()
    db.session.expire_all()
    return quote
