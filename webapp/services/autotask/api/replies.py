"""Read Autotask's responses: a document, or one of our errors. And write numbers as Autotask takes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from webapp.services.autotask.api.errors import Busy, CredentialsRejected, Forbidden, Refused, Temporary

GENERIC = ("an error occurred while processing your request",)
THREADS = ("thread threshold", "threads for this object", "too many concurrent")
HOURLY = ("request threshold",)


def number(value: Any) -> Any:
    """A Decimal as JSON takes it, for ``json.dumps(default=)``. Raises TypeError for anything else."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"{type(value).__name__} cannot be sent to Autotask")


def item_id(answer: dict[str, Any], entity: str) -> int:
    """The id of the created record. Raises Temporary, in doubt, when the response has no id."""
    try:
        return int(answer["itemId"])
    except (KeyError, TypeError, ValueError) as error:
        raise Temporary(
            f"Autotask's response to a create in {entity} had no id. We check whether the record exists.",
            in_doubt=True,
        ) from error


def read(
    status: int,
    headers: Mapping[str, str],
    content: bytes,
    path: str,
    *,
    hide: Callable[[str], str] = str,
) -> dict[str, Any]:
    """The response as a document. Raises the AutotaskError that its status and sentences mean.

    ``hide`` takes our credentials out of Autotask's sentences, which people read.
    """
    try:
        answer = json.loads(content, parse_float=Decimal) if content else None
    except ValueError:
        answer = None
    if status < 300 and isinstance(answer, dict):
        return answer
    refusals = [hide(sentence) for sentence in sentences(answer)]
    said = " ".join(refusals)
    low = said.lower()
    if any(word in low for word in (*THREADS, *HOURLY)) or status == 429:
        sentence = f"Autotask's call limit is reached: {said or 'status 429'}"
        raise Busy(sentence, status=status, path=path, retry_after=_retry_after(headers))
    if status == 401:
        raise CredentialsRejected(
            f"Autotask no longer accepts the API user's credentials. {said}", status=401, path=path
        )
    if status == 403:
        raise Forbidden(f"The API user lacks a permission in Autotask: {said or path}", status=403, path=path)
    if status < 400:
        raise Temporary(
            "Autotask's response couldn't be read. We check whether the call worked.",
            status=status,
            path=path,
            in_doubt=True,
        )
    if status >= 500 and (not refusals or low.rstrip(". ") in GENERIC):
        raise Temporary(
            f"Autotask reported an internal error (status {status}).",
            status=status,
            path=path,
            in_doubt=True,
            retry_after=_retry_after(headers),
        )
    raise Refused(refusals or [f"status {status}"], status=status, path=path)


def _retry_after(headers: Mapping[str, str]) -> float:
    """The seconds in the header Retry-After; 0 without the header, and for a date, where our backoff is used."""
    text = headers.get("Retry-After", "").strip()
    return float(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0.0


def sentences(answer: Any) -> list[str]:
    """Autotask's own sentences in a response; empty when there are none."""
    errors = answer.get("errors") if isinstance(answer, dict) else None
    return [str(sentence) for sentence in errors] if isinstance(errors, list) else []
