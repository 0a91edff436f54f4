"""Read Autotask's responses: a document, or one of our errors. And write numbers as Autotask takes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from webapp.services.autotask.api.errors import Busy, CredentialsRejected, Forbidden, Refused, Temporary

# What Autotask says of errors of its own, in lower case; the call may have worked. The first is the sandbox's and older
# reports', the second stands in issue 38 of Anteris' autotask-client, the third is SQL Server's.
INTERNAL = (
    "an error occurred while processing your request",
    "an unexpected error has occurred",
    "execution timeout expired",
)
# Refusals that pass by themselves: 10,000,000 bytes of attachments in five minutes.
ATTACHMENTS = ("attachment", "minute"), ("attachment", "size limit")
ATTACHMENT_SECONDS = 300.0
# A wrong integration code is a 500, not a 401 (apigrate's autotask-restapi, issue 19).
INTEGRATION_CODE = (
    "integrationcode is invalid",
    "integration code is invalid",
    "invalid integration code",
    "integrationcode is required",
)
# A record that is gone: a 404, or this sentence with a 500, which goes on about permissions (django-autotask, n8n).
GONE = ("no matching records found",)
GONE_STATUSES = (404, 410)
# A missing permission: a 403, or this sentence with a 500 (Autotask's help on Opportunities).
PERMISSION = ("adequate permission", "required permission", "sufficient permission", "not have permission")
GRANTED_BY = (
    "An Autotask administrator can add the permission to the API user's security level. Then choose Try again; nothing "
    "that was synced before is lost."
)
THREADS = ("thread threshold", "threads for this object", "too many concurrent")
HOURLY = ("request threshold",)
# So much of a response that is no document is read for what it says.
LONGEST = 2000


def number(value: Any) -> Any:
    """A Decimal as JSON takes it, for ``json.dumps(default=)``. Raises TypeError for anything else."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"{type(value).__name__} cannot be sent to Autotask")


def item_id(answer: dict[str, Any], entity: str) -> int:
    """The id of the record that was written: a write is done only when the response names it.

    Raises Temporary, in doubt, when it doesn't.
    """
    try:
        return int(answer["itemId"])
    except (KeyError, TypeError, ValueError) as error:
        raise Temporary(
            f"Autotask's response to a write in {entity} had no id. We check whether it worked.",
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
    if status < 300 and isinstance(answer, dict) and not sentences(answer):
        return answer
    refusals = [hide(sentence) for sentence in sentences(answer)]
    said = " ".join(refusals)
    low = said.lower()
    # An error page says it outside of a document. A success that can't be read says nothing.
    heard = low if said or status < 400 else content[:LONGEST].decode("utf-8", "replace").lower()
    if any(word in low for word in (*THREADS, *HOURLY)) or status == 429:
        sentence = f"Autotask's call limit is reached: {said or 'status 429'}"
        raise Busy(sentence, status=status, path=path, retry_after=_retry_after(headers))
    if status in GONE_STATUSES or any(word in heard for word in GONE):
        raise Refused(refusals or [f"status {status}"], status=404, path=path)
    if status == 403 or any(word in heard for word in PERMISSION):
        raise Forbidden(
            f"The API user lacks a permission in Autotask: {said or path} {GRANTED_BY}", status=403, path=path
        )
    if status == 401 or any(word in low for word in INTEGRATION_CODE):
        raise CredentialsRejected(
            f"Autotask no longer accepts the API user's credentials. {said}", status=status, path=path
        )
    if status >= 400 and "attachment" in path.lower() and _is_attachment_limit(low):
        raise Temporary(
            f"Autotask takes no more files for five minutes: {said}",
            status=429,
            path=path,
            retry_after=max(_retry_after(headers), ATTACHMENT_SECONDS),
        )
    if status < 400:
        raise Temporary(
            f"Autotask's response couldn't be understood. We check whether the call worked. {said}".rstrip(),
            status=status,
            path=path,
            in_doubt=True,
        )
    if status >= 500 and (not refusals or low.startswith(INTERNAL)):
        raise Temporary(
            f"Autotask reported an internal error (status {status}).",
            status=status,
            path=path,
            in_doubt=True,
            retry_after=_retry_after(headers),
        )
    raise Refused(refusals or [f"status {status}"], status=status, path=path)


def _is_attachment_limit(low: str) -> bool:
    return any(all(word in low for word in words) for words in ATTACHMENTS)


def _retry_after(headers: Mapping[str, str]) -> float:
    """The seconds in the header Retry-After; 0 without the header, and for a date, where our backoff is used."""
    text = headers.get("Retry-After", "").strip()
    return float(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0.0


def sentences(answer: Any) -> list[str]:
    """Autotask's own sentences in a response; empty when there are none."""
    if not isinstance(answer, dict):
        return []
    errors = answer.get("errors")
    if isinstance(errors, list):
        return [str(sentence) for sentence in errors]
    # What Autotask's framework says, for example of an address that isn't there.
    said = errors or answer.get("Message")
    return [said] if isinstance(said, str) and said else []
