"""The interface of an integration, and the events about quotes that it receives.

docs/integrations.md shows how to write one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from webapp.models import Quote, Revision
from webapp.models.quote import ACCEPTED, FULFILLED, LOST, ORDERED
from webapp.services.core.runtime import Runtime

PSA = "Professional Services Automation (PSA)"
DEVELOPER = "Automation and Developer Tools"

# Events of a published quote. The last five follow a change of its status.
PUBLISHED, VIEWED, EXPIRED, REOPENED = "published", "viewed", "expired", "reopened"
STATUS_KINDS = (ACCEPTED, ORDERED, FULFILLED, LOST, REOPENED)
# By the diary's action.
KINDS = {
    **{f"quote.{kind}": kind for kind in (PUBLISHED, VIEWED, EXPIRED, ACCEPTED, ORDERED, FULFILLED, LOST)},
    "quote.pending": REOPENED,
}


@dataclass(frozen=True)
class QuoteEvent:
    """An event of ``quote``; ``revision`` is what the customer sees.

    ``kind``: a value of ``KINDS``. ``before``: the status before it. ``by``: who did it, in words.
    """

    kind: str
    quote: Quote
    revision: Revision
    before: str
    by: str


@dataclass(frozen=True)
class State:
    """``added``: an admin has connected it. If ``working`` is False, ``sentence`` says why and what to do."""

    added: bool
    working: bool
    sentence: str = ""


class Integration(ABC):
    """One integration: its entry in the list, and what it does about quotes.

    ``key`` is stable: tables, jobs and addresses contain it. ``queue``: the RQ queue of its jobs, each of which may
    take ``job_seconds``; an integration without jobs leaves it empty.
    """

    key: ClassVar[str]
    name: ClassVar[str]
    group: ClassVar[str]
    blurb: ClassVar[str]
    # Endpoints of its screens: the dialog that adds it, and its settings.
    add_endpoint: ClassVar[str]
    settings_endpoint: ClassVar[str]
    queue: ClassVar[str] = ""
    job_seconds: ClassVar[int] = 60

    @abstractmethod
    def state(self) -> State:
        """Whether it is connected and works, without a call to the other side."""

    def on_quote(self, event: QuoteEvent) -> None:  # noqa: B027  an integration may ignore events
        """Write what must be sent into the open transaction. Makes no calls and never commits."""

    def sweep(self, runtime: Runtime) -> None:  # noqa: B027
        """Put back entries of dead workers and queue due entries. Called every two seconds."""

    def nudge(self, runtime: Runtime) -> None:  # noqa: B027
        """After the commit: queue due entries. If Redis is down, ``sweep`` does it later."""

    def perform(self, runtime: Runtime, entry_id: int) -> None:
        """Run one job in a worker, unless the entry is already done."""
        raise NotImplementedError(f"{self.key} has no jobs")
