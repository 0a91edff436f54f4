"""Settings > Privacy: how long things are kept. ``retention`` applies it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from webapp.models import User
from webapp.services.accounts import permissions
from webapp.services.accounts.permissions import Permission
from webapp.services.company import app_settings
from webapp.services.core import merge, work
from webapp.services.core.fields import Reader
from webapp.services.core.runtime import Runtime

LONGEST = 36_500
CALL_BODIES, QUOTES, TRAIL = "call_bodies_days", "quotes_days", "trail_days"
# The fewest and the most days of each.
LIMITS = {CALL_BODIES: (1, 3650), QUOTES: (30, LONGEST), TRAIL: (365, LONGEST)}


@dataclass(frozen=True)
class Keeping:
    """In days; None: for ever."""

    call_bodies: int
    quotes: int | None
    trail: int | None


def current(runtime: Runtime) -> Keeping:
    """What applies now. Until the setting is saved, bodies of calls are kept as the operator says."""
    stored, _ = app_settings.get(app_settings.PRIVACY)
    return Keeping(
        call_bodies=stored[CALL_BODIES] or runtime.config.call_bodies_days,
        quotes=stored[QUOTES],
        trail=stored[TRAIL],
    )


def shown(runtime: Runtime) -> dict[str, Any]:
    """As the form shows it: an empty text for “for ever”."""
    stored, _ = app_settings.get(app_settings.PRIVACY)
    texts = {name: "" if stored[name] is None else str(stored[name]) for name in LIMITS}
    return texts | {CALL_BODIES: texts[CALL_BODIES] or str(runtime.config.call_bodies_days)}


def seen(runtime: Runtime) -> str:
    """The ``seen`` of the form (``core.merge``)."""
    return merge.seen(shown(runtime))


def read(values: Mapping[str, object]) -> dict[str, int | None]:
    """The days of a form; None for an empty field. Raises Invalid with a sentence by field."""
    reader = Reader(values)
    days = {name: _days(reader, name) for name in LIMITS}
    if CALL_BODIES not in reader.errors and days[CALL_BODIES] is None:
        reader.fail(CALL_BODIES, "Enter a number of days.")
    reader.check()
    return days


@work.command
def save(runtime: Runtime, actor: User, values: Mapping[str, object]) -> None:
    """Store the days. Raises Invalid with a sentence by field, or Conflict where another admin changed the same."""
    permissions.require_now(actor, Permission.ADMINISTER)
    entered = {name: "" if days is None else str(days) for name, days in read(values).items()}
    fields, document, version = app_settings.merged(
        app_settings.PRIVACY, actor, values, entered, lambda _document: shown(runtime)
    )
    merged = {name: int(str(text)) if text else None for name, text in fields.items()}
    app_settings.put(app_settings.PRIVACY, {**document, **merged}, version, actor)


def _days(reader: Reader, name: str) -> int | None:
    text, (least, most) = reader.raw(name), LIMITS[name]
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and least <= int(text) <= most):
        reader.fail(name, f"Enter a number of days from {least:,} to {most:,}.")
        return None
    return int(text)
