"""The errors that services raise when they refuse a request."""

from __future__ import annotations

from collections.abc import Mapping


class ServiceError(Exception):
    """A refusal. ``str(error)`` tells the person what happened, what was kept and what to do."""


class NotFound(ServiceError):
    """The record doesn't exist, or no longer exists."""


class Forbidden(ServiceError):
    """The person may not do this."""


class Busy(ServiceError):
    """Too many others want the same thing now. In a minute, the same request can be granted."""


class Conflict(ServiceError):
    """Someone else saved first; nothing was overwritten.

    ``fields``: a sentence for each field that both changed. ``seen``: for the form that shows them (``core.merge``).
    ``taken``: the fields that only the other person changed.
    """

    def __init__(
        self,
        sentence: str = "",
        *,
        fields: Mapping[str, str] | None = None,
        taken: tuple[str, ...] = (),
        seen: str = "",
    ) -> None:
        super().__init__(sentence)
        self.fields = dict(fields or {})
        self.taken = taken
        self.seen = seen


class Invalid(ServiceError):
    """The input breaks a rule. ``fields`` maps a field's name to its own sentence."""

    def __init__(self, sentence: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.fields = dict(fields or {})
