"""Webhook endpoints: adding, changing, rotating the secret, pausing, removing."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.exc import IntegrityError

from webapp.models import Delivery, User, WebhookEndpoint, db, utc_now
from webapp.models.delivery import DeliveryState
from webapp.models.webhook import ACTIVE, PAUSED
from webapp.services.accounts import permissions
from webapp.services.accounts.permissions import Permission
from webapp.services.core import merge, records, signatures, work
from webapp.services.core.errors import Conflict, Invalid, ServiceError
from webapp.services.core.fields import Reader
from webapp.services.core.runtime import Runtime
from webapp.services.diary import diary, merging
from webapp.services.integrations.webhook import addresses, messages, payload

GONE = "This webhook no longer exists. Another admin may have removed it."
MAX_ENDPOINTS = 20
BOTH_SECRETS = timedelta(hours=24)
TWICE = "A webhook with this URL already exists. Choose its events there."


def every() -> list[WebhookEndpoint]:
    """All endpoints, oldest first."""
    return list(db.session.scalars(db.select(WebhookEndpoint).order_by(WebhookEndpoint.id)))


def get(endpoint_id: int) -> WebhookEndpoint:
    """Raises NotFound with a sentence."""
    return records.get(WebhookEndpoint, endpoint_id, GONE)


def shown(runtime: Runtime, endpoint: WebhookEndpoint) -> dict[str, Any]:
    """The settings as the form shows them. The URL is empty when no key can decrypt it: then it's entered again."""
    try:
        url = url_of(runtime, endpoint)
    except ServiceError:
        url = ""
    return {"url": url, "description": endpoint.description, "events": list(endpoint.events)}


def url_of(runtime: Runtime, endpoint: WebhookEndpoint) -> str:
    """The URL. Raises ServiceError when no key can decrypt it."""
    return runtime.vault.decrypt(endpoint.url_encrypted)


def seen(runtime: Runtime, endpoint: WebhookEndpoint) -> str:
    """The ``seen`` of the form (``core.merge``)."""
    return merge.seen(shown(runtime, endpoint))


def seen_secret(endpoint: WebhookEndpoint) -> str:
    """The ``seen`` of the form that replaces the secret."""
    return merge.seen({"secret_encrypted": endpoint.secret_encrypted})


@work.command
def add(
    runtime: Runtime, actor: User, values: Mapping[str, object], events: Iterable[str]
) -> tuple[WebhookEndpoint, str]:
    """Store a new endpoint; returns it with its secret, which can't be read again later.

    ``values``: ``url`` and ``description``. Raises Invalid with sentences by field.
    """
    permissions.require_now(actor, Permission.INTEGRATE)
    if db.session.scalar(db.select(db.func.count(WebhookEndpoint.id))) >= MAX_ENDPOINTS:
        raise Invalid(
            f"You've reached the limit of {MAX_ENDPOINTS} webhooks. Remove one that you no longer need."
        )
    secret = signatures.new_secret()
    read = _read(runtime, values, events)
    endpoint = WebhookEndpoint(secret_encrypted=runtime.vault.encrypt(secret))
    _store(runtime, endpoint, read)
    db.session.add(endpoint)
    _flush()
    _write(actor, "added", endpoint, events=endpoint.events)
    return endpoint, secret


@work.command
def change(
    runtime: Runtime, actor: User, endpoint_id: int, values: Mapping[str, object], events: Iterable[str]
) -> WebhookEndpoint:
    """Change URL, description and events. Waiting messages go to the new URL.

    ``values`` also has ``seen``. Raises Invalid with sentences by field, Conflict where another admin changed the
    same fields.
    """
    permissions.require_now(actor, Permission.INTEGRATE)
    endpoint = get(endpoint_id)
    before = list(endpoint.events)
    read = _read(runtime, values, events)
    db.session.refresh(endpoint, with_for_update={"key_share": True})

    def who(names: Collection[str]) -> str:
        return merging.who_changed(actor, "webhook_endpoint", endpoint_id, names)

    merged = merge.merge(values, read, shown(runtime, endpoint), what="webhook", who=who)
    _store(runtime, endpoint, merged.values)
    _flush()
    _write(actor, "changed", endpoint, before=before, events=endpoint.events)
    return endpoint


