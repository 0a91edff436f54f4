"""Backups that are taken by themselves: when the next one is due, how it's called, and which ones are kept."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

DAY = timedelta(days=1)
# A backup that is older than this is missing one: a day, and time for a large database.
LATE = timedelta(hours=26)
# After one that failed.
AGAIN = timedelta(minutes=10)
# A backup that is being written has this after its name.
UNFINISHED = ".unfinished"
_NAME = re.compile(r"^quotewright-(\d{8}T\d{6})Z\.zip$")
_FORM = "%Y%m%dT%H%M%S"


def name(at: datetime) -> str:
    """The name of a backup of this moment; names sort by age."""
    return f"quotewright-{at.astimezone(UTC).strftime(_FORM)}Z.zip"


def taken(folder: Path) -> list[tuple[datetime, Path]]:
    """The backups in ``folder`` with their times, oldest first. What is called otherwise is none of ours."""
    found = []
    for path in folder.iterdir():
        match = _NAME.match(path.name)
        at = _moment(match[1]) if match else None
        if at is not None and path.is_file():
            found.append((at, path))
    return sorted(found)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, _FORM).replace(tzinfo=UTC)
    except ValueError:
        return None


def due(folder: Path, now: datetime, hour: int, minute: int) -> datetime:
    """When the next backup should be taken: at that time of day in UTC, and at once where the last one is missing."""
    latest = max((at for at, _ in taken(folder)), default=None)
    today = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    last = today if now >= today else today - DAY
    return now if latest is None or latest < last else last + DAY


def drop_unfinished(folder: Path) -> None:
    """Remove what is left of backups whose process was killed."""
    for path in folder.glob(f"quotewright-*Z.zip{UNFINISHED}"):
        path.unlink(missing_ok=True)


def drop_old(folder: Path, keep: int) -> list[Path]:
    """Remove all but the newest ``keep``; returns what was removed."""
    old = [path for _, path in taken(folder)[:-keep]]
    for path in old:
        path.unlink(missing_ok=True)
    return old


def is_late(folder: Path, now: datetime) -> bool:
    """True where no backup is young enough."""
    return not any(now - at < LATE for at, _ in taken(folder))
