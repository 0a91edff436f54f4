"""The log of every call, and the counting of calls at work at once."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from typing import Any

KEEP = 20_000
KEEP_BODY = 20_000
KEEP_BODIES = 2_000  # of the newest calls; without this a long run would fill the memory
MOST_PRETENDED = 1_000_000


class CallLog:
    """Newest calls of one tenant. Secrets are in headers, which are not kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: deque[dict[str, Any]] = deque(maxlen=KEEP)
        self._in_flight: Counter[str] = Counter()
        self.sequence = 0
        self.violations = 0
        self.most: Counter[str] = Counter()
        self._recent: deque[float] = deque()

    def begin(self, endpoint: str, limit: int) -> tuple[int, bool]:
        """Count a call in; returns how many are at work at this endpoint, and whether that is too many."""
        with self._lock:
            self._in_flight[endpoint] += 1
            busy = self._in_flight[endpoint]
            self.most[endpoint] = max(self.most[endpoint], busy)
            over = bool(limit) and busy > limit
            self.violations += over
            return busy, over

    def end(self, endpoint: str) -> None:
        """Count a call out."""
        with self._lock:
            self._in_flight[endpoint] -= 1

    def in_last_hour(self) -> int:
        """Calls of the last rolling hour."""
        with self._lock:
            return self._used(time.monotonic())

    def count_in(self, limit: int) -> int | None:
        """Count a call of this hour; returns how many were before it, None where ``limit`` (0: none) is reached."""
        with self._lock:
            moment = time.monotonic()
            used = self._used(moment)
            if limit and used >= limit:
                return None
            self._recent.append(moment)
            return used

    def _used(self, moment: float) -> int:
        while self._recent and self._recent[0] < moment - 3600:
            self._recent.popleft()
        return len(self._recent)

    def pretend(self, calls: int) -> None:
        """Make the last hour hold this many calls, for trying out the threshold. Raises ValueError."""
        if not 0 <= calls <= MOST_PRETENDED:
            raise ValueError(f"calls must be between 0 and {MOST_PRETENDED}")
        with self._lock:
            moment = time.monotonic()
            self._recent = deque([moment] * calls)

    def add(self, entry: dict[str, Any]) -> None:
        """Keep a finished call."""
        for name in ("request", "response"):
            if len(entry.get(name) or "") > KEEP_BODY:
                entry[name] = entry[name][:KEEP_BODY] + "…"
        with self._lock:
            self.sequence += 1
            self._calls.append({"seq": self.sequence, **entry})
            if len(self._calls) > KEEP_BODIES:
                self._calls[-KEEP_BODIES - 1].update(request="", response="")

    def since(self, sequence: int = 0, last: int = 0) -> list[dict[str, Any]]:
        """Calls after a sequence number, oldest first; ``last`` keeps only that many."""
        with self._lock:
            found = [call for call in self._calls if call["seq"] > sequence]
        return found[-last:] if last else found

    def stats(self) -> dict[str, Any]:
        """Counts by verb and entity."""
        calls = self.since()
        by_verb = Counter(call["verb"] for call in calls)
        by_entity: dict[str, Counter[str]] = {}
        for call in calls:
            by_entity.setdefault(call["entity"], Counter())[call["verb"]] += 1
        committed = Counter(
            call["entity"] for call in calls if call["verb"] == "create" and call["committed"]
        )
        with self._lock:
            most, at_work = dict(self.most), {name: busy for name, busy in self._in_flight.items() if busy}
        return {
            "total": len(calls),
            "byVerb": dict(by_verb),
            "byEntity": {entity: dict(counts) for entity, counts in by_entity.items()},
            "creates": dict(committed),
            "writes": sum(1 for call in calls if call["committed"]),
            "threadViolations": self.violations,
            "maxConcurrency": most,
            "atWork": at_work,
        }

    def reset(self) -> None:
        """As if nothing had been called yet. Calls at work still count, and numbers go on, so that none comes twice."""
        self.clear()
        with self._lock:
            self._recent.clear()

    def clear(self) -> None:
        """Forget the calls and counts; the hourly usage stays."""
        with self._lock:
            self._calls.clear()
            self.violations = 0
            self.most.clear()
