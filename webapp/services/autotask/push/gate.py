"""What keeps every push from beginning: a pause, no connection, or settings that nobody activated."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.services.autotask.connection import connection, pausing
from webapp.services.autotask.settings import store as settings_store

PAUSED, NOT_CONNECTED, NOT_READY = "paused", "not_connected", "waiting"


@dataclass(frozen=True)
class Blocker:
    """``kind``: one of the words above. ``sentence``: why pushes wait, and for what."""

    kind: str
    sentence: str


def current() -> Blocker | None:
    """Why no push can begin now; None when they can."""
    paused = pausing.current()
    if paused is not None:
        return Blocker(PAUSED, paused.sentence)
    stored = connection.load()
    if stored is None:
        return Blocker(
            NOT_CONNECTED, "Autotask is not connected yet. The push waits until an admin connects it."
        )
    if stored.state != connection.CONNECTED:
        kind = NOT_CONNECTED if stored.state == connection.DISCONNECTED else NOT_READY
        said = stored.state_sentence
        return Blocker(
            kind,
            said or "The connection to Autotask does not work. The push waits until it is renewed.",
        )
    if not settings_store.active().version:
        return Blocker(
            NOT_READY,
            "Autotask is connected, but Save Integration was never pressed. Pushes wait until it is.",
        )
    return None
