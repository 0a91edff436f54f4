"""The interface of an integration: a reader of the diary that an admin connects.

docs/integrations.md shows how to write one.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from webapp.services.delivery.reader import Reader

PSA = "Professional Services Automation (PSA)"
DEVELOPER = "Automation and Developer Tools"


@dataclass(frozen=True)
class State:
    """``added``: an admin has connected it. If ``working`` is False, ``sentence`` says why and what to do."""

    added: bool
    working: bool
    sentence: str = ""


class Integration(Reader):
    """One integration: a reader, and its entry in the list of integrations."""

    group: ClassVar[str]
    blurb: ClassVar[str]
    # Endpoints of its screens: the dialog that adds it, and its settings.
    add_endpoint: ClassVar[str]
    settings_endpoint: ClassVar[str]

    @abstractmethod
    def state(self) -> State:
        """Whether it is connected and works, without a call to the other side."""
