"""``make bench``, or ``python -m bench NAME ...`` for some: each prints a table and keeps it as JSON.

Seconds belong to a machine; ratios measured in one run belong to the code.
"""

from __future__ import annotations

import importlib
import sys

BENCHES = {
    "growth": "how much longer a quote ten times as long takes",
    "calls": "how many calls to Autotask a push costs",
    "speed": "how much faster a push is than one call after another",
    "sandbox": "how fast the Autotask sandbox answers with 100,000 products in it",
    "settings": "how fast the settings of Autotask answer with 500 categories",
    "workers": "two workers and many quotes published at once",
}


def main(names: list[str]) -> int:
    """Run the benches named, or all. Returns the exit code: 1 when one missed its aim."""
    unknown = set(names) - set(BENCHES)
    if unknown:
        print(
            f"There is no bench {', '.join(sorted(unknown))}. Known: {', '.join(BENCHES)}.", file=sys.stderr
        )
        return 2
    missed = 0
    for name in names or BENCHES:
        print(f"\n{name}: {BENCHES[name]}\n")
        missed += bool(importlib.import_module(f"bench.{name}").main())
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
