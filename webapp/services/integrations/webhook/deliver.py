"""Sending one message, and updating the message and its endpoint with the result.

Owns its transactions: no transaction is open while a message is sent.
"""

from __future__ import annotations

import time
from datetime import datetime
from urllib.parse import urlsplit

import structlog

from webapp.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint, db, utc_now
from webapp.models.webhook import ACTIVE, DELIVERED, FAILED, PAUSED, RUNNING, WAITING
from webapp.services.core.errors import ServiceError
from webapp.services.core.formatting import moment
from webapp.services.core.runtime import Runtime
from webapp.services.diary import diary
from webapp.services.integrations.webhook import outbox, payload, retries, sender, signing
from webapp.services.integrations.webhook.sender import Answer

USER_AGENT = "Quotewright-Webhooks/1"

log = structlog.get_logger(__name__)


def perform(runtime: Runtime, delivery_id: int) -> None:
    """Send the message, unless it is already sent. The result is in the row and its attempts."""
    delivery = _claim(delivery_id)
    if delivery is None:
        return
    endpoint = delivery.endpoint
    now = utc_now()
    if not delivery.is_asked_for and (endpoint.state != ACTIVE or (endpoint.hold_until or now) > now):
        # Another message failed after this message was queued, so the endpoint is on hold.
        delivery.state, delivery.not_before = WAITING, max(endpoint.hold_until or now, now)
        db.session.commit()
        return
    url, body = endpoint.url, delivery.body.encode()
    try:
        headers = _headers(runtime, delivery, endpoint, body, now)
    except ServiceError as error:
        _pause(endpoint, str(error))
        delivery.state, delivery.is_asked_for, delivery.sentence = WAITING, False, str(error)
        db.session.commit()
        return
    # Commit first, so that no transaction is open while the receiver responds.
    db.session.commit()
    answer = sender.post(url, body, headers, runtime.config.webhook_allowed_hosts)
    _note(delivery_id, answer)


def _claim(delivery_id: int) -> WebhookDelivery | None:
    """Claim the message by a conditional update; None when it is not due or another worker has it."""
    now = utc_now()
    claimed = outbox.changed(
        db.update(WebhookDelivery)
        .where(
            WebhookDelivery.id == delivery_id,
            WebhookDelivery.state == WAITING,
            WebhookDelivery.not_before <= now,
        )
        .values(state=RUNNING, updated_at=now)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    return db.session.get(WebhookDelivery, delivery_id, populate_existing=True) if claimed else None


def _headers(
    runtime: Runtime, delivery: WebhookDelivery, endpoint: WebhookEndpoint, body: bytes, now: datetime
) -> dict[str, str]:
    """The headers of one attempt. Raises ServiceError when the secret can't be decrypted."""
    keys = [runtime.vault.decrypt(endpoint.secret_encrypted)]
    if endpoint.previous_until and endpoint.previous_until > now:
        keys.append(runtime.vault.decrypt(endpoint.previous_secret_encrypted))
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": USER_AGENT,
        "Quotewright-Event": delivery.event,
        "Quotewright-Delivery": delivery.uid,
        signing.HEADER: signing.sign(keys, int(time.time()), body),
    }


def _note(delivery_id: int, answer: Answer) -> None:
    """Store the result of an attempt, in one transaction."""
    delivery = db.session.get(WebhookDelivery, delivery_id, populate_existing=True)
    if delivery is None:
        return  # an admin removed the endpoint while the message was being sent
    endpoint = db.session.get_one(
        WebhookEndpoint, delivery.endpoint_id, populate_existing=True, with_for_update=True
    )
    now = utc_now()
    delivery.attempts.append(
        WebhookAttempt(
            at=now,
            status=answer.status,
            duration_ms=answer.duration_ms,
            sentence=answer.sentence,
            response=answer.response,
        )
    )
    delivery.attempt += 1
    delivery.is_asked_for = False
    delivery.status, delivery.duration_ms = answer.status, answer.duration_ms
    delivery.sentence = answer.sentence
    if not answer.sentence:
        delivery.state = DELIVERED
        endpoint.failures, endpoint.failing_since, endpoint.hold_until = 0, None, None
    else:
        _failed(delivery, endpoint, answer, now)
    db.session.commit()
    log.info(
        "webhook.sent",
        delivery=delivery.uid,
        host=urlsplit(endpoint.url).hostname,
        state=delivery.state,
        status=answer.status,
        attempt=delivery.attempt,
        duration_ms=answer.duration_ms,
    )


def _failed(delivery: WebhookDelivery, endpoint: WebhookEndpoint, answer: Answer, now: datetime) -> None:
    if delivery.event == payload.TEST:
        # The admin who sent the test sees the result and can resend it.
        delivery.state = FAILED
        return
    if delivery.attempt >= retries.MAX_ATTEMPTS:
        delivery.state = FAILED
    else:
        delivery.state = WAITING
        delivery.not_before = now + retries.delay(delivery.attempt, answer.retry_after)
    endpoint.failures += 1
    endpoint.failing_since = endpoint.failing_since or now
    if retries.concerns_address(answer.status):
        endpoint.hold_until = now + retries.hold(endpoint.failures, answer.retry_after)
    if answer.status == 410 or retries.is_hopeless(endpoint.failures, endpoint.failing_since, now):
        _pause(endpoint, f"No successful delivery since {moment(endpoint.failing_since)}. {answer.sentence}")


def _pause(endpoint: WebhookEndpoint, reason: str) -> None:
    """Stop sending to an endpoint until an admin resumes it; new messages are kept."""
    if endpoint.state == PAUSED:
        return
    endpoint.state = PAUSED
    endpoint.state_sentence = reason[:500]
    diary.write(None, "webhook.paused", "webhook_endpoint", endpoint.id, reason=reason)
