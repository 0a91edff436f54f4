"""The delivery log: its pages, resending a message, and test messages."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from webapp.models import User, WebhookDelivery, WebhookEndpoint, db, utc_now
from webapp.models.webhook import DELIVERED, FAILED, RUNNING, WAITING
from webapp.services.core import records, work
from webapp.services.core.errors import Invalid
from webapp.services.diary import diary
from webapp.services.integrations.webhook import endpoints, outbox, payload

PAGE = 20
GONE = "This message is no longer in the log, which keeps 30 days."
STATES = {WAITING: "Waiting", DELIVERED: "Delivered", FAILED: "Failed"}


@dataclass(frozen=True)
class LogPage:
    """A page of the log, newest first. ``more``: older messages follow."""

    rows: list[WebhookDelivery]
    number: int
    more: bool


@dataclass(frozen=True)
class EndpointSummary:
    """One endpoint with its newest message and the number of waiting messages."""

    endpoint: WebhookEndpoint
    newest: WebhookDelivery | None
    waiting: int


def page(endpoint: WebhookEndpoint, number: int = 1, state: str = "") -> LogPage:
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
    return LogPage(rows[:PAGE], number, more=len(rows) > PAGE)


def summaries(shown: Iterable[WebhookEndpoint]) -> list[EndpointSummary]:
    """The rows of the list of endpoints."""
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
    return [
        EndpointSummary(endpoint, last.get(endpoint.id), counts.get(endpoint.id, 0)) for endpoint in shown
    ]


def get(delivery_id: int) -> WebhookDelivery:
    """Raises NotFound with a sentence."""
    return records.get(WebhookDelivery, delivery_id, GONE)


def pretty(delivery: WebhookDelivery) -> str:
    """The body of a message with line breaks, for people."""
    return json.dumps(json.loads(delivery.body), indent=2, ensure_ascii=False)


@work.command
def send_again(actor: User, delivery_id: int) -> WebhookDelivery:
    """Resend a message with the same id and body, even to a paused endpoint.

    Raises NotFound, or Invalid while it is being sent.
    """
    delivery = get(delivery_id)
    db.session.refresh(delivery, with_for_update=True)
    if delivery.state == RUNNING:
        raise Invalid("This message is being sent right now, so it wasn't resent. Try again in a moment.")
    delivery.state, delivery.is_asked_for, delivery.not_before = WAITING, True, utc_now()
    diary.write(actor, "webhook.sent_again", "webhook_delivery", delivery.id, uid=delivery.uid)
    return delivery


@work.command
def send_test(actor: User, endpoint_id: int) -> WebhookDelivery:
    """Add a test message, which is sent like any other but only once."""
    endpoint = endpoints.get(endpoint_id)
    delivery = outbox.add(endpoint, payload.TEST, payload.example(), actor.name)
    delivery.is_asked_for = True
    return delivery
