"""``make bench``, or ``python -m bench NAME ...`` for some: each prints a table and saves it as JSON.

Seconds depend on the machine; ratios from one run depend on the code.
"""

from __future__ import annotations

import importlib
import sys

BENCHES = {
    "growth": "how much longer a quote with ten times the lines takes",
    "calls": "how many calls to Autotask a push costs",
    "speed": "how much faster a push is than sequential calls",
    "sandbox": "how fast the Autotask sandbox is with 100,000 products",
    "pdf": "how long a PDF takes beside plain reportlab, and whether anything stands alone on a page",
    "page": "what the customer's page weighs at the first visit, and when it is painted on slow 4G",
    "editor": "how long the quote editor takes to open and to save an edit, with up to 300 lines and 575 categories",
    "items": "how fast the item library is with 100,000 items, on both databases",
    "settings": "how fast the Autotask settings page is with 500 categories",
    "workers": "one, two and four workers and many quotes published at once (QUOTES=, LINES=, WORKERS=1,2)",
    "locks": "two web processes and two workers on SQLite under load",
}


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all. Returns the exit code: 1 when a benchmark missed its target."""
    unknown = set(names) - set(BENCHES)
    if unknown:
        print(
            f"Unknown benchmark: {', '.join(sorted(unknown))}. Available: {', '.join(BENCHES)}.",
            file=sys.stderr,
        )
        return 2
    missed = 0
    for name in names or BENCHES:
        print(f"\n{name}: {BENCHES[name]}\n")
        missed += bool(importlib.import_module(f"bench.{name}").main())
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
