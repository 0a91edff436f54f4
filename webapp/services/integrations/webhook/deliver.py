"""Sending one message, and updating the message and its endpoint with the result.

Owns its transactions: none is open while a message is sent.
"""

from __future__ import annotations

import time
from datetime import datetime
from functools import partial

import structlog

from webapp.models import Delivery, DeliveryAttempt, WebhookEndpoint, db, utc_now
from webapp.models.webhook import ACTIVE, PAUSED
from webapp.services.company import place
from webapp.services.core import signatures
from webapp.services.core.errors import ServiceError
from webapp.services.core.formatting import moment
from webapp.services.core.runtime import Runtime
from webapp.services.delivery.outcomes import Done, Outcome, Retry, Stop
from webapp.services.diary import diary
from webapp.services.integrations.webhook import payload, retries, sender
from webapp.services.integrations.webhook.sender import Answer

USER_AGENT = "Quotewright-Webhooks/1"

log = structlog.get_logger(__name__)


def send(runtime: Runtime, delivery: Delivery) -> Outcome:
    """Send the message. The endpoint learns the result together with the delivery."""
    endpoint = db.session.get(WebhookEndpoint, int(delivery.address))
    if endpoint is None:
        return Stop("This webhook was removed.")
    now = utc_now()
    if not delivery.is_asked_for and (endpoint.state != ACTIVE or (endpoint.hold_until or now) > now):
        # Another message failed after this message was queued, so the endpoint is on hold.
        wait = max((endpoint.hold_until or now) - now, now - now).total_seconds()
        return Retry(delivery.outcome, counts=False, wait=wait)
    body, attempt = delivery.payload.encode(), delivery.attempt + 1
    endpoint_id, is_test = endpoint.id, delivery.reason == payload.TEST
    try:
        url = runtime.vault.decrypt(endpoint.url_encrypted)
        headers = _headers(runtime, delivery, endpoint, body, now)
    except ServiceError as error:
        return Retry(str(error), partial(_lock_out, endpoint_id, str(error)), counts=False)
    # No transaction is open while the receiver responds.
    db.session.rollback()
    answer = sender.post(url, body, headers, runtime.config.webhook_allowed_hosts)
    note = partial(_note, endpoint_id, answer)
    if not answer.sentence:
        return Done(settle=note)
    # The admin who sent a test sees the result and can resend it.
    if is_test or attempt >= retries.MAX_ATTEMPTS:
        return Stop(answer.sentence, note)
    return Retry(answer.sentence, note, wait=retries.delay(attempt, answer.retry_after).total_seconds())


def _headers(
    runtime: Runtime, delivery: Delivery, endpoint: WebhookEndpoint, body: bytes, now: datetime
) -> dict[str, str]:
    """The headers of one attempt. Raises ServiceError when the secret can't be decrypted."""
    keys = [runtime.vault.decrypt(endpoint.secret_encrypted)]
    if endpoint.previous_until and endpoint.previous_until > now:
        keys.append(runtime.vault.decrypt(endpoint.previous_secret_encrypted))
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": USER_AGENT,
        "Quotewright-Event": delivery.reason,
        "Quotewright-Delivery": delivery.uid or "",
        signatures.HEADER: signatures.sign(keys, int(time.time()), body),
    }


def _note(endpoint_id: int, answer: Answer, delivery: Delivery) -> None:
    """Store the attempt, and what it means for the endpoint, in the open transaction."""
    delivery.attempts.append(
        DeliveryAttempt(
            status=answer.status,
            duration_ms=answer.duration_ms,
            sentence=answer.sentence,
            response=answer.response,
        )
    )
    endpoint = _locked(endpoint_id)
    if endpoint is None:
        return
    if not answer.sentence:
        endpoint.failures, endpoint.failing_since, endpoint.hold_until = 0, None, None
    elif delivery.reason != payload.TEST:
        _failed(endpoint, answer, utc_now())
    log.info(
        "webhook.sent",
        delivery=delivery.uid,
        host=endpoint.host,
        status=answer.status,
        duration_ms=answer.duration_ms,
    )


def _failed(endpoint: WebhookEndpoint, answer: Answer, now: datetime) -> None:
    endpoint.failures += 1
    endpoint.failing_since = endpoint.failing_since or now
    if retries.concerns_address(answer.status):
        endpoint.hold_until = now + retries.hold(endpoint.failures, answer.retry_after)
    if answer.status == 410 or retries.is_hopeless(endpoint.failures, endpoint.failing_since, now):
        since = moment(endpoint.failing_since, place.of_company())
        _pause(endpoint, f"No successful delivery since {since}. {answer.sentence}")


def _lock_out(endpoint_id: int, reason: str, _delivery: Delivery) -> None:
    """The URL or the secret can't be read: pause the endpoint."""
    endpoint = _locked(endpoint_id)
    if endpoint is not None:
        _pause(endpoint, reason)


def _locked(endpoint_id: int) -> WebhookEndpoint | None:
    return db.session.get(WebhookEndpoint, endpoint_id, populate_existing=True, with_for_update=True)


def _pause(endpoint: WebhookEndpoint, reason: str) -> None:
    """Stop sending to an endpoint until an admin resumes it; new messages are kept."""
    if endpoint.state == PAUSED:
        return
    endpoint.state = PAUSED
    endpoint.state_sentence = reason[:500]
    diary.write(None, "webhook.paused", "webhook_endpoint", endpoint.id, reason=reason)
