"""Connect to Autotask: find the zone, check the credentials, store them encrypted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy.exc import IntegrityError

from webapp.models import Connection, RemoteMetadata, User, db, utc_now
from webapp.models.integration import AUTOTASK
from webapp.services.accounts import permissions
from webapp.services.accounts.permissions import Permission
from webapp.services.autotask.api import hosts
from webapp.services.autotask.api.budget import SharedBudget
from webapp.services.autotask.api.client import Client, condition
from webapp.services.autotask.api.errors import (
    AutotaskError,
    ConnectionRefused,
    CredentialsRejected,
    Forbidden,
    NotConnected,
    Refused,
    Temporary,
)
from webapp.services.autotask.api.transport import CallRecord, find_zone
from webapp.services.autotask.connection import other_autotask
from webapp.services.core import work
from webapp.services.core.runtime import Runtime
from webapp.services.diary import diary

# The time of reading of a list that must be refreshed; until then the old list is used.
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
CONNECTED, REJECTED, DISCONNECTED = "connected", "rejected", "disconnected"


def load() -> Connection | None:
    """The stored connection, whatever its state; None when Autotask was never connected."""
    return db.session.get(Connection, AUTOTASK)


def is_connected() -> bool:
    """True when working credentials are stored."""
    connection = load()
    return connection is not None and connection.state == CONNECTED


def connect(
    runtime: Runtime, *, user_name: str, secret: str, integration_code: str, actor: User | None
) -> Connection:
    """Find the zone, check the credentials with one call, store them encrypted.

    Connecting again replaces the credentials and keeps links and settings. If it is another Autotask, pushing is paused
    first. Raises ConnectionRefused with a sentence for the wrong field; then nothing is stored.
    """
    user_name, secret, integration_code = user_name.strip(), secret.strip(), integration_code.strip()
    _check_filled(user_name, secret, integration_code)
    db.session.commit()  # no transaction stays open while Autotask is asked
    zone = _verify(runtime, user_name, secret, integration_code)
    is_other = other_autotask.is_other(
        Client(
            zone_url=str(zone["url"]),
            user_name=user_name,
            secret=secret,
            integration_code=integration_code,
            allowed_hosts=runtime.config.autotask_allowed_hosts,
            timeout=runtime.config.autotask_timeout_seconds,
        )
    )
    try:
        with work.unit():
            permissions.require_now(actor, Permission.INTEGRATE)
            if is_other:
                other_autotask.pause()
            connection = load() or Connection(integration=AUTOTASK)
            connection.user_name = user_name
            connection.secret_encrypted = runtime.vault.encrypt(secret)
            connection.code_encrypted = runtime.vault.encrypt(integration_code)
            _note_verified(runtime, connection, zone)
            diary.write(
                actor,
                "integration.connected",
                "integration",
                AUTOTASK,
                user_name=user_name,
                zone=connection.zone_url,
            )
    except IntegrityError as error:
        raise ConnectionRefused(
            "Someone else connected Autotask at the same moment, and their connection was saved. Open its settings."
        ) from error
    return connection


def check_again(runtime: Runtime, actor: User | None) -> Connection:
    """Find the zone and check the stored credentials again, after someone fixed something in Autotask.

    Raises NotConnected when no credentials are stored, ConnectionRefused like ``connect``; then the state stays.
    """
    connection = load()
    if connection is None or not connection.secret_encrypted:
        raise NotConnected("No credentials are stored. Enter them to connect Autotask again.")
    user_name = connection.user_name
    secret = runtime.vault.decrypt(connection.secret_encrypted)
    integration_code = runtime.vault.decrypt(connection.code_encrypted)
    db.session.commit()
    zone = _verify(runtime, user_name, secret, integration_code)
    with work.unit():
        permissions.require_now(actor, Permission.INTEGRATE)
        _note_verified(runtime, connection, zone)
        diary.write(
            actor,
            "integration.checked",
            "integration",
            AUTOTASK,
            user_name=user_name,
            zone=connection.zone_url,
        )
    return connection


@work.command
def disconnect(actor: User | None) -> None:
    """Delete the credentials. Links, settings and queued pushes stay."""
    permissions.require_now(actor, Permission.INTEGRATE)
    connection = load()
    if connection is None:
        return
    connection.state = DISCONNECTED
    connection.state_sentence = "An admin disconnected Autotask. Syncs wait until it's connected again."
    connection.secret_encrypted = connection.code_encrypted = ""
    diary.write(actor, "integration.disconnected", "integration", AUTOTASK)


@work.command
def mark_rejected(sentence: str) -> None:
    """Record that Autotask rejected the stored credentials, so that pushes wait instead of failing one by one."""
    connection = load()
    if connection is not None and connection.state == CONNECTED:
        connection.state, connection.state_sentence = REJECTED, sentence[:500]
        diary.write(None, "integration.rejected", "integration", AUTOTASK)


def open_client(
    runtime: Runtime,
    on_call: Callable[[CallRecord], None] | None = None,
    before_call: Callable[[], None] | None = None,
) -> Client:
    """A client with the stored credentials. Raises NotConnected with a sentence.

    ``on_call`` gets a record of each finished call; ``before_call`` may raise to keep a call from being sent.
    """
    connection = load()
    if connection is None:
        raise NotConnected("Autotask isn't connected. An admin can connect it under Settings > Integrations.")
    if connection.state != CONNECTED:
        raise NotConnected(
            connection.state_sentence
            or "The connection to Autotask doesn't work. An admin can reconnect it under Settings > Integrations."
        )
    # The operator may have withdrawn the permission for this host since, and it may be from before the rule was strict.
    allowed = runtime.config.autotask_allowed_hosts
    return Client(
        zone_url=_checked(connection.zone_url, allowed),
        user_name=connection.user_name,
        secret=runtime.vault.decrypt(connection.secret_encrypted),
        integration_code=runtime.vault.decrypt(connection.code_encrypted),
        allowed_hosts=allowed,
        timeout=runtime.config.autotask_timeout_seconds,
        budget=SharedBudget(runtime.redis, connection.zone_url, connection.user_name),
        on_call=on_call,
        before_call=before_call,
        pause=runtime.pause,
    )


def _verify(runtime: Runtime, user_name: str, secret: str, integration_code: str) -> dict[str, object]:
    """The user's zone, after one call that it accepted with these credentials. Its addresses are checked ones."""
    config = runtime.config
    allowed = config.autotask_allowed_hosts
    zone = _zone(runtime, user_name)
    web_url = str(zone.get("webUrl") or "")
    zone |= {"url": _checked(str(zone["url"]), allowed), "webUrl": web_url and _checked(web_url, allowed)}
    _check_credentials(
        Client(
            zone_url=str(zone["url"]),
            user_name=user_name,
            secret=secret,
            integration_code=integration_code,
            allowed_hosts=allowed,
            timeout=config.autotask_timeout_seconds,
        )
    )
    return zone


