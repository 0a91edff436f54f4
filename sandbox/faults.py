"""Faults on demand: never on unless somebody asked for one."""

from __future__ import annotations

import itertools
import random
import threading
from dataclasses import dataclass, field
from typing import Any

KINDS = (
    "delay",
    "hold",
    "429",
    "500",
    "503",
    "cut_before",
    "cut_after_commit",
    "timeout_after_commit",
    "truncated",
    "html",
    "slow_body",
    "duplicate",
    "thread_limit_sentence",
)


@dataclass
class Fault:
    """Strikes calls that fit ``entity`` and ``verb`` (empty: any): from the ``nth`` on, ``times`` times.

    ``probability`` with ``seed`` makes it strike by chance, repeatably. ``seconds`` serves delays and time-outs, and
    ``hold`` as the longest that it holds a call when nobody takes the fault away.
    """

    kind: str
    id: int = 0
    entity: str = ""
    verb: str = ""
    nth: int = 1
    times: int = 1
    probability: float = 1.0
    seed: int = 0
    seconds: float = 1.0
    seen: int = 0
    struck: int = 0
    lifted: threading.Event = field(default_factory=threading.Event, repr=False)
    _random: random.Random = field(default_factory=random.Random, repr=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311  repeatable on purpose

    def strikes(self, entity: str, verb: str) -> bool:
        """Count a call; True when this fault befalls it."""
        if self.entity and self.entity.lower() != entity.lower():
            return False
        if self.verb and self.verb.lower() != verb.lower():
            return False
        self.seen += 1
        if self.seen < self.nth or (self.times and self.struck >= self.times):
            return False
        if self.probability < 1 and self._random.random() >= self.probability:
            return False
        self.struck += 1
        return True

    def describe(self) -> dict[str, Any]:
        """The fault as the admin route shows it."""
        names = (
            "id",
            "kind",
            "entity",
            "verb",
            "nth",
            "times",
            "probability",
            "seed",
            "seconds",
            "seen",
            "struck",
        )
        return {name: getattr(self, name) for name in names}


def read(data: dict[str, Any]) -> Fault:
    """A fault from JSON. Raises ValueError with a sentence."""
    kind = str(data.get("kind", ""))
    if kind not in KINDS:
        raise ValueError(f"The fault kind {kind!r} is unknown. Known: {', '.join(KINDS)}.")
    unknown = set(data) - {"kind", "entity", "verb", "nth", "times", "probability", "seed", "seconds"}
    if unknown:
        raise ValueError(f"Unknown: {', '.join(sorted(unknown))}.")
    try:
        return Fault(
            kind=kind,
            entity=str(data.get("entity") or ""),
            verb=str(data.get("verb") or ""),
            nth=max(1, int(data.get("nth") or 1)),
            times=int(data.get("times", 1)),
            probability=float(data.get("probability", 1)),
            seed=int(data.get("seed") or 0),
            seconds=min(120.0, max(0.0, float(data.get("seconds", 1)))),
        )
    except (TypeError, ValueError) as error:
        raise ValueError(f"A number in the fault is wrong: {error}.") from error


def from_header(text: str) -> Fault:
    """``X-Sandbox-Fault: kind;seconds=2`` strikes the call that carries it. Raises ValueError."""
    kind, *parts = [part.strip() for part in text.split(";")]
    values = dict(part.split("=", 1) for part in parts if "=" in part)
    return read({"kind": kind, **values})


class Faults:
    """The faults set on one tenant."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self.active: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Set a fault and give it an id."""
        with self._lock:
            fault.id = next(self._ids)
            self.active.append(fault)
        return fault

    def clear(self, fault_id: int = 0) -> None:
        """Take away one fault, or all."""
        with self._lock:
            for fault in self.active:
                if fault_id in (0, fault.id):
                    fault.lifted.set()
            self.active = [fault for fault in self.active if not fault.lifted.is_set()]

    def pick(self, entity: str, verb: str) -> Fault | None:
        """The fault that befalls this call, if any."""
        with self._lock:
            struck = [fault for fault in self.active if fault.strikes(entity, verb)]
        return struck[0] if struck else None
