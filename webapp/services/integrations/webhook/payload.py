"""The content of messages: the names of the events, and the body."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from webapp.models import Person, db
from webapp.models.quote import ACCEPTED, LOST
from webapp.services.delivery.events import EXPIRED, PUBLISHED, STATUS_KINDS, VIEWED, QuoteEvent
from webapp.services.quoting.money.totals import Totals
from webapp.services.quoting.revisions import pricing, snapshot

TEST = "test"
STATUS_CHANGED = "quote.status_changed"
# The events that an admin can choose, with their meaning.
EVENTS = {
    "quote.published": "A quote or its changes were published.",
    "quote.viewed": "The customer opened a quote for the first time since it was published.",
    "quote.expired": "A quote expired without an answer.",
    "quote.accepted": "The customer accepted a quote, or a rep recorded their acceptance.",
    "quote.lost": "The customer declined a quote, or a rep marked it as lost.",
    STATUS_CHANGED: "A quote was accepted, ordered, fulfilled, lost or reopened.",
}
_OWN = {
    PUBLISHED: "quote.published",
    VIEWED: "quote.viewed",
    EXPIRED: "quote.expired",
    ACCEPTED: "quote.accepted",
    LOST: "quote.lost",
}


def names_of(event: QuoteEvent) -> list[str]:
    """The event names for receivers; an acceptance, for example, is a change of status too."""
    own = [_OWN[event.kind]] if event.kind in _OWN else []
    return [*own, STATUS_CHANGED] if event.kind in STATUS_KINDS else own


def new_uid() -> str:
    """The id of a message, which stays the same whenever it is resent."""
    return f"evt_{uuid.uuid4().hex}"


def message(uid: str, name: str, at: datetime, quote: dict[str, Any], by: str) -> str:
    """The exact body that is sent and signed."""
    content = {"id": uid, "event": name, "occurred_at": _iso(at), "by": by, "quote": quote}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def describe(event: QuoteEvent) -> dict[str, Any]:
    """The quote of an event, without the customer's link: anyone who has it can accept the quote."""
    frozen = snapshot.parse(event.revision.content)
    organization, person = frozen.organization, frozen.person
    known = db.session.get(Person, person.id) if person else None
    if known is not None and known.anonymized_at is not None:
        person = None
    return {
        "id": event.quote.id,
        "number": frozen.number,
        "revision": frozen.revision,
        "sha256": event.revision.content_sha256,
        "title": frozen.title,
        "status": event.quote.status,
        "previous_status": event.before,
        "lost_reason": event.quote.lost_reason,
        "published_at": _iso(frozen.published_at),
        "expires_on": frozen.expires_on.isoformat() if frozen.expires_on else None,
        "ends_at": _iso(frozen.ends_at) if frozen.ends_at else None,
        "owner": {"name": frozen.owner_name, "email": frozen.owner_email},
        "organization": {"id": organization.id, "name": organization.name} if organization else None,
        "contact": {
            "id": person.id,
            "name": f"{person.first_name} {person.last_name}".strip(),
            "email": person.email,
        }
        if person
        else None,
        "purchase_order_number": frozen.purchase_order_number,
        "currency": frozen.currency,
        "totals": _amounts(pricing.of_snapshot(frozen)),
    }


def example() -> dict[str, Any]:
    """A sample quote for test messages, with all fields of a real quote."""
    return {
        "id": 0,
        "number": 0,
        "revision": 1,
        "sha256": "0" * 64,
        "title": "Test message (not a real quote)",
        "status": "pending",
        "previous_status": "pending",
        "lost_reason": "",
        "published_at": "2026-01-31T12:00:00Z",
        "expires_on": "2026-02-28",
        "ends_at": "2026-03-01T05:00:00Z",
        "owner": {"name": "Rob Rep", "email": "rob@msp.example"},
        "organization": {"id": 0, "name": "Example Customer"},
        "contact": {"id": 0, "name": "Ann Example", "email": "ann@customer.example"},
        "purchase_order_number": "",
        "currency": "USD",
        "totals": {
            "one_time": {"net": "100.00", "tax": "8.25", "shipping": "0.00", "total": "108.25"},
            "monthly": {"net": "20.00", "tax": "0.00", "shipping": "0.00", "total": "20.00"},
        },
    }


def _amounts(totals: Totals) -> dict[str, dict[str, str]]:
    """Amounts as text, so that no receiver parses them as binary floats."""
    return {
        name: {
            "net": str(period.net),
            "tax": str(period.tax),
            "shipping": str(period.shipping),
            "total": str(period.total),
        }
        for name, period in totals.used_periods
    }


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
