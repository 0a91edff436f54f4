"""What a reader of the diary is: two methods, and what it wants to say about its deliveries."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import ColumnElement, false, true

from webapp.models import Delivery, DiaryEntry
from webapp.services.core.errors import NotFound
from webapp.services.core.runtime import Runtime
from webapp.services.delivery.outcomes import Outcome


class Reader(ABC):
    """One reader. ``key`` is stable: rows and jobs contain it. ``name``: what people call it.

    ``queue``: the RQ queue of its jobs, each of which may take ``job_seconds``. ``claim_seconds``: a worker that took a
    delivery has stored an outcome by then, or holds it (see ``held``). ``kept_for``: how long ended deliveries are
    kept; None: for ever.
    """

    key: ClassVar[str]
    name: ClassVar[str]
    queue: ClassVar[str]
    job_seconds: ClassVar[int] = 60
    claim_seconds: ClassVar[int] = 90
    kept_for: ClassVar[timedelta | None] = timedelta(days=30)

    @abstractmethod
    def subscribe(self, entry: DiaryEntry) -> Iterable[Delivery]:
        """The deliveries of a new entry, from ``room.delivery``; none if it doesn't concern the reader.

        Runs in the transaction of the event: it makes no calls, and if it raises, the event didn't happen.
        """

    @abstractmethod
    def deliver(self, runtime: Runtime, delivery: Delivery) -> Outcome:
        """One attempt, in a worker. No transaction may be open while the other side is asked."""

    def blocker(self) -> str:
        """Why nothing can be delivered now, as a sentence; empty when it can."""
        return ""

    def ready(self, now: datetime) -> ColumnElement[bool]:
        """Which waiting deliveries may go out; those that a person asked for always may."""
        return true()

    def held(self, now: datetime) -> ColumnElement[bool]:
        """Which running deliveries are in good hands although ``claim_seconds`` are over."""
        return false()

    def tidy(self, now: datetime) -> None:  # noqa: B027  most have nothing to tidy
        """Delete what has outlived its use, about once an hour."""


_readers: dict[str, Reader] = {}


def register(reader: Reader) -> None:
    """Add a reader, or replace the one with the same key."""
    _readers[reader.key] = reader


def unregister(key: str) -> None:
    """Remove a reader; its rows wait until it is back."""
    _readers.pop(key, None)


def every() -> list[Reader]:
    """All readers, in the order of their registration."""
    return list(_readers.values())


def get(key: str) -> Reader:
    """The reader with this key. Raises NotFound, for rows of a newer version."""
    if key not in _readers:
        raise NotFound(f"This version of Quotewright has no reader “{key}”.")
    return _readers[key]


def queues() -> list[str]:
    """The RQ queues that a worker serves."""
    return [reader.queue for reader in every()]
