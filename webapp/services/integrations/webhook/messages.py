"""The messages about an event: one for each endpoint that subscribes to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement

from webapp.models import Delivery, Quote, WebhookEndpoint, db, utc_now
from webapp.models.webhook import ACTIVE
from webapp.services.delivery import room
from webapp.services.delivery.events import QuoteEvent
from webapp.services.integrations.webhook import payload

KEY = "webhook"


def of_event(event: QuoteEvent) -> Iterator[Delivery]:
    """A message for each endpoint that subscribes to the event, in the open transaction."""
    names = payload.names_of(event)
    # Locked until the commit, so that publishing can't fail if an admin removes an endpoint at this moment.
    endpoints = (
        db.select(WebhookEndpoint).order_by(WebhookEndpoint.id).with_for_update(read=True, key_share=True)
    )
    described: dict[str, Any] | None = None
    for endpoint in db.session.scalars(endpoints).all():
        for name in names:
            if name in endpoint.events:
                described = described or payload.describe(event)
                yield message(endpoint, name, described, event.by, event.quote)


def message(
    endpoint: WebhookEndpoint, name: str, described: dict[str, Any], by: str, quote: Quote | None = None
) -> Delivery:
    """One message, not yet in the session."""
    uid = payload.new_uid()
    body = payload.message(uid, name, utc_now(), described, by)
    return room.delivery(KEY, name, quote=quote, address=endpoint.id, uid=uid, payload=body)


def of_endpoint(endpoint_id: int) -> ColumnElement[bool]:
    """The condition that a delivery is one of this endpoint's messages."""
    ours: ColumnElement[bool] = db.and_(Delivery.reader == KEY, Delivery.address == str(endpoint_id))
    return ours


def may_go(now: datetime) -> ColumnElement[bool]:
    """The condition that a message's endpoint is active and not on hold."""
    open_endpoints = db.select(db.cast(WebhookEndpoint.id, db.String)).where(
        WebhookEndpoint.state == ACTIVE,
        db.or_(WebhookEndpoint.hold_until.is_(None), WebhookEndpoint.hold_until <= now),
    )
    allowed: ColumnElement[bool] = Delivery.address.in_(open_endpoints)
    return allowed
