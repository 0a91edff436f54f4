"""Whether an empty database should be there: the data folder remembers each database in which tables were made.

A folder that wasn't mounted, or a volume that was lost, leaves a server with a new, empty database of the same name.
Making tables there would let everyone start from nothing, and hide that the quotes are somewhere else.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from sqlalchemy.engine import URL

FILE = "databases.json"


class Emptied(Exception):
    """The message is a sentence for the operator."""


def refuse(folder: Path, address: URL, *, is_meant: bool) -> None:
    """Raise Emptied where ``address`` is known to have had tables. Call it only if it has none now."""
    name = _name(address)
    since = _known(folder).get(name)
    if since is None or is_meant:
        return
    raise Emptied(
        f"{name} is empty, but it had Quotewright's tables before ({folder / FILE} says so). Nothing was changed. Is "
        "its disk or volume there? Mount it, or correct DATABASE_URL. If it's empty on purpose, for example for a "
        "restore, run this once with EMPTY_DATABASE=yes."
    )


def remember(folder: Path, address: URL, at: str) -> None:
    """Note that ``address`` has tables, with the time ``at``, where the folder is ours to write in."""
    if address.get_backend_name() == "sqlite" and not address.database:
        return
    known = _known(folder)
    if _name(address) in known:
        return
    part = folder / f"{FILE}.{os.getpid()}.part"
    with suppress(OSError):
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({**known, _name(address): at}, file, indent=2)
        part.replace(folder / FILE)


def _known(folder: Path) -> dict[str, str]:
    """When tables were noted first, by the database's name."""
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(at) for name, at in found.items()} if isinstance(found, dict) else {}


def _name(address: URL) -> str:
    """The database without user and password, since roles change: a path, or host, port and name."""
    if address.get_backend_name() == "sqlite":
        return str(Path(str(address.database)).resolve())
    host = address.host or str(address.query.get("host", "")) or "localhost"
    return f"postgresql://{host}:{address.port or 5432}/{address.database}"
