"""Faults on demand: never on unless somebody asked for one."""

from __future__ import annotations

import itertools
import random
import threading
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sandbox import contract

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
    "errors_with_200",
)
Number = TypeVar("Number", int, float)
VERBS = ("query", "count", "get", "create", "update", "delete", "metadata")
# Addresses that belong to no entity. A fault strikes them only where it names one, so that counting calls at
# entities does not depend on how often a client looks its zone up.
ADDRESSES = ("zone", "threshold", "version")


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

    def is_due(self, entity: str, verb: str) -> bool:
        """Count a call that fits; True when this fault should befall it."""
        if self.entity not in ("", entity) or self.verb not in ("", verb):
            return False
        if verb in ADDRESSES and not self.verb:
            return False
        self.seen += 1
        # Drawn at every fitting call, so that chance does not depend on what else is set.
        by_chance = self._random.random() < self.probability
        return by_chance and self.seen >= self.nth and not (self.times and self.struck >= self.times)

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
    unknown = set(data) - {"kind", "entity", "verb", "nth", "times", "probability", "seed", "seconds"}
    if unknown:
        raise ValueError(f"Unknown: {', '.join(sorted(unknown))}.")
    named = contract.find(str(data.get("entity") or ""))
    if data.get("entity") and named is None:
        raise ValueError(f"There is no entity {data['entity']}.")
    fault = Fault(
        kind=_one_of(KINDS, "fault kind", data.get("kind")),
        entity=named.name if named else "",
        verb=_one_of(VERBS + ADDRESSES, "verb", data["verb"]) if data.get("verb") else "",
        nth=_number(int, data, "nth", 1),
        times=_number(int, data, "times", 1),
        probability=_number(float, data, "probability", 1),
        seed=_number(int, data, "seed", 0),
        seconds=_number(float, data, "seconds", 1),
    )
    if fault.nth < 1 or fault.times < 0 or not 0 <= fault.probability <= 1 or not 0 <= fault.seconds <= 120:
        raise ValueError(
            "nth is at least 1, times at least 0 (0: always), probability 0 to 1, seconds 0 to 120."
        )
    return fault


def _number(kind: type[Number], data: dict[str, Any], name: str, default: int) -> Number:
    """A number, which a header brings as text. Raises ValueError with a sentence."""
    given = data.get(name, default)
    try:
        number = kind(given)
        if isinstance(given, bool) or (kind is int and not isinstance(given, str) and number != given):
            raise ValueError  # noqa: TRY301  answered below, like what is no number at all
    except (TypeError, ValueError, ArithmeticError) as error:
        whole = "a whole number" if kind is int else "a number"
        raise ValueError(f"The {name} of a fault must be {whole}, not {str(given)[:40]!r}.") from error
    return number


def _one_of(known: tuple[str, ...], what: str, name: Any) -> str:
    text = str(name).lower()
    if text not in known:
        raise ValueError(f"The {what} {text[:40]!r} is unknown. Known: {', '.join(known)}.")
    return text


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
            due = [fault for fault in self.active if fault.is_due(entity, verb)]
            if not due:
                return None
            due[0].struck += 1
            return due[0]
