"""Claims: of several pushes that need the same new company, contact, product or service, only one creates it.

Two quotes with the same customer and title don't create their opportunities at the same time either, and of several on
one opportunity only one writes at a time: each notes on the others' links what it wrote.

Before a push looks for unlinked records, it claims their natural keys. Another push that needs one of them waits until
the record is linked, and finds it then. A claim is valid as long as its push's lease, so a dead worker's claims hold up
no other push.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from sqlalchemy.exc import IntegrityError

from webapp.models import PushClaim, PushLease, db, names
from webapp.services.autotask.known import links
from webapp.services.autotask.wanted.desired import Desired, DesiredRecord
from webapp.services.autotask.wanted.keys import RecordKey
from webapp.services.core import clock


def keys_of(desired: Desired) -> dict[RecordKey, str]:
    """By the desired record's key, the claim keys of the records that this push and another one might create."""
    linked = links.of_desired(desired)
    catalog_items = [item.record for item in desired.catalog_items]
    shared = [record for record in (desired.company, desired.contact, *catalog_items) if record is not None]
    if desired.company is not None and desired.opportunity.chosen_id is None:
        # An opportunity in doubt is found by company and title, so another quote's must be linked by then.
        shared.append(desired.opportunity)
    customer = desired.company.local.id if desired.company else ""
    return {record.key: _key(record, customer) for record in shared if links.key_of(record) not in linked}


def shared_by(desired: Desired) -> list[str]:
    """The claim key of an opportunity that other quotes are on too."""
    if not desired.is_shared:
        return []
    link = links.find(links.key_of(desired.opportunity))
    number = link.remote_id if link is not None else desired.opportunity.chosen_id
    return [_hashed(desired.opportunity.entity, str(number))]


def take(quote_id: int, token: int, keys: list[str]) -> bool:
    """Claim all keys for the holder of the quote's lease, or none; False when another quote has one. Commits."""
    keys = sorted(set(keys))
    if not keys:
        return True
    alive = (PushLease.token == PushClaim.token) & (PushLease.expires_at > clock.now())
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
        # Another push claimed one of them at the same moment.
        db.session.rollback()
        return False
    return True


def drop(quote_id: int, keys: Iterable[str] | None = None) -> None:
    """Release the quote's claims, or only those of ``keys``, in the open transaction."""
    statement = db.delete(PushClaim).where(PushClaim.quote_id == quote_id)
    if keys is not None:
        statement = statement.where(PushClaim.key.in_(list(keys)))
    db.session.execute(statement.execution_options(synchronize_session=False))


def _key(record: DesiredRecord, customer: str) -> str:
    values = record.initial
    match record.entity:
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
    return _hashed(record.entity, *(names.folded(str(part or "")) for part in parts))


def _hashed(*parts: str) -> str:
    return hashlib.sha256("|".join(parts).encode()).hexdigest()
