"""What a service raises when a person asked for something that cannot be done."""

from __future__ import annotations

from collections.abc import Mapping


class ServiceError(Exception):
    """A refusal. ``str(error)`` is a sentence for the person: what happened, what was kept, what to do."""


class NotFound(ServiceError):
    """The record does not exist, or not any more."""


class Conflict(ServiceError):
    """Somebody else saved in the meantime; nothing was overwritten."""


class Invalid(ServiceError):
    """The input breaks a rule. ``fields`` maps a field's name to its own sentence."""

    def __init__(self, sentence: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.fields = dict(fields or {})
