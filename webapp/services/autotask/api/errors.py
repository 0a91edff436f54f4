"""Errors in talking to Autotask, one class for each way to deal with them."""

from __future__ import annotations

from webapp.services.core.errors import Invalid, ServiceError

# What refusals say of a value, in lower case.
ABOUT_A_VALUE = ("missing required field", "reference value on field", "is inactive", "does not exist")


class AutotaskError(ServiceError):
    """A call failed. ``status`` is the HTTP status or None; ``path`` is relative to the zone, without credentials."""

    def __init__(self, sentence: str, *, status: int | None = None, path: str = "") -> None:
        super().__init__(sentence)
        self.status = status
        self.path = path


class Temporary(AutotaskError):
    """Worth retrying later. ``in_doubt``: the call may have worked although its response was lost.

    ``timed_out``: Autotask may still be working on it. ``retry_after``: the seconds that Autotask asks us to wait.
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
        """True when Autotask didn't respond, or is unavailable: all we can do is wait."""
        return self.status in (None, 429, 502, 503, 504)


class Busy(Temporary):
    """Autotask refused before doing anything: its thread limit or its hourly threshold."""


class HourUsedUp(Busy):
    """The hour's calls are used up; a retry makes sense after a minute or more."""


class Refused(AutotaskError):
    """Autotask understood and refused; a retry would change nothing. ``sentences`` are Autotask's own."""

    def __init__(self, sentences: list[str], *, status: int | None = None, path: str = "") -> None:
        super().__init__("Autotask refused: " + " ".join(sentences), status=status, path=path)
        self.sentences = sentences

    @property
    def is_about_a_value(self) -> bool:
        """True when a required value is missing, or one names a record that doesn't exist or is inactive."""
        low = " ".join(self.sentences).lower()
        return any(words in low for words in ABOUT_A_VALUE)


class CredentialsRejected(AutotaskError):
    """401: the user name, secret or integration code is no longer valid."""


class Forbidden(AutotaskError):
    """403: the API user lacks a permission."""


class NotConnected(ServiceError):
    """Autotask was never connected, or was disconnected."""


class ConnectionRefused(Invalid):
    """Connecting failed and nothing was stored; ``fields`` has a sentence for each wrong field."""
