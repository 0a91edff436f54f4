"""How many calls to Autotask a push costs, against what we promise."""

from __future__ import annotations

import math

from bench import results
from bench.desk import counted, item_lookups, known_goods, open_bench
from webapp.models import db

SIZES = (1, 10, 100, 500)


def main() -> list[str]:
    """Measure, print and keep. Returns what missed its aim."""
    missed: list[str] = []
    rows = []
    print(
        f"{'lines':>6} {'first push':>11} {'≤':>5} {'look-ups':>9} {'≤':>3} {'unchanged':>10} {'one line':>9}"
    )
    with open_bench() as (desk, _):
        counted(desk, desk.quote(*known_goods(desk, 1)))  # fills the picklists' cache, as any day does
        for size in SIZES:
            quote = desk.quote(*known_goods(desk, size))
            first = counted(desk, quote)
            again = counted(desk, quote)
            quote.lines[0].unit_price += 1
            db.session.commit()
            changed = counted(desk, quote)
            row = {
                "lines": size,
                "first": first["total"],
                "lookups": item_lookups(first),
                "unchanged": (again["total"], again["writes"]),
                "changed": (changed["total"], changed["writes"]),
                "violations": first["threadViolations"],
            }
            rows.append(row)
            aim = (size + 12, 2 + math.ceil(size / 500))
            print(
                f"{size:>6} {row['first']:>11} {aim[0]:>5} {row['lookups']:>9} {aim[1]:>3} "
                f"{again['total']:>6} ({again['writes']}) {changed['total']:>5} ({changed['writes']})"
            )
            if row["first"] > aim[0] or row["lookups"] > aim[1]:
                missed.append(f"first push of {size} lines")
            if again["total"] > 2 or again["writes"]:
                missed.append(f"unchanged push of {size} lines")
            if changed["total"] > 4 or not 1 <= changed["writes"] <= 2:
                missed.append(f"one changed line of {size}")
    print("\nIn brackets: how many of the calls wrote. The aims: at most 2 (0), at most 4 (1 or 2).")
    print("Missed: " + (", ".join(missed) or "nothing"))
    results.keep("calls", rows)
    return missed
