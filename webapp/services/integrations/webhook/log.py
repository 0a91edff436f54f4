"""The delivery log: its pages, resending a message, and test messages."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from webapp.models import Delivery, User, WebhookEndpoint, db, utc_now
from webapp.models.delivery import UNDER_WAY, DeliveryState
from webapp.services.core import records, work
from webapp.services.core.errors import Invalid, NotFound
from webapp.services.delivery import room
from webapp.services.diary import diary
from webapp.services.integrations.webhook import endpoints, messages, payload

PAGE = 20
GONE = "This message is no longer in the log, which keeps 30 days."
STATES = {DeliveryState.WAITING: "Waiting", DeliveryState.DONE: "Delivered", DeliveryState.PARKED: "Failed"}


@dataclass(frozen=True)
class LogPage:
    """A page of the log, newest first. ``more``: older messages follow."""

    rows: list[Delivery]
    number: int
    more: bool


@dataclass(frozen=True)
class EndpointSummary:
    """One endpoint with its newest message and the number of waiting messages."""

    endpoint: WebhookEndpoint
    newest: Delivery | None
    waiting: int


def page(endpoint: WebhookEndpoint, number: int = 1, state: str = "") -> LogPage:
    """Page ``number`` (from 1) of an endpoint's messages; ``state``: one of ``STATES``, or empty for all."""
    number = max(1, min(number, 10_000))
    query = (
        db.select(Delivery)
        .where(messages.of_endpoint(endpoint.id))
        .order_by(Delivery.id.desc())
        .limit(PAGE + 1)
        .offset((number - 1) * PAGE)
    )
    if state == DeliveryState.WAITING:
        query = query.where(Delivery.state.in_(UNDER_WAY))
    elif state in STATES:
        query = query.where(Delivery.state == state)
    rows = list(db.session.scalars(query))
    return LogPage(rows[:PAGE], number, more=len(rows) > PAGE)


def summaries(shown: Iterable[WebhookEndpoint]) -> list[EndpointSummary]:
    """The rows of the list of endpoints."""
    waiting = db.session.execute(
        db.select(Delivery.address, db.func.count(Delivery.id).label("waiting"))
        .where(Delivery.reader == messages.KEY, Delivery.state.in_(UNDER_WAY))
        .group_by(Delivery.address)
    )
    counts = {row.address: row.waiting for row in waiting}
    newest = db.select(db.func.max(Delivery.id)).filter_by(reader=messages.KEY).group_by(Delivery.address)
    rows = db.session.scalars(db.select(Delivery).where(Delivery.id.in_(newest)))
    last = {delivery.address: delivery for delivery in rows}
    return [
        EndpointSummary(endpoint, last.get(str(endpoint.id)), counts.get(str(endpoint.id), 0))
        for endpoint in shown
    ]


def get(delivery_id: int) -> Delivery:
    """Raises NotFound with a sentence."""
    delivery = records.get(Delivery, delivery_id, GONE)
    if delivery.reader != messages.KEY:
        raise NotFound(GONE)
    return delivery


def endpoint_of(delivery: Delivery) -> WebhookEndpoint:
    """The endpoint of a message. Raises NotFound."""
    return endpoints.get(int(delivery.address))


def pretty(delivery: Delivery) -> str:
    """The body of a message with line breaks, for people."""
    return json.dumps(json.loads(delivery.payload), indent=2, ensure_ascii=False)


@work.command
def send_again(actor: User, delivery_id: int) -> Delivery:
    """Resend a message with the same id and body, even to a paused endpoint.

    Raises NotFound, or Invalid while it is being sent.
    """
    delivery = get(delivery_id)
    db.session.refresh(delivery, with_for_update=True)
    if delivery.state == DeliveryState.RUNNING:
        raise Invalid("This message is being sent right now, so it wasn't resent. Try again in a moment.")
    work.ring()
    delivery.state, delivery.is_asked_for, delivery.not_before = DeliveryState.WAITING, True, utc_now()
    diary.write(actor, "webhook.sent_again", "webhook_delivery", delivery.id, uid=delivery.uid)
    return delivery


@work.command
def send_test(actor: User, endpoint_id: int) -> Delivery:
    """Add a test message, which is sent like any other but only once."""
    endpoint = endpoints.get(endpoint_id)
    delivery = room.add(messages.message(endpoint, payload.TEST, payload.example(), actor.name))
    delivery.is_asked_for = True
    return delivery
