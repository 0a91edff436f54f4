"""Refusals as Autotask words them: a status and a list of sentences."""

from __future__ import annotations


class ApiError(Exception):
    """Answered as ``{"errors": [...]}`` with ``status``. Many validation failures are a 500 at Autotask."""

    def __init__(self, status: int, *sentences: str) -> None:
        super().__init__("; ".join(sentences))
        self.status = status
        self.sentences = list(sentences)


def invalid(*sentences: str) -> ApiError:
    """A validation failure."""
    return ApiError(500, *sentences)


NO_PERMISSION = "The logged in Resource does not have the adequate permissions to update this entity type."
TOO_MANY_ORS = "Invalid query syntax. Queries are limited to 500 or fewer 'OR' conditions."
