"""Quotes that are pushed side by side may name the same new company, contact, product or service: only one makes it.

Nor do two quotes of one customer and title make their opportunities at the same moment.

Before a push looks for records that no link names yet, it claims their natural keys. Another quote that needs one of
them waits until it is linked, and finds the record then. A claim counts as long as the lease of its push does, so those
of a dead worker hold nobody up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from sqlalchemy.exc import IntegrityError

from webapp.models import PushClaim, PushLease, db, utc_now
from webapp.services.autotask.known import links
from webapp.services.autotask.wanted.desired import Desired, DesiredRecord


def keys_of(desired: Desired) -> dict[str, str]:
    """The keys of what the push might have to make although another quote might as well, by the wish's key."""
    linked = links.of_desired(desired)
    goods = [one.record for one in desired.catalog_items]
    shared = [wish for wish in (desired.company, desired.contact, *goods) if wish is not None]
    if desired.company is not None and desired.opportunity.chosen_id is None:
        # Whose answer was lost is found by company and title, so another quote's of the same must be linked by then.
        shared.append(desired.opportunity)
    customer = desired.company.local[1] if desired.company else ""
    return {wish.key: _key(wish, customer) for wish in shared if links.local_of(wish) not in linked}


def take(quote_id: int, token: int, keys: list[str]) -> bool:
    """Claim all keys for the holder of the quote's lease, or none; False when somebody else has one. Commits."""
    keys = sorted(set(keys))
    if not keys:
        return True
    alive = (PushLease.token == PushClaim.token) & (PushLease.expires_at > utc_now())
    query = (
        db.select(PushClaim.key)
        .join(PushLease, PushLease.quote_id == PushClaim.quote_id)
        .where(PushClaim.key.in_(keys), PushClaim.quote_id != quote_id, alive)
    )
    if db.session.scalars(query.limit(1)).first() is not None:
        db.session.rollback()
        return False
    db.session.execute(db.delete(PushClaim).where(PushClaim.key.in_(keys)))
    try:
        rows = [{"key": key, "quote_id": quote_id, "token": token} for key in keys]
        db.session.execute(db.insert(PushClaim), rows)
        db.session.commit()
    except IntegrityError:
        # Somebody claimed one of them in this very moment.
        db.session.rollback()
        return False
    return True


def drop(quote_id: int, keys: Iterable[str] | None = None) -> None:
    """Give back what the quote claimed, all of it or what is linked by now, in the open transaction."""
    statement = db.delete(PushClaim).where(PushClaim.quote_id == quote_id)
    if keys is not None:
        statement = statement.where(PushClaim.key.in_(list(keys)))
    db.session.execute(statement.execution_options(synchronize_session=False))


def _key(wish: DesiredRecord, customer: str) -> str:
    values = wish.initial
    match wish.entity:
        case "Companies":
            parts = [values.get("companyName")]
        case "Contacts":
            parts = [values.get("emailAddress") or f"{values.get('firstName')} {values.get('lastName')}"]
        case "Opportunities":
            parts = [customer, values.get("title")]
        case "Services" | "ServiceBundles":
            parts = [values.get("name")]
        case _:
            parts = [values.get(name) for name in ("name", "sku", "manufacturerProductName")]
    text = "|".join([wish.entity, *(str(part or "").strip().casefold() for part in parts)])
    return hashlib.sha256(text.encode()).hexdigest()
