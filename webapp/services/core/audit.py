"""Write and read the audit trail."""

from __future__ import annotations

from typing import Any

from webapp.models import AuditEvent, User, db

SYSTEM = "Quotewright"


def record(
    actor: User | None, action: str, object_type: str, object_id: object, *, label: str = "", **detail: Any
) -> None:
    """Add an event to the open transaction.

    Without an ``actor``, the event is the customer's named in ``label``, or the system's. ``detail`` must be
    JSON-serializable and must not hold secrets.
    """
    db.session.add(
        AuditEvent(
            actor_id=actor.id if actor else None,
            actor_label=actor.email if actor else (label or SYSTEM),
            action=action,
            object_type=object_type,
            object_id=str(object_id),
            detail=detail,
        )
    )


def history(object_type: str, object_id: object, limit: int = 100) -> list[AuditEvent]:
    """The newest events of one object, newest first."""
    query = (
        db.select(AuditEvent)
        .filter_by(object_type=object_type, object_id=str(object_id))
        .order_by(AuditEvent.id.desc())
        .limit(limit)
    )
    return list(db.session.scalars(query))
