"""How an attempt to deliver ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from webapp.models import Delivery
from webapp.models.delivery import DeliveryState

Settle = Callable[[Delivery], None]


class Abandoned(Exception):
    """Raised by ``settle``: another worker has taken over, so this outcome isn't stored."""


@dataclass(frozen=True)
class Outcome:
    """``sentence``: what happened and what to do. ``settle``: what else to store, in the same transaction.

    ``counts`` False: the attempt doesn't count, for example because something else was in the way.
    """

    state: ClassVar[DeliveryState]
    sentence: str = ""
    settle: Settle | None = None
    counts: bool = True


@dataclass(frozen=True)
class Done(Outcome):
    """It was delivered."""

    state = DeliveryState.DONE


@dataclass(frozen=True)
class Retry(Outcome):
    """It is delivered again after ``wait`` seconds."""

    state = DeliveryState.WAITING
    wait: float = 0.0


@dataclass(frozen=True)
class AskPerson(Outcome):
    """A person must answer a question or fix a problem first."""

    state = DeliveryState.PARKED


@dataclass(frozen=True)
class Stop(Outcome):
    """It failed, and a retry would change nothing."""

    state = DeliveryState.PARKED


@dataclass(frozen=True)
class Skip(Outcome):
    """It needn't be delivered any more."""

    state = DeliveryState.SUPERSEDED
