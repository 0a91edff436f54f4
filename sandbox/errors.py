"""Refusals as Autotask words them: a status and a list of sentences."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """Answered as ``{"errors": [...]}`` with ``status``. Many validation failures are a 500 at Autotask.

    ``more``: what else the answer holds.
    """

    def __init__(self, status: int, *sentences: str, **more: Any) -> None:
        super().__init__("; ".join(sentences))
        self.status = status
        self.sentences = list(sentences)
        self.more = more


def invalid(*sentences: str) -> ApiError:
    """A validation failure."""
    return ApiError(500, *sentences)


def unknown(entity: str, value: Any, field: str) -> str:
    """The sentence about a reference to a record that isn't there."""
    return f"Unable to find {entity} {value} named by the field {field}."


def nowhere(path: str) -> ApiError:
    """There is no such address. ``Message`` is how Autotask's framework says it, ``errors`` how Autotask does."""
    sentence = f"No HTTP resource was found that matches the request URI '{path[:200]}'."
    return ApiError(404, sentence, Message=sentence)


def wrong_verb(method: str) -> ApiError:
    """The address does not take this verb."""
    sentence = f"The requested resource does not support http method '{method}'."
    return ApiError(405, sentence, Message=sentence)


NO_PERMISSION = "The logged in Resource does not have the adequate permissions to update this entity type."
TOO_MANY_ORS = "Invalid query syntax. Queries are limited to 500 or fewer 'OR' conditions."
# What integrators saw where Autotask gives no reason.
NO_REASON_ID = 57492
_SUPPORT = f"If the problem persists, please contact Autotask Support and reference Error ID: {NO_REASON_ID}."
NO_REASON = (f"An unexpected error has occurred.  {_SUPPORT}", _SUPPORT)
