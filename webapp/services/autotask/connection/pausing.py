"""Holding every push back, for example while somebody tidies up Autotask. Publishing goes on meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from webapp.models import User, utc_now
from webapp.services.company import app_settings
from webapp.services.company.app_settings import PUSHING
from webapp.services.core import formatting
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
        """Why pushes wait, for the people who wait for one."""
        because = f": {self.reason.rstrip('.')}." if self.reason else "."
        return (
            f"{self.by} paused pushing on {formatting.moment(self.at)}{because} "
            "The push is kept and made when an admin resumes it."
        )


def current() -> Pause | None:
    """The pause that holds now; None while pushes run."""
    stored, _ = app_settings.get(PUSHING)
    if not stored["paused"]:
        return None
    return Pause(stored["by"], datetime.fromisoformat(stored["at"]), stored["reason"])


def pause(actor: User | None, reason: str) -> Pause:
    """Begin no further push; one that is under way is finished. Pausing again changes the reason.

    ``actor``: None when nobody asked for it.
    """
    text = " ".join(clean_text(reason).split())[:LONGEST_REASON]
    _, version = app_settings.get(PUSHING)
    now = utc_now()
    name = actor.name if actor else BY_ITSELF
    value = {"paused": True, "by": name, "at": now.isoformat(), "reason": text}
    app_settings.put(PUSHING, value, version, actor)
    return Pause(name, now, text)


def resume(actor: User) -> None:
    """Let pushes begin again; those that waited do so at once."""
    stored, version = app_settings.get(PUSHING)
    if stored["paused"]:
        app_settings.put(PUSHING, {**stored, "paused": False}, version, actor)
