"""How long a PDF takes, beside the same table in plain reportlab, and whether anything stands alone on a page.

Both are measured in one run, in turns, so that their ratio doesn't depend on the machine.
"""

from __future__ import annotations

import io
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable

from bench import results
from tests.support import paper
from webapp.services.quoting.paper import document, fonts
from webapp.services.quoting.paper.sheet import styles
from webapp.services.quoting.revisions.snapshot import Snapshot

LENGTHS = (1, 20, 100, 300)
ROUNDS = 5
EVERY = range(1, 121)
# 100 lines take at most so many times what plain reportlab takes.
TARGET_LINES, TARGET = 100, 3.0
FIRST = """
import time
start = time.perf_counter()
from tests.support import paper
from webapp.services.quoting.paper import document
document.preload()
loaded = time.perf_counter()
document.render(paper.offer({count}, "told"))
print(loaded - start, time.perf_counter() - loaded)
"""


def main() -> list[str]:
    """Measure, print and save. Returns the missed targets."""
    document.preload()
    measured = {count: _measured(count) for count in LENGTHS}
    print(f"{'lines':>5}  {'first':>8}  {'warm':>8}  {'plain':>8}  {'ratio':>5}  {'memory':>8}")
    for count, one in measured.items():
        print(
            f"{count:5}  {1000 * one['first']:5.0f} ms  {1000 * one['warm']:5.0f} ms  {1000 * one['plain']:5.0f} ms"
            f"  {one['ratio']:5.2f}  {one['memory']:5.1f} MB"
        )
    print(
        "First: in a new process, after its libraries are loaded. Warm and plain: CPU time, best of", ROUNDS
    )
    alone = [found for kind in paper.KINDS for count in EVERY for found in paper.alone(count, kind)]
    print(
        "\n".join(alone)
        or f"{EVERY[0]} to {EVERY[-1]} lines, {', '.join(paper.KINDS)}: nothing stands alone."
    )
    results.save("pdf", {"measured": measured, "alone": alone})
    return ["alone"] * bool(alone) + ["ratio"] * (measured[TARGET_LINES]["ratio"] > TARGET)


def _measured(count: int) -> dict[str, float]:
    offered = paper.offer(count, "told")
    seconds: dict[str, list[float]] = {"warm": [], "plain": []}
    for _ in range(ROUNDS):
        seconds["warm"].append(_seconds(lambda: document.render(offered)))
        seconds["plain"].append(_seconds(lambda: plain(offered)))
    tracemalloc.start()
    document.render(offered)
    memory = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    warm, bare = min(seconds["warm"]), min(seconds["plain"])
    return {"first": _first(count), "warm": warm, "plain": bare, "ratio": warm / bare, "memory": memory}


def _first(count: int) -> float:
    """The seconds of the first PDF in a new process, without loading the libraries."""
    script = FIRST.format(count=count)
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return float(ran.stdout.split()[1])


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def plain(offered: Snapshot) -> bytes:
    """The table of lines and its sums as plain reportlab draws them: no page one, no terms, no tags, one font."""
    from reportlab.lib.pagesizes import LETTER
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Table, TableStyle

    fonts.register(fonts.TEXT)
    regular, bold = styles(fonts.TEXT)["body"].face, styles(fonts.TEXT)["name"].face
    name = ParagraphStyle("name", fontName=bold, fontSize=10, leading=14)
    told = ParagraphStyle("told", fontName=regular, fontSize=8, leading=11)
    rows: list[list[object]] = [["Item", "Qty", "Unit price", "Amount"]]
    rows += [
        [
            [Paragraph(line.name, name), *([Paragraph(line.description, told)] if line.description else [])],
            f"{line.quantity:.0f}",
            f"${line.unit_price:,.2f}",
            f"${line.quantity * line.unit_price:,.2f}",
        ]
        for line in offered.lines
    ]
    total = sum(line.quantity * line.unit_price for line in offered.lines)
    rows += [["", "", label, f"${total:,.2f}"] for label in ("Subtotal", "Sales tax", "Shipping", "Total")]
    style = [
        ("FONT", (0, 0), (-1, -1), regular, 10),
        ("ALIGN", (1, 0), (-1, -1), "RIGHT"),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, -1), 0.5, "#D5D9DE"),
    ]
    target = io.BytesIO()
    table = Table(rows, colWidths=[298, 44, 72, 90], repeatRows=1, style=TableStyle(style))
    SimpleDocTemplate(target, pagesize=LETTER).build([table])
    return target.getvalue()
