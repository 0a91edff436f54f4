"""The end of a job's time: noted when it comes, and acted upon where a job looks.

RQ raises an exception in the main thread, wherever that is: in the middle of a commit it leaves a session that can't
even roll back, and in a destructor Python swallows it. So here the alarm only sets a mark. A job that doesn't look at
it for a minute is killed by RQ, and another worker goes on, as after every kill.
"""

from __future__ import annotations

from types import FrameType

from rq.timeouts import JobTimeoutException, UnixSignalDeathPenalty

_mark = {"is_over": False}


class OutOfTime(Exception):
    """The job's time is over. What it has committed stays, and its next attempt goes on from there."""

    def __init__(self) -> None:
        super().__init__("The time of this job is over.")


class Deadline(UnixSignalDeathPenalty):
    """What RQ's worker puts around each job, in place of its own."""

    def setup_death_penalty(self) -> None:
        """Called by RQ, also around the worker's own wait for the process that does the job."""
        _mark["is_over"] = False
        super().setup_death_penalty()  # type: ignore[no-untyped-call]

    def handle_death_penalty(self, signum: int, frame: FrameType | None) -> None:
        """Called when the time is over."""
        if issubclass(self._exception, JobTimeoutException):
            _mark["is_over"] = True
        else:
            super().handle_death_penalty(signum, frame)  # type: ignore[no-untyped-call]

    def cancel_death_penalty(self) -> None:
        """Called by RQ."""
        super().cancel_death_penalty()  # type: ignore[no-untyped-call]
        _mark["is_over"] = False


def is_over() -> bool:
    """True when the time of the job that this process does is over; False outside of jobs."""
    return _mark["is_over"]


def check() -> None:
    """Raise OutOfTime if the time is over: where nothing is under way that would have to be finished."""
    if is_over():
        raise OutOfTime
