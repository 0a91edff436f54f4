"""What the catalogue and the quoting desk know of any integration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

PSA = "Professional Services Automation (PSA)"
NOTIFICATIONS = "Notifications"


@dataclass(frozen=True)
class State:
    """``added``: the admin connected it at some time. ``working`` False: ``sentence`` says why and what to do."""

    added: bool
    working: bool
    sentence: str = ""


class Integration(Protocol):
    """One entry of the catalogue. ``key`` is stable: tables and addresses hold it."""

    key: str
    name: str
    group: str
    blurb: str
    # Endpoints of its blueprint: the dialog that adds it, and its settings page.
    add_endpoint: str
    settings_endpoint: str

    def state(self) -> State:
        """Whether it is there and works, without asking the other side."""
