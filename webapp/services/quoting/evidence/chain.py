"""The chain of a quote: each event has the hash of the event before it, so that one changed or removed later shows.

``quotewright_verify.py`` reads the same chain without the product; a test holds both to each other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from webapp.models import Acceptance, QuoteEvent, db, utc_now

FIRST = "0" * 64
# Who did it.
CUSTOMER, COLLEAGUE, DESK, PROGRAM, PRODUCT = "customer", "colleague", "desk", "program", "product"
SIGNED, COUNTERSIGNED = "signed", "countersigned"


@dataclass(frozen=True)
class Happened:
    """An event before it has its place. ``name``: who, as far as known; ``detail`` must be JSON-serializable."""

    kind: str
    who: str
    name: str = ""
    revision: int | None = None
    address: str = ""
    agent: str = ""
    session: str = ""
    at: datetime = field(default_factory=utc_now)
    detail: Mapping[str, Any] = field(default_factory=dict)


def append(quote_id: int, happened: Iterable[Happened]) -> None:
    """In the open transaction, with the quote locked: give the events their places at the end of the quote's chain."""
    newest = db.session.execute(
        db.select(QuoteEvent.number, QuoteEvent.sha256)
        .where(QuoteEvent.quote_id == quote_id)
        .order_by(QuoteEvent.number.desc())
        .limit(1)
    ).first()
    number, previous = (newest.number, newest.sha256) if newest else (0, FIRST)
    for one in happened:
        number += 1
        # The customer gets the chain too. Where our own people work is theirs, unless one of them signed.
        shows_where = one.who != DESK or one.kind in (SIGNED, COUNTERSIGNED)
        event = QuoteEvent(
            quote_id=quote_id,
            number=number,
            at=one.at,
            kind=one.kind,
            revision=one.revision,
            who=one.who,
            name=one.name[:254],
            address=one.address[:45] if shows_where else "",
            agent=one.agent[:300] if shows_where else "",
            session=one.session[:80] if shows_where else "",
            detail=canonical(one.detail),
            previous_sha256=previous,
        )
        event.sha256 = previous = hash_of(event)
        db.session.add(event)
    db.session.flush()


def of_quote(quote_id: int) -> list[QuoteEvent]:
    """The events in their order."""
    query = db.select(QuoteEvent).filter_by(quote_id=quote_id).order_by(QuoteEvent.number)
    return list(db.session.scalars(query))


def content(event: QuoteEvent) -> dict[str, Any]:
    """What is hashed, and what a bundle holds."""
    return {
        "number": event.number,
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "kind": event.kind,
        "revision": event.revision,
        "who": event.who,
        "name": event.name,
        "address": event.address,
        "agent": event.agent,
        "session": event.session,
        "detail": event.facts,
        "previous": event.previous_sha256,
    }


def hash_of(event: QuoteEvent) -> str:
    """SHA-256 of the event's content."""
    return hashlib.sha256(canonical(content(event)).encode()).hexdigest()


def canonical(values: Mapping[str, Any]) -> str:
    """JSON with sorted keys and no spaces."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def chain_again(quote_id: int) -> None:
    """In the open transaction: new hashes for a quote that no one accepted, after a person was taken out of it."""
    if db.session.scalar(db.select(Acceptance.id).filter_by(quote_id=quote_id)) is not None:
        raise ValueError("The evidence of an accepted quote stays as it is.")
    previous = FIRST
    for event in of_quote(quote_id):
        event.previous_sha256 = previous
        event.sha256 = previous = hash_of(event)
    db.session.flush()


def fault(quote_id: int) -> str:
    """What is wrong with the first event that doesn't follow from the one before it; empty when all do."""
    previous = FIRST
    for number, event in enumerate(of_quote(quote_id), start=1):
        if event.number != number:
            return f"Event {number} is missing."
        if event.previous_sha256 != previous:
            return f"Event {number} doesn't follow event {number - 1}."
        if event.sha256 != hash_of(event):
            return f"Event {number} was changed after it was written."
        previous = event.sha256
    return ""
