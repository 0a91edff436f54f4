"""The links as a file: out as CSV that any spreadsheet opens, and in again, every row checked, all of it or nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field

from webapp.models import Link, User, db
from webapp.models.integration import AUTOTASK
from webapp.services.autotask.known.links import Local
from webapp.services.autotask.links import rows as link_rows
from webapp.services.core import audit

COLUMNS = ("ours", "name", "autotask", "autotask_id", "autotask_parent_id")
NEEDED = ("ours", "autotask", "autotask_id")
MAX_ROWS = 200_000
MAX_REMOTE_ID = 2**63 - 1
# A cell that begins so could be run as a formula by a spreadsheet.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "＝", "＋", "－", "＠")


@dataclass(frozen=True)
class RowProblem:
    """What is wrong with one line of the file; 0: with the file itself."""

    line: int
    sentence: str


@dataclass
class Report:
    """What an import would do, or did. With ``problems`` nothing is stored. ``changed``: sentences, old to new.

    ``renamed``: sentences about records that bear another name here than in the file.
    """

    rows: int = 0
    new: int = 0
    same: int = 0
    changed: list[str] = field(default_factory=list)
    renamed: list[str] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    stored: bool = False


@dataclass(frozen=True)
class _Row:
    line: int
    local: Local
    remote_id: int
    parent_id: int | None
    name: str


def export() -> str:
    """All links as CSV, with a header, in UTF-8 for spreadsheets."""
    ours = link_rows.load()
    text = io.StringIO(newline="")
    text.write("\ufeff")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for link in link_rows.everything():
        name = ours.name(link.local_type, link.local_id) or str(link.pushed.get("name") or "")
        cells = (
            link_rows.written(link.local_type, link.local_id),
            name,
            link.remote_entity,
            str(link.remote_id),
            "" if link.remote_parent_id is None else str(link.remote_parent_id),
        )
        writer.writerow([_safe(cell) for cell in cells])
    return text.getvalue()


def check(data: bytes) -> Report:
    """What importing ``data`` would do; nothing is stored."""
    return _run(data)[0]


def store(actor: User | None, data: bytes) -> Report:
    """Import ``data`` when every row is right; with a single wrong one nothing is stored."""
    report, rows = _run(data)
    if report.problems:
        return report
    present = _present()
    for row in rows:
        kind, number, entity = row.local
        link = present.get(row.local)
        if link is None:
            link = Link(
                integration=AUTOTASK, local_type=kind, local_id=number, remote_entity=entity, pushed={}
            )
            db.session.add(link)
        elif link.remote_id != row.remote_id:
            # What was pushed was pushed to another record.
            link.pushed = {}
        link.remote_id = row.remote_id
        link.remote_parent_id = row.parent_id if row.parent_id is not None else link.remote_parent_id
    audit.record(
        actor, "links.imported", "integration", AUTOTASK, new=report.new, changed=len(report.changed)
    )
    db.session.commit()
    report.stored = True
    return report


def _run(data: bytes) -> tuple[Report, list[_Row]]:
    report = Report()
    rows: list[_Row] = []
    try:
        for line, cells in _cells(data):
            report.rows += 1
            try:
                rows.append(_row(line, cells))
            except ValueError as error:
                report.problems.append(RowProblem(line, str(error)))
    except _Unreadable as error:
        report.problems.append(RowProblem(error.line, str(error)))
        return report, rows
    if not report.rows:
        report.problems.append(RowProblem(0, "The file holds no rows, so there is nothing to import."))
    ours = link_rows.load()
    _judge(report, rows, ours)
    _compare_names(report, rows, ours)
    report.problems.sort(key=lambda problem: problem.line)
    return report, rows


class _Unreadable(Exception):
    def __init__(self, sentence: str, line: int = 0) -> None:
        super().__init__(sentence)
        self.line = line


def _cells(data: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row as cells by column, with its line in the file. Raises _Unreadable."""
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
                raise _Unreadable(
                    f"This line has {len(cells)} cells, but the header has {len(header)}.", reader.line_num
                )
            if reader.line_num > MAX_ROWS:
                raise _Unreadable(f"The file has more than {MAX_ROWS:,} lines.", reader.line_num)
            yield reader.line_num, dict(zip(header, map(_unsafe, cells), strict=True))
    except csv.Error as error:
        raise _Unreadable(f"This line cannot be read as CSV ({error}).", reader.line_num) from error
    if not header:
        raise _Unreadable("The file is empty.")


