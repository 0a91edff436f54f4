"""How long a PDF takes, and whether anything stands alone on a page of any offer from 1 to 120 lines."""

from __future__ import annotations

import time

from bench import results
from tests.support import paper
from webapp.services.quoting.paper import document

LENGTHS = (1, 20, 100)
ROUNDS = 3
EVERY = range(1, 121)


def main() -> list[str]:
    """Measure, print and save. Returns the missed targets."""
    document.render(paper.offer(1))
    best = {count: min(_seconds(count) for _ in range(ROUNDS)) for count in LENGTHS}
    for count, seconds in best.items():
        print(f"{count} lines: {1000 * seconds:.0f} ms of CPU time, best of {ROUNDS}")
    alone = [
        found for count in EVERY for terms in ("", "Thirty days.") for found in paper.alone(count, terms)
    ]
    print(
        "\n".join(alone) or f"{EVERY[0]} to {EVERY[-1]} lines, with and without terms: nothing stands alone."
    )
    results.save("paper", {"seconds": best, "alone": alone})
    return ["paper"] * bool(alone)


def _seconds(count: int) -> float:
    start = time.process_time()
    document.render(paper.offer(count))
    return time.process_time() - start
