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
        if match and path.is_file():
            found.append((datetime.strptime(match[1], _FORM).replace(tzinfo=UTC), path))
    return sorted(found)


def due(folder: Path, now: datetime, hour: int, minute: int) -> datetime:
    """When the next backup should be taken: at that time of day in UTC, and at once where one is missing."""
    latest = max((at for at, _ in taken(folder)), default=None)
    if latest is None or now - latest >= LATE:
        return now
    today = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return today if now < today else today + DAY


def drop_old(folder: Path, keep: int) -> list[Path]:
    """Remove all but the newest ``keep``; returns what was removed."""
    old = [path for _, path in taken(folder)[:-keep]]
    for path in old:
        path.unlink(missing_ok=True)
    return old


def is_late(folder: Path, now: datetime) -> bool:
    """True where no backup is young enough."""
    return not any(now - at < LATE for at, _ in taken(folder))