def _note_verified(runtime: Runtime, connection: Connection, zone: dict[str, object]) -> None:
    """In the open transaction: the connection works. Refresh the lists, since it may be another Autotask."""
    connection.state, connection.state_sentence = CONNECTED, ""
    connection.root, connection.zone_url = runtime.config.autotask_root, str(zone["url"])
    connection.zone_name = str(zone.get("zoneName") or "")[:100]
    connection.web_url = str(zone.get("webUrl") or "")
    connection.checked_at = utc_now()
    db.session.add(connection)
    db.session.execute(
        db.update(RemoteMetadata).where(RemoteMetadata.integration == AUTOTASK).values(fetched_at=LONG_AGO)
    )


def _check_filled(user_name: str, secret: str, integration_code: str) -> None:
    missing = {
        name: sentence
        for name, value, sentence in (
            ("user_name", user_name, "Enter the API user's name. It looks like an email address."),
            ("secret", secret, "Enter the API user's secret (its password)."),
            (
                "integration_code",
                integration_code,
                "Enter the tracking identifier of the integration vendor.",
            ),
        )
        if not value or any(ord(char) < 32 for char in value) or not value.isascii()
    }
    if missing:
        raise ConnectionRefused("Some credentials are missing or contain invalid characters.", missing)


def _checked(url: str, allowed: tuple[str, ...]) -> str:
    """``url`` when credentials may go there, put together anew. Raises ConnectionRefused with a sentence."""
    try:
        return hosts.checked(url, allowed)
    except hosts.ForeignHost as error:
        raise ConnectionRefused(str(error)) from error


def _zone(runtime: Runtime, user_name: str) -> dict[str, object]:
    config = runtime.config
    try:
        root = _checked(config.autotask_root, config.autotask_allowed_hosts)
        return find_zone(root, user_name, config.autotask_timeout_seconds, config.autotask_allowed_hosts)
    except Refused as error:
        sentence = "Autotask has no API user with this name. Copy the name from the API user's Security tab."
        raise ConnectionRefused(
            "Autotask wasn't connected. Nothing was stored.", {"user_name": sentence}
        ) from error
    except Temporary as error:
        raise ConnectionRefused(
            "We couldn't reach Autotask, so nothing was checked or stored. Try again in a moment. If it keeps failing, "
            "ask the operator whether this server can reach Autotask."
        ) from error
    except AutotaskError as error:
        raise ConnectionRefused(
            "The server at Autotask's address isn't Autotask, so nothing was stored. The operator should check "
            "AUTOTASK_ROOT and any proxy in between."
        ) from error


def _check_credentials(client: Client) -> None:
    try:
        client.query("Companies", [condition("gte", "id", 0)], fields=["id"], limit=1)
    except CredentialsRejected as error:
        said = str(error).lower()
        if "integration code" in said or "apiintegrationcode" in said or "tracking" in said:
            fields = {
                "integration_code": "Autotask doesn't know this integration code (tracking identifier)."
            }
        else:
            fields = {
                "secret": "Autotask didn't accept this secret. Check it, and check that the integration code belongs "
                "to this API user."
            }
        raise ConnectionRefused("Autotask wasn't connected. Nothing was stored.", fields) from error
    except Forbidden as error:
        raise ConnectionRefused(
            "Autotask accepted the credentials, but this API user can't read companies. Give it the security level "
            "“API User (system)” in Autotask, then connect again. Nothing was stored."
        ) from error
    except AutotaskError as error:
        raise ConnectionRefused(
            f"We found the zone, but checking the credentials failed. Nothing was stored. {error}"
        ) from error
