"""What Autotask's answers mean: a document, or one of our errors. And numbers as they go there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from webapp.services.autotask.errors import Busy, CredentialsRejected, Forbidden, Refused, Temporary

GENERIC = ("an error occurred while processing your request",)
THREADS = ("thread threshold", "threads for this object", "too many concurrent")
HOURLY = ("request threshold",)


def number(value: Any) -> Any:
    """A Decimal as JSON takes it, for ``json.dumps(default=)``. Raises TypeError for anything else."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"{type(value).__name__} cannot be sent to Autotask")


def item_id(answer: dict[str, Any], entity: str) -> int:
    """The id of what was created. Raises Temporary, in doubt, when the answer names none."""
    try:
        return int(answer["itemId"])
    except (KeyError, TypeError, ValueError) as error:
        raise Temporary(
            f"Autotask's answer to creating in {entity} named no id; what became of it is looked up.",
            in_doubt=True,
        ) from error


def read(status: int, headers: Mapping[str, str], content: bytes, path: str) -> dict[str, Any]:
    """The answer as a document. Raises the AutotaskError that its status and sentences mean."""
    try:
        answer = json.loads(content, parse_float=Decimal) if content else None
    except ValueError:
        answer = None
    if status < 300 and isinstance(answer, dict):
        return answer
    said_there = sentences(answer)
    said = " ".join(said_there)
    low = said.lower()
    if any(word in low for word in (*THREADS, *HOURLY)) or status == 429:
        sentence = f"Autotask is at its limit of calls: {said or 'status 429'}"
        raise Busy(sentence, status=status, path=path, retry_after=_retry_after(headers))
    if status == 401:
        raise CredentialsRejected(
            f"Autotask no longer accepts the API user's credentials. {said}", status=401, path=path
        )
    if status == 403:
        raise Forbidden(f"The API user lacks a right in Autotask: {said or path}", status=403, path=path)
    if status < 400:
        raise Temporary(
            "Autotask's answer could not be read, so what became of the call is looked up.",
            status=status,
            path=path,
            in_doubt=True,
        )
    if status >= 500 and (not said_there or low.rstrip(". ") in GENERIC):
        raise Temporary(
            f"Autotask had an error of its own (status {status}).",
            status=status,
            path=path,
            in_doubt=True,
            retry_after=_retry_after(headers),
        )
    raise Refused(said_there or [f"status {status}"], status=status, path=path)


def _retry_after(headers: Mapping[str, str]) -> float:
    """The seconds of the header Retry-After; 0 without one. A date, which it may also hold, is left to our backoff."""
    text = headers.get("Retry-After", "").strip()
    return float(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0.0


def sentences(answer: Any) -> list[str]:
    """Autotask's own sentences in an answer; empty when it has none."""
    errors = answer.get("errors") if isinstance(answer, dict) else None
    return [str(one) for one in errors] if isinstance(errors, list) else []
