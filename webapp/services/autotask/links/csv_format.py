"""The format of a links file: CSV that any spreadsheet opens, written and read row by row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from webapp.services.autotask.known.links import LinkKey
from webapp.services.autotask.links import rows as link_rows
from webapp.services.core import spreadsheet

COLUMNS = ("ours", "name", "autotask", "autotask_id", "autotask_parent_id")
NEEDED = ("ours", "autotask", "autotask_id")
MAX_ROWS = 200_000
MAX_REMOTE_ID = 2**63 - 1


class Unreadable(Exception):
    """The file can't be read on from ``line``; 0: at all."""

    def __init__(self, sentence: str, line: int = 0) -> None:
        super().__init__(sentence)
        self.line = line


@dataclass(frozen=True)
class FileRow:
    """One link as the file states it."""

    line: int
    key: LinkKey
    remote_id: int
    parent_id: int | None
    name: str


def write(rows: Iterable[tuple[str, ...]]) -> str:
    """The rows as CSV, with a header, in UTF-8 for spreadsheets."""
    return "".join(spreadsheet.lines([COLUMNS, *rows]))


def cells_of(data: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row as cells by column, with its line in the file. Raises Unreadable."""
    text = _decoded(data)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    header: list[str] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if not header:
                header = _header(cells, reader.line_num)
                continue
            if len(cells) != len(header):
                raise Unreadable(
                    f"This line has {len(cells)} cells, but the header has {len(header)}.", reader.line_num
                )
            if reader.line_num > MAX_ROWS:
                raise Unreadable(f"The file has more than {MAX_ROWS:,} lines.", reader.line_num)
            yield reader.line_num, dict(zip(header, map(_unsafe, cells), strict=True))
    except csv.Error as error:
        raise Unreadable(f"This line can't be read as CSV ({error}).", reader.line_num) from error
    if not header:
        raise Unreadable("The file is empty.")


def _decoded(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(
            "The file isn't UTF-8 text. In your spreadsheet, save it as “CSV UTF-8”, not as a workbook."
        ) from error
    if "\x00" in text:
        raise Unreadable("The file isn't a text file, so it can't be read as CSV.")
    return text


def _delimiter(text: str) -> str:
    """The separator, which depends on the spreadsheet's language."""
    first = text.lstrip("\r\n").split("\n", 1)[0]
    return max(",;\t", key=first.count)


def _header(cells: list[str], line: int) -> list[str]:
    names = [_unsafe(cell).strip().lower() for cell in cells]
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise Unreadable(
            f"The first line must name the columns, but {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} "
            f"missing. An exported file has {', '.join(COLUMNS)}.",
            line,
        )
    twice = [name for name in COLUMNS if names.count(name) > 1]
    if twice:
        raise Unreadable(f"The column {twice[0]} appears twice.", line)
    return names


def parse(line: int, cells: dict[str, str]) -> FileRow:
    """A row from its cells. Raises ValueError with a sentence about what is wrong."""
    local = link_rows.parse(cells["ours"])
    entity = cells["autotask"].strip()
    allowed = link_rows.ENTITIES[local.kind]
    if entity not in allowed:
        raise ValueError(f"“{entity[:40]}” doesn't go with {local.kind}. It must be {' or '.join(allowed)}.")
    remote_id = _remote_id("autotask_id", cells["autotask_id"])
    if remote_id == 0 and entity != "Companies":
        raise ValueError(f"autotask_id can't be 0 for {entity}.")
    parent = cells.get("autotask_parent_id", "").strip()
    parent_id = _remote_id("autotask_parent_id", parent) if parent else None
    if entity in link_rows.CHILDREN and parent_id is None:
        raise ValueError(
            f"autotask_parent_id is required: {entity} are written through their {link_rows.CHILDREN[entity]}."
        )
    return FileRow(line, LinkKey(local, entity), remote_id, parent_id, cells.get("name", "").strip())


def _remote_id(column: str, text: str) -> int:
    cleaned = text.strip()
    if not (cleaned.isascii() and cleaned.isdigit()):
        hint = " A spreadsheet may have rounded it." if "e" in cleaned.lower() or "." in cleaned else ""
        raise ValueError(f"{column} “{cleaned[:40]}” isn't a whole number.{hint}")
    number = int(cleaned[:25])
    if number > MAX_REMOTE_ID:
        raise ValueError(f"{column} “{cleaned[:40]}” is too large.")
    return number


def _unsafe(cell: str) -> str:
    """Undo ``spreadsheet.safe``."""
    return cell[1:] if cell.startswith("'") and spreadsheet.is_formula(cell[1:]) else cell
