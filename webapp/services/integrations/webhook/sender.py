"""Sends messages to webhook receivers, by ``core.outward``, and says in a sentence how it went."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse  # noqa: TID251  only the response's type

from webapp.services.core import outward
from webapp.services.core.fields import clean_text

TOTAL_SECONDS = 10.0
READ_BYTES = 16 * 1024
EXCERPT = 1000
MAX_RETRY_AFTER = 3600


@dataclass(frozen=True)
class Answer:
    """The result of one attempt. ``sentence``: the error, empty when the message was delivered.

    ``status`` None: there was no response. ``retry_after``: seconds that the receiver asked for.
    """

    status: int | None
    duration_ms: int
    sentence: str = ""
    response: str = ""
    retry_after: int = 0


def post(url: str, body: bytes, headers: Mapping[str, str], allowed_hosts: Collection[str]) -> Answer:
    """Send ``body`` once. Never raises, whatever the receiver or the network does."""
    started = time.monotonic()
    status, sentence, response, retry_after = None, "", "", 0
    try:
        status, response, retry_after = outward.exchange(
            "POST",
            url,
            body,
            headers,
            allowed=outward.Allowed(allowed_hosts, "WEBHOOK_ALLOWED_HOSTS"),
            deadline=started + TOTAL_SECONDS,
            read=lambda answer: (answer.status, _excerpt(answer), _seconds(answer.getheader("Retry-After"))),
        )
        sentence = _verdict(status)
    except outward.NotSent as error:
        sentence = str(error)
    except outward.BROKEN as error:
        if isinstance(error, TimeoutError) or time.monotonic() - started >= TOTAL_SECONDS:
            sentence = f"The receiver didn't respond within {TOTAL_SECONDS:.0f} seconds."
        else:
            sentence = "The connection broke before the receiver responded, or the response wasn't HTTP."
    return Answer(status, round((time.monotonic() - started) * 1000), sentence, response, retry_after)


def _excerpt(answer: HTTPResponse) -> str:
    """The start of the body. A truncated body doesn't matter, since the status has the result."""
    try:
        text = answer.read(READ_BYTES).decode("utf-8", "replace")
    except (OSError, HTTPException):
        return ""
    return clean_text(text)[:EXCERPT]


def _verdict(status: int) -> str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return (
            f"The receiver responded with a redirect (status {status}), which isn't followed. Enter the URL that it "
            "redirects to."
        )
    if status == 410:
        return "The receiver responded with status 410: it no longer accepts events."
    return f"The receiver responded with status {status}."


def _seconds(text: str | None) -> int:
    return min(int(text[:9]), MAX_RETRY_AFTER) if text and text.isascii() and text.isdigit() else 0
