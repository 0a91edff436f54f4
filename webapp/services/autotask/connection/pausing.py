"""Pause all pushes, for example while someone tidies up Autotask. Publishing continues."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from webapp.models import User, utc_now
from webapp.services.accounts import permissions
from webapp.services.accounts.permissions import Permission
from webapp.services.company import app_settings, place
from webapp.services.company.app_settings import PUSHING
from webapp.services.core import formatting, work
from webapp.services.core.fields import clean_text

LONGEST_REASON = 200
BY_ITSELF = "Quotewright"


@dataclass(frozen=True)
class Pause:
    """Who paused pushing, when and why; ``reason`` may be empty."""

    by: str
    at: datetime
    reason: str

    @property
    def sentence(self) -> str:
        """Why syncs wait, for the people who wait for them."""
        because = f": {self.reason.rstrip('.')}." if self.reason else "."
        return (
            f"{self.by} paused Autotask sync on {formatting.moment(self.at, place.of_company())}{because} "
            "It continues when an admin resumes it."
        )


def current() -> Pause | None:
    """The current pause; None while pushes run."""
    stored, _ = app_settings.get(PUSHING)
    if not stored["paused"]:
        return None
    return Pause(stored["by"], datetime.fromisoformat(stored["at"]), stored["reason"])


def pause(actor: User | None, reason: str) -> Pause:
    """Start no further push; running pushes finish. Pausing again changes the reason.

    ``actor``: None when Quotewright paused by itself.
    """
    permissions.require_now(actor, Permission.INTEGRATE)
    text = " ".join(clean_text(reason).split())[:LONGEST_REASON]
    _, version = app_settings.get(PUSHING)
    now = utc_now()
    name = actor.name if actor else BY_ITSELF
    value = {"paused": True, "by": name, "at": now.isoformat(), "reason": text}
    app_settings.put(PUSHING, value, version, actor)
    return Pause(name, now, text)


@work.command
def resume(actor: User) -> None:
    """Let pushes run again; the waiting pushes start at once."""
    permissions.require_now(actor, Permission.INTEGRATE)
    stored, version = app_settings.get(PUSHING)
    if stored["paused"]:
        app_settings.put(PUSHING, {**stored, "paused": False}, version, actor)
    work.ring()
