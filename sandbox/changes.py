"""What follows from a change, whoever made it: dependent records, and callbacks to those who subscribed."""

from __future__ import annotations

from sandbox import amounts, webhooks
from sandbox.query import Record
from sandbox.tenants import Tenant


def follow_up(
    tenant: Tenant, entity: str, action: str, old: Record | None, new: Record | None, person: int | None
) -> None:
    """After ``old`` became ``new`` (None: was not there, is gone). ``action``: Create, Update or Delete."""
    record = new or old
    if record is None:
        return
    amounts.after_change(tenant, entity, record)
    webhooks.refresh(tenant, entity, record)
    if old is not None:
        webhooks.ended(tenant, entity, old, new, person)
    webhooks.notify(tenant, entity, action, old, new, person)
