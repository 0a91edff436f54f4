"""The outbox of webhooks: each message is a row, written in the same transaction as its event, and sent by a worker.

A message is sent at least once: if a worker dies before it stores the result, the message is resent with the same id.

Owns its transactions: a message is claimed before it is sent, and put back after a worker died.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from redis.exceptions import RedisError
from sqlalchemy import Update
from sqlalchemy.engine import CursorResult

from webapp.models import Quote, WebhookDelivery, WebhookEndpoint, db, utc_now
from webapp.models.webhook import ACTIVE, RUNNING, WAITING
from webapp.services.core import work
from webapp.services.core.runtime import Runtime
from webapp.services.integrations import jobs
from webapp.services.integrations.base import QuoteEvent
from webapp.services.integrations.webhook import payload

KEY = "webhook"
QUEUE = "webhooks"
JOB_SECONDS = 60
# Longer than an attempt can take, DNS included.
LOST_AFTER = timedelta(seconds=90)
KEPT_FOR = timedelta(days=30)
PRUNED = "quotewright:webhooks:pruned"

log = structlog.get_logger(__name__)


def record(event: QuoteEvent) -> None:
    """Add a message to the open transaction for each endpoint that subscribes to the event."""
    names = payload.names_of(event)
    # Locked until the commit, so that publishing can't fail if an admin removes an endpoint at this moment.
    endpoints = (
        db.select(WebhookEndpoint).order_by(WebhookEndpoint.id).with_for_update(read=True, key_share=True)
    )
    subscribed = [
        (endpoint, name)
        for endpoint in db.session.scalars(endpoints)
        for name in names
        if name in endpoint.events
    ]
    if not subscribed:
        return
    described = payload.describe(event)
    for endpoint, name in subscribed:
        add(endpoint, name, described, event.by, event.quote)


def add(
    endpoint: WebhookEndpoint, name: str, described: dict[str, object], by: str, quote: Quote | None = None
) -> WebhookDelivery:
    """Add one message to the open transaction."""
    work.ring()
    uid, now = payload.new_uid(), utc_now()
    delivery = WebhookDelivery(
        uid=uid,
        endpoint_id=endpoint.id,
        quote_id=quote.id if quote else None,
        event=name,
        body=payload.message(uid, name, now, described, by),
        not_before=now,
    )
    db.session.add(delivery)
    return delivery


def due(now: datetime, limit: int = 200) -> list[WebhookDelivery]:
    """Due messages: their endpoint is active and not on hold, or a person asked to send them."""
    may_send = db.and_(
        WebhookEndpoint.state == ACTIVE,
        db.or_(WebhookEndpoint.hold_until.is_(None), WebhookEndpoint.hold_until <= now),
    )
    query = (
        db.select(WebhookDelivery)
        .join(WebhookDelivery.endpoint)
        .where(
            WebhookDelivery.state == WAITING,
            WebhookDelivery.not_before <= now,
            db.or_(may_send, WebhookDelivery.is_asked_for),
        )
        .order_by(WebhookDelivery.not_before, WebhookDelivery.id)
        .limit(limit)
    )
    return list(db.session.scalars(query))


def nudge(runtime: Runtime) -> None:
    """Queue due messages."""
    waiting = due(utc_now())
    ids = {f"webhook-{entry.id}-{entry.not_before:%d%H%M%S%f}": entry.id for entry in waiting}
    jobs.enqueue(runtime, KEY, QUEUE, ids, JOB_SECONDS)


def sweep(runtime: Runtime) -> None:
    """Put back messages of dead workers, queue due messages, and delete old messages."""
    now = utc_now()
    put_back = (
        db.update(WebhookDelivery)
        .where(WebhookDelivery.state == RUNNING, WebhookDelivery.updated_at < now - LOST_AFTER)
        .values(state=WAITING, not_before=now, updated_at=now)
        .execution_options(synchronize_session=False)
    )
    if changed(put_back):
        log.info("webhook.put_back")
    db.session.commit()
    nudge(runtime)
    db.session.commit()
    if _is_time_to_prune(runtime):
        prune(now)


def prune(now: datetime) -> None:
    """Delete messages older than the log keeps, sent or not, and old secrets that no longer sign."""
    old = (WebhookDelivery.created_at < now - KEPT_FOR, WebhookDelivery.state != RUNNING)
    db.session.execute(db.delete(WebhookDelivery).where(*old).execution_options(synchronize_session=False))
    db.session.execute(
        db.update(WebhookEndpoint)
        .where(WebhookEndpoint.previous_until < now)
        .values(previous_secret_encrypted="", previous_until=None)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()


def changed(statement: Update) -> int:
    """How many rows the statement changed."""
    result = db.session.execute(statement)
    return result.rowcount if isinstance(result, CursorResult) else 0


def _is_time_to_prune(runtime: Runtime) -> bool:
    """True once an hour, for the first sweeper that asks."""
    try:
        return bool(runtime.redis.set(PRUNED, "1", nx=True, ex=3600))
    except (RedisError, OSError):
        return False
