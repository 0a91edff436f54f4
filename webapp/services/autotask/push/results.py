"""How one run of a push ends, and what that means for its delivery."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any, ClassVar

from webapp.models.push import RunState
from webapp.services.autotask.api.errors import (
    ConnectionRefused,
    CredentialsRejected,
    NotConnected,
    Temporary,
)
from webapp.services.autotask.push.failures import StepFailed
from webapp.services.autotask.push.reconcile import Report
from webapp.services.autotask.wanted.desired import Problem
from webapp.services.core.errors import Busy, ServiceError
from webapp.services.delivery import outcomes
from webapp.services.delivery.outcomes import Outcome, Settle

# After this many attempts, Autotask's own errors go to a person. While Autotask is unreachable we retry forever.
MAX_ATTEMPTS = 30
RECONNECT_SECONDS = 20.0
# The signed PDF waits for its time stamp, or many wait for it.
BUSY_SECONDS = 60.0
LONGEST_WAIT = 600.0


@dataclass(frozen=True)
class Done:
    """Everything was written, and the totals were compared."""

    report: Report

    @property
    def run_state(self) -> RunState:
        """The run's state: synced, or out of sync."""
        return RunState.OUT_OF_SYNC if self.report.differences else RunState.SYNCED

    @property
    def sentence(self) -> str:
        """The differences."""
        return " ".join(self.report.differences)

    @property
    def stored(self) -> dict[str, Any]:
        """What the run's record keeps."""
        return self.report.as_json()

    def outcome(self, settle: Settle) -> Outcome:
        """How the delivery ends."""
        return outcomes.Done(self.sentence, settle)


@dataclass(frozen=True)
class Retry:
    """The push runs again after ``wait`` seconds. ``counts``: this attempt makes later waits longer."""

    sentence: str
    wait: float
    counts: bool = True
    credentials_rejected: bool = False
    run_state: ClassVar[RunState] = RunState.RETRYING
    stored: ClassVar[dict[str, Any]] = {}

    def outcome(self, settle: Settle) -> Outcome:
        """How the delivery ends."""
        return outcomes.Retry(self.sentence, settle, counts=self.counts, wait=self.wait)


@dataclass(frozen=True)
class AskPerson:
    """A person must fix a problem or answer a question. Nothing was written."""

    sentence: str
    problems: tuple[Problem, ...] = ()
    run_state: ClassVar[RunState] = RunState.NEEDS_YOU

    @property
    def stored(self) -> dict[str, Any]:
        """What the run's record keeps: each problem with where to fix it."""
        return {"problems": [[problem.sentence, *problem.fix] for problem in self.problems]}

    def outcome(self, settle: Settle) -> Outcome:
        """How the delivery ends."""
        return outcomes.AskPerson(self.sentence, settle)


@dataclass(frozen=True)
class Stop:
    """The push failed, and a retry would change nothing."""

    sentence: str
    run_state: ClassVar[RunState] = RunState.FAILED
    stored: ClassVar[dict[str, Any]] = {}

    def outcome(self, settle: Settle) -> Outcome:
        """How the delivery ends."""
        return outcomes.Stop(self.sentence, settle)


# RQ ends a job that takes too long. What it did is journaled, so the next run continues there.
OUT_OF_TIME = Retry("This sync took too long for one run. It continues where it stopped.", 1.0)
# A record was deleted after everything was written. The next run notices, and creates it again.
CHANGED_MEANWHILE = Retry(
    "A record was deleted in Autotask during this sync. It continues with what is there.", 2.0
)

PushResult = Done | Retry | AskPerson | Stop


def of_error(error: ServiceError, attempt: int) -> Retry | Stop:
    """The result for an error that ended the ``attempt``-th attempt."""
    cause = error.cause if isinstance(error, StepFailed) else error
    if isinstance(cause, Busy):
        return Retry(str(error), BUSY_SECONDS, counts=False)
    if isinstance(cause, NotConnected | ConnectionRefused):
        return Retry(str(error), RECONNECT_SECONDS, counts=False)
    if isinstance(cause, CredentialsRejected):
        return Retry(str(cause), RECONNECT_SECONDS, credentials_rejected=True)
    if isinstance(cause, Temporary) and (cause.is_away or attempt < MAX_ATTEMPTS):
        return Retry(str(error), max(_backoff(attempt), cause.retry_after))
    return Stop(str(error))


def of_bug(error: Exception) -> Stop:
    """The result for an error that should not happen."""
    return Stop(f"The sync failed because of a bug in Quotewright ({type(error).__name__}).")


def _backoff(attempt: int) -> float:
    """Seconds until the next attempt: doubling from 2 to ``LONGEST_WAIT``, and up to a quarter less by chance."""
    return min(LONGEST_WAIT, 2.0 ** min(attempt + 1, 10)) * (1 - random.random() / 4)  # noqa: S311  no secret