def _decoded(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _Unreadable(
            "The file is not UTF-8 text. In a spreadsheet, save it as “CSV UTF-8”; a workbook itself is no CSV."
        ) from error
    if "\x00" in text:
        raise _Unreadable("The file holds bytes that no text has, so it is no CSV.")
    return text


def _delimiter(text: str) -> str:
    """What spreadsheets put between cells, depending on their language."""
    first = text.lstrip("\r\n").split("\n", 1)[0]
    return max(",;\t", key=first.count)


def _header(cells: list[str], line: int) -> list[str]:
    names = [_unsafe(cell).strip().lower() for cell in cells]
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise _Unreadable(
            f"The first line must name the columns; {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} "
            f"missing. A file exported here has {', '.join(COLUMNS)}.",
            line,
        )
    twice = [name for name in COLUMNS if names.count(name) > 1]
    if twice:
        raise _Unreadable(f"The column {twice[0]} stands there twice.", line)
    return names


def _row(line: int, cells: dict[str, str]) -> _Row:
    """Raises ValueError with what is wrong."""
    kind, number = link_rows.parse(cells["ours"])
    entity = cells["autotask"].strip()
    allowed = link_rows.ENTITIES[kind]
    if entity not in allowed:
        raise ValueError(f"“{entity[:40]}” does not go with {kind}; it must be {' or '.join(allowed)}.")
    remote_id = _remote_id("autotask_id", cells["autotask_id"])
    if remote_id == 0 and entity != "Companies":
        raise ValueError(f"autotask_id is 0, which none of Autotask's {entity} has.")
    parent = cells.get("autotask_parent_id", "").strip()
    parent_id = _remote_id("autotask_parent_id", parent) if parent else None
    if entity in link_rows.CHILDREN and parent_id is None:
        raise ValueError(
            f"autotask_parent_id is empty, but {entity} are written through their {link_rows.CHILDREN[entity]}."
        )
    return _Row(line, (kind, number, entity), remote_id, parent_id, cells.get("name", "").strip())


def _remote_id(column: str, text: str) -> int:
    cleaned = text.strip()
    if not (cleaned.isascii() and cleaned.isdigit()):
        hint = " A spreadsheet may have rounded it." if "e" in cleaned.lower() or "." in cleaned else ""
        raise ValueError(f"{column} “{cleaned[:40]}” is not a whole number.{hint}")
    number = int(cleaned[:25])
    if number > MAX_REMOTE_ID:
        raise ValueError(f"{column} “{cleaned[:40]}” is too large.")
    return number


def _judge(report: Report, rows: list[_Row], ours: link_rows.Ours) -> None:
    """Compare the rows with what there is and with each other."""
    present = _present()
    holders = {(entity, link.remote_id): (kind, number) for (kind, number, entity), link in present.items()}
    moved = {row.local for row in rows}
    seen: dict[Local, int] = {}
    targets: dict[tuple[str, int], int] = {}
    for row in rows:
        sentence = _conflict(row, ours, seen, targets, holders, moved)
        seen.setdefault(row.local, row.line)
        targets.setdefault((row.local[2], row.remote_id), row.line)
        if sentence:
            report.problems.append(RowProblem(row.line, sentence))
            continue
        link = present.get(row.local)
        if link is None:
            report.new += 1
        elif link.remote_id == row.remote_id and row.parent_id in (None, link.remote_parent_id):
            report.same += 1
        else:
            report.changed.append(_change(row, link))


def _compare_names(report: Report, rows: list[_Row], ours: link_rows.Ours) -> None:
    """Notice a file of another installation, whose ids are those of other records here."""
    compared = 0
    for row in rows:
        here = ours.name(*row.local[:2])
        if not here or not row.name:
            continue
        compared += 1
        if link_rows.sameness(row.local[0], here) != link_rows.sameness(row.local[0], row.name):
            report.renamed.append(
                f"{link_rows.written(*row.local[:2])} is “{here}” here, “{row.name[:80]}” in the file"
            )
    if len(report.renamed) > 1 and len(report.renamed) * 2 > compared:
        sentence = (
            f"{len(report.renamed)} of {compared} records that the file names are called something else here, for "
            f"example: {report.renamed[0]}. It seems to come from another Quotewright. If it does not, empty its "
            "column “name”."
        )
        report.problems.append(RowProblem(0, sentence))


def _change(row: _Row, link: Link) -> str:
    name = link_rows.written(*row.local[:2])
    if link.remote_id == row.remote_id:
        return f"{name}: the parent {link.remote_parent_id} of {row.local[2]} {row.remote_id} becomes {row.parent_id}"
    return f"{name}: {row.local[2]} {link.remote_id} becomes {row.remote_id}"


def _conflict(
    row: _Row,
    ours: link_rows.Ours,
    seen: dict[Local, int],
    targets: dict[tuple[str, int], int],
    holders: dict[tuple[str, int], tuple[str, str]],
    moved: set[Local],
) -> str:
    """A sentence when the row cannot be taken; empty when it can."""
    kind, number, entity = row.local
    missing = ours.missing(kind, number)
    if missing:
        return missing
    if row.local in seen:
        return f"The same record of ours stands in line {seen[row.local]} already."
    if entity not in link_rows.ALONE:
        return ""
    target = (entity, row.remote_id)
    if target in targets:
        return f"{entity} {row.remote_id} stands in line {targets[target]} already."
    holder = holders.get(target)
    if holder is not None and holder != (kind, number) and (*holder, entity) not in moved:
        return f"{entity} {row.remote_id} belongs to {link_rows.written(*holder)} already."
    return ""


def _present() -> dict[Local, Link]:
    query = db.select(Link).filter_by(integration=AUTOTASK)
    return {link_rows.local_of(link): link for link in db.session.scalars(query)}


def _safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.lstrip(" ").startswith(FORMULA) else cell


def _unsafe(cell: str) -> str:
    """The cell behind ``_safe``."""
    return cell[1:] if cell.startswith("'") and cell[1:].lstrip(" ").startswith(FORMULA) else cell
