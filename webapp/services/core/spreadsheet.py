"""CSV that a spreadsheet opens: UTF-8 with a mark, and no cell that it would run."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator

MARK = "\ufeff"
# A spreadsheet could run a cell that starts like this as a formula.
NUMBER = re.compile("-[0-9][0-9.,'\u00a0\u202f]*")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "＝", "＋", "－", "＠")


def safe(cell: str) -> str:
    """The cell, with an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{cell}" if is_formula(cell) else cell


def is_formula(cell: str) -> bool:
    """True if a spreadsheet could run the cell. A number below zero is none."""
    return cell.lstrip(" ").startswith(FORMULA) and not NUMBER.fullmatch(cell)


def lines(rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """Each row as a line of CSV, the first with the mark of UTF-8."""
    text = io.StringIO(newline="")
    text.write(MARK)
    writer = csv.writer(text)
    for cells in rows:
        writer.writerow([safe(cell) for cell in cells])
        yield text.getvalue()
        text.seek(0)
        text.truncate()
