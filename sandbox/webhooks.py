"""Callbacks to subscribers of Companies and Contacts, signed as Autotask signs them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from sandbox.query import Record
from sandbox.tenants import Tenant
from sandbox.values import dumps, now

SUBSCRIPTIONS = {"Companies": "CompanyWebhooks", "Contacts": "ContactWebhooks"}
SUBSCRIBED = {
    "Create": "isSubscribedToCreateEvents",
    "Update": "isSubscribedToUpdateEvents",
    "Delete": "isSubscribedToDeleteEvents",
}
LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")


def sign(secret: str, body: bytes) -> str:
    """The value of ``X-Hook-Signature``: HMAC-SHA1 over the body, base64."""
    return "sha1=" + base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha1).digest()).decode()


def notify(tenant: Tenant, entity: str, action: str, record: Record, fields: list[str]) -> None:
    """Call back every active subscriber, in the background."""
    subscriptions = SUBSCRIPTIONS.get(entity)
    if subscriptions is None:
        return
    for hook in tenant.store.table(subscriptions).rows.values():
        if not (hook.get("isActive") and hook.get(SUBSCRIBED[action])):
            continue
        tenant.webhook_sequence += 1
        payload = {
            "Action": action,
            "Guid": hook["webhookGUID"],
            "EntityType": entity.removesuffix("ies") + "y"
            if entity.endswith("ies")
            else entity.removesuffix("s"),
            "Id": record["id"],
            "Fields": {name: record.get(name) for name in fields},
            "EventTime": now(),
            "SequenceNumber": tenant.webhook_sequence,
            "PersonID": 1,
        }
        body = dumps(payload).encode()
        threading.Thread(
            target=_send, args=(str(hook["webhookUrl"]), str(hook["secretKey"]), body), daemon=True
        ).start()


def _send(url: str, secret: str, body: bytes) -> None:
    # A stand-in calls only programs on this machine.
    if urlsplit(url).hostname not in LOCAL_HOSTS:
        return
    headers: dict[str, Any] = {"Content-Type": "application/json", "X-Hook-Signature": sign(secret, body)}
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")  # noqa: S310  loopback only
    try:
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310  loopback only
    except (urllib.error.URLError, OSError):
        return
