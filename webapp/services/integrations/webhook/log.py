"""The delivery log: what was sent, sending it again, and test messages."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from webapp.models import User, WebhookDelivery, WebhookEndpoint, db, utc_now
from webapp.models.webhook import DELIVERED, FAILED, RUNNING, WAITING
from webapp.services.core import audit, records
from webapp.services.core.errors import Invalid
from webapp.services.integrations.webhook import endpoints, outbox, payload

PAGE = 20
GONE = "This message is not in the log any more: it goes back 30 days."
STATES = {WAITING: "Waiting", DELIVERED: "Delivered", FAILED: "Failed"}


@dataclass(frozen=True)
class Page:
    """A stretch of the log, the newest first. ``more``: there are further messages behind it."""

    rows: list[WebhookDelivery]
    number: int
    more: bool


@dataclass(frozen=True)
class Summary:
    """One endpoint with its newest message and the number of those that wait."""

    endpoint: WebhookEndpoint
    newest: WebhookDelivery | None
    waiting: int


def page(endpoint: WebhookEndpoint, number: int = 1, state: str = "") -> Page:
    """Page ``number`` (from 1) of an endpoint's messages; ``state``: one of ``STATES``, or empty for all."""
    number = max(1, min(number, 10_000))
    query = (
        db.select(WebhookDelivery)
        .where(WebhookDelivery.endpoint_id == endpoint.id)
        .order_by(WebhookDelivery.id.desc())
        .limit(PAGE + 1)
        .offset((number - 1) * PAGE)
    )
    if state == WAITING:
        query = query.where(WebhookDelivery.state.in_((WAITING, RUNNING)))
    elif state in STATES:
        query = query.where(WebhookDelivery.state == state)
    rows = list(db.session.scalars(query))
    return Page(rows[:PAGE], number, more=len(rows) > PAGE)


def summaries(wanted: Iterable[WebhookEndpoint]) -> list[Summary]:
    """What the list of endpoints shows."""
    waiting = db.session.execute(
        db.select(WebhookDelivery.endpoint_id, db.func.count(WebhookDelivery.id).label("waiting"))
        .where(WebhookDelivery.state.in_((WAITING, RUNNING)))
        .group_by(WebhookDelivery.endpoint_id)
    )
    counts = {row.endpoint_id: row.waiting for row in waiting}
    newest = db.select(db.func.max(WebhookDelivery.id)).group_by(WebhookDelivery.endpoint_id)
    last = {
        delivery.endpoint_id: delivery
        for delivery in db.session.scalars(db.select(WebhookDelivery).where(WebhookDelivery.id.in_(newest)))
    }
    return [Summary(one, last.get(one.id), counts.get(one.id, 0)) for one in wanted]


def get(delivery_id: int) -> WebhookDelivery:
    """Raises NotFound with a sentence."""
    return records.get(WebhookDelivery, delivery_id, GONE)


def pretty(delivery: WebhookDelivery) -> str:
    """The text of a message as people read it."""
    return json.dumps(json.loads(delivery.body), indent=2, ensure_ascii=False)


def send_again(actor: User, delivery_id: int) -> WebhookDelivery:
    """Send a message once more, with the same id and text, even to a paused endpoint.

    The caller nudges the workers. Raises NotFound, or Invalid while it is being sent.
    """
    delivery = get(delivery_id)
    db.session.refresh(delivery, with_for_update=True)
    if delivery.state == RUNNING:
        raise Invalid("This message is being sent at this moment, so it was not sent again. Look again soon.")
    delivery.state, delivery.is_asked_for, delivery.not_before = WAITING, True, utc_now()
    audit.record(actor, "webhook.sent_again", "webhook_delivery", delivery.id, uid=delivery.uid)
    db.session.commit()
    return delivery


def send_test(actor: User, endpoint_id: int) -> WebhookDelivery:
    """Add a test message, which goes the way of all others but is tried once. The caller nudges the workers."""
    endpoint = endpoints.get(endpoint_id)
    delivery = outbox.add(endpoint, payload.TEST, payload.example(), actor.name)
    delivery.is_asked_for = True
    db.session.commit()
    return delivery
