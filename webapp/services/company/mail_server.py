"""Settings > Mail: the server that takes our mail, its sender, and when customers are reminded."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from webapp.models import MailServer, User, db
from webapp.services.accounts import permissions
from webapp.services.accounts.permissions import Permission
from webapp.services.core import hosts, merge, records, work
from webapp.services.core.errors import Invalid
from webapp.services.core.fields import Reader
from webapp.services.core.runtime import Runtime
from webapp.services.diary import diary, merging
from webapp.services.people import directory

ONLY = 1
STARTTLS, TLS = "starttls", "tls"
SECURITY = {STARTTLS: "STARTTLS", TLS: "TLS from the start"}
PORTS = {"smtp": 25, "smtps": 465}
VARIABLE = "MAIL_ALLOWED_HOSTS"
MOST_DAYS = 90
FIELDS = (
    *("host", "port", "security", "username", "from_address", "from_name"),
    *("remind_silent_days", "remind_ending_days"),
)


@dataclass(frozen=True)
class Server:
    """Where mail goes, and from whom. ``is_operators``: the environment names it, so it may be internal.

    ``security``: ``tls``, or ``starttls``, without which only a server on this machine is sent anything.
    """

    host: str
    port: int
    security: str
    username: str
    password: str = field(repr=False)
    from_address: str
    from_name: str
    is_operators: bool


def load(runtime: Runtime) -> Server | None:
    """The server in force: the environment's, or else the stored one; None without any.

    Raises ServiceError when no key decrypts the stored password.
    """
    config, row = runtime.config, stored()
    if config.smtp_url:
        parts = urlsplit(config.smtp_url)
        return Server(
            host=parts.hostname or "",
            port=parts.port or PORTS[parts.scheme],
            security=TLS if parts.scheme == "smtps" else STARTTLS,
            username=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            from_address=config.mail_from,
            from_name=row.from_name,
            is_operators=True,
        )
    if not row.host:
        return None
    return Server(
        host=row.host,
        port=row.port,
        security=row.security,
        username=row.username,
        password=runtime.vault.decrypt(row.password_encrypted) if row.password_encrypted else "",
        from_address=row.from_address,
        from_name=row.from_name,
        is_operators=hosts.is_allowed(row.host, row.port, config.mail_allowed_hosts),
    )


def is_configured(runtime: Runtime) -> bool:
    """True when there is a server."""
    return bool(runtime.config.smtp_url or stored().host)


def stored() -> MailServer:
    """The row of the settings page; with its defaults if it was never saved."""
    return records.only(MailServer, ONLY)


def shown(row: MailServer) -> dict[str, object]:
    """The values of the page's form."""
    return {name: "" if getattr(row, name) is None else str(getattr(row, name)) for name in FIELDS}


def seen(row: MailServer) -> str:
    """The ``seen`` of the page's form (``core.merge``)."""
    return merge.seen({name: getattr(row, name) for name in FIELDS})


@work.command
def save(runtime: Runtime, actor: User, values: Mapping[str, object]) -> None:
    """Store the page. An empty ``password`` keeps the stored one, unless it would go to another server or user.

    Raises Invalid with sentences by field, or Conflict where another admin changed the same.
    """
    permissions.require_now(actor, Permission.ADMINISTER)
    row = stored()
    reader = Reader(values)
    entered = _read(reader, runtime)
    password = str(values.get("password") or "")
    reader.check()
    if db.session.get(MailServer, ONLY) is None:
        db.session.add(row)
        db.session.flush()
    merged = merging.into(actor, row, values, entered, what="page").values
    moved = any(getattr(row, name) != merged[name] for name in ("host", "port", "security", "username"))
    if merged["username"] and not password and (moved or not row.password_encrypted):
        raise Invalid("Nothing was saved.", {"password": "Enter the password of this user on this server."})
    for name, value in merged.items():
        setattr(row, name, value)
    if password or moved:
        # A password never goes to another server than the one that it was entered for.
        keeps = password and merged["username"]
        row.password_encrypted = runtime.vault.encrypt(password) if keeps else ""
    diary.write(actor, "mail_server.changed", "mail_server", ONLY, new_password=bool(password))


@work.command
def renew_events_key(actor: User) -> str:
    """Make a new key for the mail service, in place of the one before. Returns it, to be shown once."""
    permissions.require_now(actor, Permission.ADMINISTER)
    row, key = stored(), secrets.token_urlsafe(24)
    if db.session.get(MailServer, ONLY) is None:
        db.session.add(row)
    row.events_sha256 = hashlib.sha256(key.encode()).hexdigest()
    diary.write(actor, "mail_server.events_key_renewed", "mail_server", ONLY)
    return key


def is_events_key(key: str) -> bool:
    """True for the key that the mail service has."""
    wanted = stored().events_sha256
    return bool(wanted) and hmac.compare_digest(wanted, hashlib.sha256(key.encode()).hexdigest())


def _read(reader: Reader, runtime: Runtime) -> dict[str, object]:
    host = reader.text("host", 255).lower().rstrip(".")
    port = _number(reader, "port", 65535, 587)
    if host and (any(character in host for character in "/@ ") or not hosts.is_name(host)):
        reader.fail("host", "Enter the name of the server, for example smtp.example.com.")
    elif (
        host
        and hosts.is_internal(host)
        and not hosts.is_allowed(host, port or 0, runtime.config.mail_allowed_hosts)
    ):
        reader.fail("host", f"{host} is an internal address. Your server admin can allow it in {VARIABLE}.")
    return {
        "host": host,
        "port": port,
        "security": reader.choice("security", tuple(SECURITY), STARTTLS),
        "username": reader.text("username", 255),
        "from_address": _sender(reader, needed=bool(host)),
        "from_name": reader.text("from_name", 120),
        "remind_silent_days": _number(reader, "remind_silent_days", MOST_DAYS, None),
        "remind_ending_days": _number(reader, "remind_ending_days", MOST_DAYS, None),
    }


def _sender(reader: Reader, *, needed: bool) -> str:
    text = reader.text("from_address", 254, missing="Enter the sender of your mail." if needed else "")
    if text:
        try:
            return directory.normalize_email(text)
        except ValueError as error:
            reader.fail("from_address", str(error))
    return text


def _number(reader: Reader, name: str, most: int, default: int | None) -> int | None:
    text = reader.text(name, 10)
    if not text:
        return default
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else 0
    if not 1 <= number <= most:
        reader.fail(name, f"Enter a whole number from 1 to {most}.")
    return number
