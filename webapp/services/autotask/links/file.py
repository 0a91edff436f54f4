"""Links as a CSV file: exporting them, and importing them with every row checked, all or nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

from webapp.models import Link, User, db
from webapp.models.integration import AUTOTASK
from webapp.services.accounts import permissions
from webapp.services.accounts.permissions import Permission
from webapp.services.autotask.known.links import LinkKey, key_of_link
from webapp.services.autotask.links import csv_format
from webapp.services.autotask.links import rows as link_rows
from webapp.services.autotask.links.csv_format import FileRow, Unreadable
from webapp.services.core import work
from webapp.services.diary import diary


@dataclass(frozen=True)
class RowProblem:
    """An error in one line of the file; line 0: in the file itself."""

    line: int
    sentence: str


@dataclass
class Report:
    """The result of an import or a check. With ``problems`` nothing is stored. ``changed``: sentences, old to new.

    ``renamed``: sentences about records whose name differs from the file.
    """

    rows: int = 0
    new: int = 0
    same: int = 0
    changed: list[str] = field(default_factory=list)
    renamed: list[str] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    stored: bool = False


def export() -> str:
    """All links as CSV."""
    ours = link_rows.load()
    return csv_format.write(
        (
            link_rows.written(link.local),
            ours.name(link.local) or str(link.pushed.get("name") or ""),
            link.remote_entity,
            str(link.remote_id),
            "" if link.remote_parent_id is None else str(link.remote_parent_id),
        )
        for link in link_rows.everything()
    )


def check(data: bytes) -> Report:
    """What importing ``data`` would do, with nothing stored."""
    return _run(data)[0]


@work.command
def store(actor: User | None, data: bytes) -> Report:
    """Import ``data`` if every row is valid, else store nothing."""
    permissions.require_now(actor, Permission.INTEGRATE)
    report, rows = _run(data)
    if report.problems:
        return report
    present = _present()
    for row in rows:
        link = present.get(row.key)
        if link is None:
            link = Link(integration=AUTOTASK, local=row.key.local, remote_entity=row.key.entity)
            db.session.add(link)
        elif link.remote_id != row.remote_id:
            # The pushed values were pushed to the old record, and people decided about that one.
            link.pushed, link.is_kept_deleted, link.force_fields = {}, False, []
        link.remote_id = row.remote_id
        link.remote_parent_id = row.parent_id if row.parent_id is not None else link.remote_parent_id
    diary.write(actor, "links.imported", "integration", AUTOTASK, new=report.new, changed=len(report.changed))
    report.stored = True
    return report


def _run(data: bytes) -> tuple[Report, list[FileRow]]:
    report = Report()
    rows: list[FileRow] = []
    try:
        for line, cells in csv_format.cells_of(data):
            report.rows += 1
            try:
                rows.append(csv_format.parse(line, cells))
            except ValueError as error:
                report.problems.append(RowProblem(line, str(error)))
    except Unreadable as error:
        report.problems.append(RowProblem(error.line, str(error)))
        return report, rows
    if not report.rows:
        report.problems.append(RowProblem(0, "The file has no rows, so there's nothing to import."))
    ours = link_rows.load()
    _compare_rows(report, rows, ours)
    _compare_names(report, rows, ours)
    report.problems.sort(key=lambda problem: problem.line)
    return report, rows


def _compare_rows(report: Report, rows: list[FileRow], ours: link_rows.Ours) -> None:
    """Compare the rows with the existing links and with each other."""
    present = _present()
    holders = {(key.entity, link.remote_id): key for key, link in present.items()}
    moved = {row.key for row in rows}
    seen: dict[LinkKey, int] = {}
    targets: dict[tuple[str, int], int] = {}
    for row in rows:
        sentence = _conflict(row, ours, seen, targets, holders, moved)
        seen.setdefault(row.key, row.line)
        targets.setdefault((row.key.entity, row.remote_id), row.line)
        if sentence:
            report.problems.append(RowProblem(row.line, sentence))
            continue
        link = present.get(row.key)
        if link is None:
            report.new += 1
        elif link.remote_id == row.remote_id and row.parent_id in (None, link.remote_parent_id):
            report.same += 1
        else:
            report.changed.append(_change(row, link))


def _compare_names(report: Report, rows: list[FileRow], ours: link_rows.Ours) -> None:
    """Recognize a file of another installation, whose ids belong to different records here."""
    compared = 0
    for row in rows:
        here = ours.name(row.key.local)
        if not here or not row.name:
            continue
        compared += 1
        if link_rows.sameness(row.key.local.kind, here) != link_rows.sameness(row.key.local.kind, row.name):
            report.renamed.append(
                f"{link_rows.written(row.key.local)} is “{here}” here, “{row.name[:80]}” in the file"
            )
    if len(report.renamed) > 1 and len(report.renamed) * 2 > compared:
        sentence = (
            f"{len(report.renamed)} of {compared} records in the file have a different name here, for example: "
            f"{report.renamed[0]}. The file seems to come from a different Quotewright. If it doesn't, clear its "
            "column “name”."
        )
        report.problems.append(RowProblem(0, sentence))


def _change(row: FileRow, link: Link) -> str:
    name = link_rows.written(row.key.local)
    if link.remote_id == row.remote_id:
        return f"{name}: the parent {link.remote_parent_id} of {row.key.entity} {row.remote_id} becomes {row.parent_id}"
    return f"{name}: {row.key.entity} {link.remote_id} becomes {row.remote_id}"


def _conflict(
    row: FileRow,
    ours: link_rows.Ours,
    seen: dict[LinkKey, int],
    targets: dict[tuple[str, int], int],
    holders: dict[tuple[str, int], LinkKey],
    moved: set[LinkKey],
) -> str:
    """A sentence when the row can't be imported; empty when it can."""
    missing = ours.missing(row.key.local)
    if missing:
        return missing
    if row.key in seen:
        return f"Line {seen[row.key]} already has this record."
    if row.key.entity not in link_rows.ALONE:
        return ""
    target = (row.key.entity, row.remote_id)
    if target in targets:
        return f"Line {targets[target]} already has {row.key.entity} {row.remote_id}."
    holder = holders.get(target)
    if holder is not None and holder != row.key and holder not in moved:
        return f"{row.key.entity} {row.remote_id} is already linked to {link_rows.written(holder.local)}."
    return ""


def _present() -> dict[LinkKey, Link]:
    query = db.select(Link).filter_by(integration=AUTOTASK)
    return {key_of_link(link): link for link in db.session.scalars(query)}
