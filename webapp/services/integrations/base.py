"""What Quotewright knows of any integration, and what any integration hears of quotes.

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

# What may happen to a published quote. The last five follow a change of its status.
PUBLISHED, VIEWED, EXPIRED, REOPENED = "published", "viewed", "expired", "reopened"
STATUS_KINDS = (ACCEPTED, ORDERED, FULFILLED, LOST, REOPENED)
KINDS = (PUBLISHED, VIEWED, EXPIRED, *STATUS_KINDS)


@dataclass(frozen=True)
class QuoteEvent:
    """Something that happened to ``quote``; ``revision`` is what the customer sees.

    ``kind``: one of ``KINDS``. ``before``: the status before it. ``by``: who did it, in words.
    """

    kind: str
    quote: Quote
    revision: Revision
    before: str
    by: str


@dataclass(frozen=True)
class State:
    """``added``: the admin connected it at some time. ``working`` False: ``sentence`` says why and what to do."""

    added: bool
    working: bool
    sentence: str = ""


class Integration(ABC):
    """One entry of the catalogue, and its part in the life of quotes.

    ``key`` is stable: tables, jobs and addresses hold it. ``queue``: the RQ queue of its jobs, of which one may take
    ``job_seconds``; an integration without jobs leaves it empty.
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
        """Whether it is there and works, without asking the other side."""

    def on_quote(self, event: QuoteEvent) -> None:  # noqa: B027  an integration may want to hear nothing
        """Write what the other side must learn into the open transaction. Speaks to nobody and never commits."""

    def sweep(self, runtime: Runtime) -> None:  # noqa: B027
        """Put back what a dead worker held and queue what is due. Called every two seconds."""

    def nudge(self, runtime: Runtime) -> None:  # noqa: B027
        """After the commit: queue what is due. Redis being down is no error; ``sweep`` comes by."""

    def perform(self, runtime: Runtime, entry_id: int) -> None:
        """One job, in a worker: do the entry if it is still to be done."""
        raise NotImplementedError(f"{self.key} has no jobs")
