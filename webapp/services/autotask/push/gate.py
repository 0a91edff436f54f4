"""Why no push can start: pushing is paused, Autotask isn't connected, or the settings aren't live."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.services.autotask.connection import connection, pausing
from webapp.services.autotask.settings import store as settings_store

PAUSED, NOT_CONNECTED, NOT_READY = "paused", "not_connected", "waiting"


@dataclass(frozen=True)
class Blocker:
    """``kind``: one of the constants above. ``sentence``: why pushes wait, and for what."""

    kind: str
    sentence: str


def current() -> Blocker | None:
    """Why no push can start now; None when pushes can."""
    paused = pausing.current()
    if paused is not None:
        return Blocker(PAUSED, paused.sentence)
    stored = connection.load()
    if stored is None:
        return Blocker(NOT_CONNECTED, "Autotask isn't connected yet. Syncs wait until an admin connects it.")
    if stored.state != connection.CONNECTED:
        kind = NOT_CONNECTED if stored.state == connection.DISCONNECTED else NOT_READY
        said = stored.state_sentence
        return Blocker(
            kind,
            said or "The connection to Autotask doesn't work. Syncs wait until an admin reconnects it.",
        )
    if not settings_store.active().version:
        return Blocker(
            NOT_READY,
            "Autotask is connected, but its settings aren't live. Syncs wait until an admin presses Save Integration.",
        )
    return None
