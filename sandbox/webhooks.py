"""Callbacks to subscribers of Companies and Contacts, signed as Autotask signs them.

A webhook is ready when it is active and at least one field is subscribed. A create calls back with the subscribed
fields, an update when a subscribed field changed, both with the fields that are always displayed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

from sandbox import contract
from sandbox.query import Record
from sandbox.tenants import Tenant
from sandbox.values import dumps, now

SUBSCRIBED = {
    "Create": "isSubscribedToCreateEvents",
    "Update": "isSubscribedToUpdateEvents",
    "Delete": "isSubscribedToDeleteEvents",
}


def sign(secret: str, body: bytes) -> str:
    """The value of ``X-Hook-Signature``: HMAC-SHA1 over the body, base64."""
    return "sha1=" + base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha1).digest()).decode()


def notify(
    tenant: Tenant, entity: str, action: str, old: Record | None, new: Record | None, person: int | None
) -> None:
    """Call back every subscriber that the change concerns, in the background. ``person``: who made the change."""
    kind = contract.WEBHOOKS.get(entity)
    record = new or old
    if kind is None or record is None:
        return
    changed = _changed(entity, old, new)
    for hook in list(tenant.store.table(f"{kind}s").rows.values()):
        if not hook["isReady"] or not hook[SUBSCRIBED[action]]:
            continue
        excluded = tenant.store.table(f"{kind}ExcludedResources").where("webhookID", hook["id"])
        if any(row["resourceID"] == person for row in excluded):
            continue
        subscribed, always = _fields(tenant, entity, kind, hook)
        told = set() if action == "Delete" else subscribed if action == "Create" else subscribed & changed
        if action != "Update" or told:
            _call(tenant, hook, "webhookUrl", action, entity, record, sorted(told | always), person)


def refresh(tenant: Tenant, entity: str, record: Record) -> None:
    """Bring a webhook up to date after one of its fields was stored or removed."""
    for kind in contract.WEBHOOKS.values():
        if entity in (f"{kind}Fields", f"{kind}UdfFields"):
            hook = tenant.store.table(f"{kind}s").rows.get(record["webhookID"])
            if hook is not None:
                tenant.store.put(f"{kind}s", {**hook, "isReady": is_ready(tenant, f"{kind}s", hook)})


def is_ready(tenant: Tenant, entity: str, hook: Record) -> bool:
    """True when the webhook will call back. A forgiving tenant's webhook that names no field counts as for all."""
    kind = entity.removesuffix("s")
    rows = _rows(tenant, kind, hook)
    return bool(hook["isActive"]) and (
        any(row["isSubscribedField"] for row in rows) or (not rows and not tenant.strict)
    )


def ended(tenant: Tenant, entity: str, old: Record, new: Record | None, person: int | None) -> None:
    """After a webhook was changed or (``new`` is None) deleted: tell its deactivation address, forget its fields."""
    kind = entity.removesuffix("s")
    if kind not in contract.WEBHOOKS.values():
        return
    if old["isActive"] and not (new and new["isActive"]):
        watched = next(name for name, its in contract.WEBHOOKS.items() if its == kind)
        _call(tenant, old, "deactivationUrl", "Deactivated", watched, old, [], person)
    if new is None:
        for part in ("Fields", "UdfFields", "ExcludedResources"):
            for row in tenant.store.table(kind + part).where("webhookID", old["id"]):
                tenant.store.remove(kind + part, row["id"])


def _rows(tenant: Tenant, kind: str, hook: Record) -> list[Record]:
    return [
        row
        for part in ("Fields", "UdfFields")
        for row in tenant.store.table(kind + part).where("webhookID", hook["id"])
    ]


def _fields(tenant: Tenant, entity: str, kind: str, hook: Record) -> tuple[set[str], set[str]]:
    """Names of the subscribed fields, and of those that every callback shows."""
    rows = _rows(tenant, kind, hook)
    own = contract.webhook_fields(entity)
    if not rows:
        return {*own.values(), *tenant.udfs.get(entity, [])}, set()
    udfs = dict(enumerate(tenant.udfs.get(entity, []), start=1))

    def named(mark: str) -> set[str]:
        chosen = [row for row in rows if row[mark]]
        # A number that means no field is one that somebody seeded.
        named = [
            own.get(row["fieldID"]) if "fieldID" in row else udfs.get(row["udfFieldID"]) for row in chosen
        ]
        return {name for name in named if name}

    return named("isSubscribedField"), named("isDisplayAlwaysField")


def _changed(entity: str, old: Record | None, new: Record | None) -> set[str]:
    before, after = _flat(entity, old), _flat(entity, new)
    return {name for name in {*before, *after} if before.get(name) != after.get(name)}


def _flat(entity: str, record: Record | None) -> Record:
    """A record with its user-defined fields beside its own."""
    if record is None:
        return {}
    udfs = {udf["name"]: udf["value"] for udf in record.get("userDefinedFields") or []}
    return {**udfs, **{name: record.get(name) for name in contract.webhook_fields(entity).values()}}


def _call(
    tenant: Tenant,
    hook: Record,
    address: str,
    action: str,
    entity: str,
    record: Record,
    names: list[str],
    person: int | None,
) -> None:
    tenant.webhook_sequence += 1
    shown = _flat(entity, record)
    payload: dict[str, Any] = {
        "Action": action,
        "Guid": hook["webhookGUID"],
        "EntityType": contract.entities()[entity].singular,
        "Id": record["id"],
        "Fields": {name: shown.get(name) for name in names},
        "EventTime": now(),
        "SequenceNumber": tenant.webhook_sequence,
        "PersonID": person,
    }
    body = dumps(payload).encode()
    tenant.callbacks.send(str(hook[address]), body, sign(str(hook["secretKey"]), body))