@work.command
def rotate(runtime: Runtime, actor: User, endpoint_id: int, seen: str) -> tuple[WebhookEndpoint, str]:
    """Create a new secret and return it. For a day, messages are signed with the old secret too.

    Raises Conflict when the secret was replaced after the form was opened.
    """
    permissions.require_now(actor, Permission.INTEGRATE)
    endpoint = get(endpoint_id)
    db.session.refresh(endpoint, with_for_update=True)
    if seen != seen_secret(endpoint):
        raise Conflict(
            "Someone already replaced the secret, so it wasn't replaced again. To replace it anyway, reload the page "
            "first."
        )
    secret = signatures.new_secret()
    endpoint.previous_secret_encrypted = endpoint.secret_encrypted
    endpoint.previous_until = utc_now() + BOTH_SECRETS
    endpoint.secret_encrypted = runtime.vault.encrypt(secret)
    _write(actor, "secret_rotated", endpoint)
    return endpoint, secret


@work.command
def pause(actor: User, endpoint_id: int) -> None:
    """Send nothing until it is resumed; new messages are kept."""
    permissions.require_now(actor, Permission.INTEGRATE)
    endpoint = get(endpoint_id)
    if endpoint.state == ACTIVE:
        endpoint.state, endpoint.state_sentence = PAUSED, f"Paused by {actor.name}."
        _write(actor, "paused", endpoint)


@work.command
def resume(actor: User, endpoint_id: int) -> None:
    """Resume sending, waiting messages first."""
    permissions.require_now(actor, Permission.INTEGRATE)
    work.ring()
    endpoint = get(endpoint_id)
    endpoint.state, endpoint.state_sentence = ACTIVE, ""
    endpoint.failures, endpoint.failing_since, endpoint.hold_until = 0, None, None
    db.session.execute(
        db.update(Delivery)
        .where(messages.of_endpoint(endpoint.id), Delivery.state == DeliveryState.WAITING)
        .values(not_before=utc_now())
        .execution_options(synchronize_session=False)
    )
    _write(actor, "resumed", endpoint)


@work.command
def remove(actor: User, endpoint_id: int) -> None:
    """Delete the endpoint with its secret and its log."""
    permissions.require_now(actor, Permission.INTEGRATE)
    endpoint = get(endpoint_id)
    _write(actor, "removed", endpoint)
    db.session.delete(endpoint)
    # The endpoint goes first: an event that is being written holds it, and then its messages are here to be deleted.
    db.session.flush()
    db.session.execute(
        db.delete(Delivery)
        .where(messages.of_endpoint(endpoint_id))
        .execution_options(synchronize_session=False)
    )


def forget_old_secrets(now: datetime) -> None:
    """Delete replaced secrets that no longer sign, in the open transaction."""
    db.session.execute(
        db.update(WebhookEndpoint)
        .where(WebhookEndpoint.previous_until < now)
        .values(previous_secret_encrypted="", previous_until=None)
        .execution_options(synchronize_session=False)
    )


def _read(runtime: Runtime, values: Mapping[str, object], events: Iterable[str]) -> dict[str, Any]:
    reader = Reader(values)
    try:
        url = addresses.check_url(reader.raw("url"), runtime.config.webhook_allowed_hosts)
    except ValueError as error:
        url = ""
        reader.fail("url", str(error))
    description = reader.text("description", 100)
    asked = set(events)
    chosen = [name for name in payload.EVENTS if name in asked]
    if not chosen:
        reader.fail("events", "Choose at least one event.")
    reader.check("The webhook wasn't saved. Fix the highlighted fields.")
    return {"url": url, "description": description, "events": chosen}


def _store(runtime: Runtime, endpoint: WebhookEndpoint, values: Mapping[str, Any]) -> None:
    url = str(values["url"])
    endpoint.url_encrypted = runtime.vault.encrypt(url)
    endpoint.url_sha256 = hashlib.sha256(url.encode()).hexdigest()
    endpoint.host = urlsplit(url).hostname or ""
    endpoint.description, endpoint.events = values["description"], values["events"]


def _flush() -> None:
    """Raises Invalid when another endpoint has the URL."""
    try:
        db.session.flush()
    except IntegrityError as error:
        raise Invalid("The webhook wasn't saved. Fix the highlighted fields.", {"url": TWICE}) from error


def _write(actor: User, what: str, endpoint: WebhookEndpoint, **detail: Any) -> None:
    """Log only the host, since the URL itself may be a secret."""
    diary.write(actor, f"webhook.{what}", "webhook_endpoint", endpoint.id, host=endpoint.host, **detail)
