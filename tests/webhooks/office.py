"""What the tests of webhooks do again and again."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask

from tests.support import samples
from tests.webhooks.receiver import Receiver
from webapp.models import Delivery, Quote, User, WebhookEndpoint, db, utc_now
from webapp.services.core.runtime import Runtime
from webapp.services.delivery import attempt, reader, room
from webapp.services.integrations.webhook import endpoints, payload
from webapp.services.quoting.lifecycle import publishing

ALL = tuple(payload.EVENTS)


@dataclass
class Office:
    """A desk in one process, whose worker is this test."""

    app: Flask
    runtime: Runtime
    receiver: Receiver
    admin: User
    rep: User

    def add(self, *events: str) -> tuple[WebhookEndpoint, str]:
        """The receiver as an endpoint, with its secret; hears of everything unless told otherwise."""
        values = {"url": self.receiver.url, "description": "Ours"}
        return endpoints.add(self.runtime, self.admin, values, events or ALL)

    def publish(self, quote: Quote | None = None) -> Quote:
        """Publish a quote, a new one unless given."""
        quote = quote or samples.quote(self.rep)
        publishing.publish(self.rep, quote.id)
        return quote

    def send_due(self) -> None:
        """What the sweeper and the workers would do now."""
        for delivery in room.due(reader.get("webhook"), utc_now()):
            attempt.perform(self.runtime, delivery.id)

    def make_due(self) -> None:
        """Let the time of everything that waits have come."""
        past = utc_now().replace(year=2020)
        db.session.execute(db.update(Delivery).values(not_before=past))
        db.session.execute(db.update(WebhookEndpoint).values(hold_until=None))
        db.session.commit()


def deliveries() -> list[Delivery]:
    """All messages, the oldest first."""
    db.session.expire_all()
    return list(db.session.scalars(db.select(Delivery).filter_by(reader="webhook").order_by(Delivery.id)))


def only() -> Delivery:
    """The one message there is."""
    (found,) = deliveries()
    return found


def names() -> list[str]:
    """The events of all messages."""
    return [delivery.reason for delivery in deliveries()]
