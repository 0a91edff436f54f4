"""What can go wrong between us and Autotask, told apart by what to do about it."""

from __future__ import annotations

from webapp.services.core.errors import Invalid, ServiceError


class AutotaskError(ServiceError):
    """A call failed. ``status`` is the HTTP status or None; ``path`` is relative to the zone, without credentials."""

    def __init__(self, sentence: str, *, status: int | None = None, path: str = "") -> None:
        super().__init__(sentence)
        self.status = status
        self.path = path


class Temporary(AutotaskError):
    """Worth trying again later. ``in_doubt``: the call may have taken effect although its answer never came.

    ``timed_out``: Autotask may even still be at work on it. ``retry_after``: seconds that Autotask asks to wait.
    """

    def __init__(
        self,
        sentence: str,
        *,
        status: int | None = None,
        path: str = "",
        in_doubt: bool = False,
        timed_out: bool = False,
        retry_after: float = 0.0,
    ) -> None:
        super().__init__(sentence, status=status, path=path)
        self.in_doubt = in_doubt
        self.timed_out = timed_out
        self.retry_after = retry_after

    @property
    def is_away(self) -> bool:
        """True when Autotask did not answer, or only that it cannot now: waiting longer is all that there is to do."""
        return self.status in (None, 429, 502, 503, 504)


class Busy(Temporary):
    """Autotask refused before doing anything: its thread limit or its hourly threshold."""


class HourUsedUp(Busy):
    """The calls that Autotask allows in an hour are used up; another try makes sense in a minute or more."""


class Refused(AutotaskError):
    """Autotask understood and said no; repeating it would change nothing. ``sentences`` are Autotask's own."""

    def __init__(self, sentences: list[str], *, status: int | None = None, path: str = "") -> None:
        super().__init__("Autotask refused: " + " ".join(sentences), status=status, path=path)
        self.sentences = sentences


class CredentialsRejected(AutotaskError):
    """401: the user name, secret or integration code does not hold any more."""


class Forbidden(AutotaskError):
    """403: the API user lacks a right."""


class NotConnected(ServiceError):
    """There is no connection to Autotask, or it was disconnected."""


class ConnectionRefused(Invalid):
    """Connecting failed and nothing was stored; ``fields`` says at which field."""
