"""Maintenance mode: only admins work, and the workers begin nothing, until the operator ends it.

It is kept in the database, so that every machine follows it and a restored backup is as it was when it was written.

Owns its transactions: whoever asks before a request has nothing open, and what follows begins its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from webapp.models import db, utc_now
from webapp.services.company import app_settings
from webapp.services.core import work
from webapp.services.core.errors import Invalid

LONGEST = 300
USUAL = "We're updating Quotewright. Try again in a few minutes."


@dataclass(frozen=True)
class Maintenance:
    """``sentence``: what people read meanwhile, empty while the mode is off. ``since``: ISO 8601 in UTC."""

    sentence: str = ""
    since: str = ""

    @property
    def is_on(self) -> bool:
        """True while only admins may work."""
        return bool(self.sentence)


def now() -> Maintenance:
    """How things stand."""
    document, _ = app_settings.get(app_settings.MAINTENANCE)
    return Maintenance(str(document["sentence"]), str(document["since"]))


def asked() -> Maintenance:
    """The same, keeping no writer waiting: what only reads goes on with the transaction, else this one ends here."""
    if work.is_reading():
        return now()
    try:
        with work.reading():
            return now()
    finally:
        db.session.rollback()


@work.command
def start(sentence: str = "") -> Maintenance:
    """Turn it on, or change its sentence. Raises Invalid for a sentence that is too long or has several lines."""
    text = " ".join(sentence.split()) or USUAL
    if len(text) > LONGEST or len(sentence.strip().splitlines()) > 1:
        raise Invalid(f"Nothing was changed: use one line of up to {LONGEST} characters.")
    document, version = app_settings.get(app_settings.MAINTENANCE)
    since = document["since"] or utc_now().isoformat(timespec="seconds")
    app_settings.put(app_settings.MAINTENANCE, {"sentence": text, "since": since}, version, None)
    return Maintenance(text, since)


@work.command
def end() -> bool:
    """Turn it off. False if it was off."""
    document, version = app_settings.get(app_settings.MAINTENANCE)
    if not document["sentence"]:
        return False
    app_settings.put(app_settings.MAINTENANCE, {"sentence": "", "since": ""}, version, None)
    return True
