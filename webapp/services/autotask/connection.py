"""Connecting to Autotask: the zone, the check of the credentials, and their encrypted keeping."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy.exc import IntegrityError

from webapp.models import Connection, RemoteMetadata, User, db, utc_now
from webapp.models.integration import AUTOTASK
from webapp.services import audit
from webapp.services.autotask import hosts, other_autotask
from webapp.services.autotask.budget import SharedBudget
from webapp.services.autotask.client import CallRecord, Client, condition, find_zone
from webapp.services.autotask.errors import (
    AutotaskError,
    ConnectionRefused,
    CredentialsRejected,
    Forbidden,
    NotConnected,
    Refused,
    Temporary,
)
from webapp.services.runtime import Runtime

# When a list counts as read that must be read anew, and serves until it was.
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
CONNECTED, REJECTED, DISCONNECTED = "connected", "rejected", "disconnected"


def load() -> Connection | None:
    """The stored connection, whatever its state; None when Autotask was never connected."""
    return db.session.get(Connection, AUTOTASK)


def is_connected() -> bool:
    """True when credentials are stored and count."""
    connection = load()
    return connection is not None and connection.state == CONNECTED


def connect(
    runtime: Runtime, *, user_name: str, secret: str, integration_code: str, actor: User | None
) -> Connection:
    """Find the zone, check the credentials with one call, store them encrypted.

    Connecting again replaces the credentials; links and settings stay, and should it be another Autotask, pushing is
    paused first. Raises ConnectionRefused with a sentence at the field that is wrong; nothing is stored then.
    """
    user_name, secret, integration_code = user_name.strip(), secret.strip(), integration_code.strip()
    _check_filled(user_name, secret, integration_code)
    db.session.commit()  # no transaction stays open while Autotask is asked
    zone = _verify(runtime, user_name, secret, integration_code)
    other_autotask.pause_if_other(
        Client(
            zone_url=str(zone["url"]),
            user_name=user_name,
            secret=secret,
            integration_code=integration_code,
            allowed_hosts=runtime.config.autotask_allowed_hosts,
            timeout=runtime.config.autotask_timeout_seconds,
        )
    )
    connection = load() or Connection(integration=AUTOTASK)
    connection.user_name = user_name
    connection.secret_encrypted = runtime.vault.encrypt(secret)
    connection.code_encrypted = runtime.vault.encrypt(integration_code)
    try:
        _note_verified(runtime, connection, zone)
        audit.record(
            actor,
            "integration.connected",
            "integration",
            AUTOTASK,
            user_name=user_name,
            zone=connection.zone_url,
        )
        db.session.commit()
    except IntegrityError as error:
        db.session.rollback()
        raise ConnectionRefused(
            "Somebody else connected Autotask at the same moment, and that connection stands. Open its settings."
        ) from error
    return connection


def check_again(runtime: Runtime, actor: User | None) -> Connection:
    """Find the zone and check the stored credentials anew, after something was mended in Autotask.

    Raises NotConnected when none are stored, ConnectionRefused like ``connect``; the state stays then.
    """
    connection = load()
    if connection is None or not connection.secret_encrypted:
        raise NotConnected("No credentials are stored. Enter them to connect Autotask again.")
    user_name = connection.user_name
    secret = runtime.vault.decrypt(connection.secret_encrypted)
    integration_code = runtime.vault.decrypt(connection.code_encrypted)
    db.session.commit()
    zone = _verify(runtime, user_name, secret, integration_code)
    _note_verified(runtime, connection, zone)
    audit.record(
        actor, "integration.checked", "integration", AUTOTASK, user_name=user_name, zone=connection.zone_url
    )
    db.session.commit()
    return connection


def disconnect(actor: User | None) -> None:
    """Stop using the credentials and forget them. Links, settings and queued pushes stay."""
    connection = load()
    if connection is None:
        return
    connection.state = DISCONNECTED
    connection.state_sentence = "An admin disconnected Autotask. Pushes wait until it is connected again."
    connection.secret_encrypted = connection.code_encrypted = ""
    audit.record(actor, "integration.disconnected", "integration", AUTOTASK)
    db.session.commit()


def mark_rejected(sentence: str) -> None:
    """Autotask refused the stored credentials: say so and let pushes wait, instead of failing one by one."""
    connection = load()
    if connection is not None and connection.state == CONNECTED:
        connection.state, connection.state_sentence = REJECTED, sentence[:500]
        audit.record(None, "integration.rejected", "integration", AUTOTASK)
        db.session.commit()


def open_client(
    runtime: Runtime,
    on_call: Callable[[CallRecord], None] | None = None,
    before_call: Callable[[], None] | None = None,
) -> Client:
    """A client with the stored credentials. Raises NotConnected with a sentence.

    ``on_call`` hears of each finished call; ``before_call`` may raise to keep one from being made.
    """
    connection = load()
    if connection is None:
        raise NotConnected(
            "Autotask is not connected. An admin can connect it under Settings > Integrations."
        )
    if connection.state != CONNECTED:
        raise NotConnected(
            connection.state_sentence
            or "The connection to Autotask does not work. An admin can renew it under Settings > Integrations."
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
    """In the open transaction: it works. The lists are read anew, since it may be another Autotask."""
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
            ("user_name", user_name, "Enter the API user's name, which looks like an e-mail address."),
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
        raise ConnectionRefused("Something is missing or has characters that no credential has.", missing)


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
        sentence = "Autotask knows no API user of this name. Copy it from the Security tab of the API user."
        raise ConnectionRefused(
            "Autotask was not connected and nothing was stored.", {"user_name": sentence}
        ) from error
    except Temporary as error:
        raise ConnectionRefused(
            "Autotask could not be reached, so nothing was checked or stored. Try again in a moment; if it stays, "
            "ask the operator whether this server may reach Autotask."
        ) from error
    except AutotaskError as error:
        raise ConnectionRefused(
            "What answered at Autotask's address is not Autotask, so nothing was stored. The operator should check "
            "AUTOTASK_ROOT and any proxy in between."
        ) from error


def _check_credentials(client: Client) -> None:
    try:
        client.query("Companies", [condition("gte", "id", 0)], fields=["id"], limit=1)
    except CredentialsRejected as error:
        said = str(error).lower()
        if "integration code" in said or "apiintegrationcode" in said or "tracking" in said:
            fields = {
                "integration_code": "Autotask does not know this integration code (tracking identifier)."
            }
        else:
            fields = {
                "secret": "Autotask did not accept this secret. Check it, and that the integration code belongs to "
                "this API user."
            }
        raise ConnectionRefused("Autotask was not connected and nothing was stored.", fields) from error
    except Forbidden as error:
        raise ConnectionRefused(
            "Autotask accepted the credentials, but this API user may not read companies. Give it the security "
            "level “API User (system)” in Autotask, then connect again. Nothing was stored."
        ) from error
    except AutotaskError as error:
        raise ConnectionRefused(
            f"The zone was found, but the check failed and nothing was stored. {error}"
        ) from error
