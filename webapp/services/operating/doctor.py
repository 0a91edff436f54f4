"""What an operator should fix, beyond what ``/readyz`` asks: settings, rights, clocks, mail and keys.

Owns its transactions: whoever asks has nothing open, as with readiness.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.exc import SQLAlchemyError

from webapp.models import Base, db, utc_now
from webapp.services.company import mail_server
from webapp.services.company.seal import settings as seal
from webapp.services.core import clock, key_rotation
from webapp.services.core.errors import ServiceError
from webapp.services.core.runtime import Runtime
from webapp.services.operating import readiness
from webapp.services.operating.readiness import Check

# Codes of authenticator apps and sign-ins at a provider stand half a minute, so a clock must be nearer than that.
APART = timedelta(seconds=10)
HERE = ("127.0.0.1", "localhost", "::1")


def examine(runtime: Runtime, environ: Mapping[str, str]) -> list[Check]:
    """Every check, in the order in which to fix; ``environ`` says where the files with secrets are."""
    with readiness.quick_redis(runtime) as redis:
        found = readiness.of_all(redis)
    checks = [*found.checks, Check("address", _address(runtime)), Check("proxies", _proxies(runtime))]
    checks.append(Check("rights", _rights(environ)))
    if not {"database", "migrations"} <= found.fine:
        unknown = "Unknown without the database and its tables."
        return [*checks, *(Check(name, unknown) for name in ("clock", "keys", "mail", "seal"))]
    try:
        return [
            *checks,
            Check("clock", _clock()),
            Check("keys", _keys(runtime)),
            Check("mail", _mail(runtime)),
            Check("seal", seal.warning()),
        ]
    finally:
        db.session.rollback()


def _address(runtime: Runtime) -> str:
    url = urlsplit(runtime.config.public_base_url)
    if url.scheme == "https" or url.hostname in HERE:
        return ""
    return (
        "PUBLIC_BASE_URL starts with http://, so passwords and links travel readable. "
        "Put a proxy with TLS in front, and set it to https://."
    )


def _proxies(runtime: Runtime) -> str:
    if runtime.config.trusted_proxies or urlsplit(runtime.config.public_base_url).scheme == "http":
        return ""
    return (
        "TRUSTED_PROXIES is 0, so each acceptance and sign-in is recorded with the proxy's address. "
        "Set it to the number of proxies in front."
    )


def _rights(environ: Mapping[str, str]) -> str:
    """Files with secrets that any account of this machine can read. What can't be read at all stops the start."""
    files = [Path(value) for name, value in sorted(environ.items()) if name.endswith("_FILE") and value]
    readable = [str(path) for path in files if path.is_file() and path.stat().st_mode & 0o004]
    if not readable:
        return ""
    return f"Every account of this machine can read {', '.join(readable)}. Take that right away: chmod o-r."


def _clock() -> str:
    """Sessions, leases and due times go by the database's clock, codes and tokens by this machine's."""
    apart = abs(clock.now() - utc_now())
    if apart < APART:
        return ""
    return (
        f"The clocks of this machine and the database are {apart.total_seconds():.0f} seconds apart. "
        "Let both follow a time server."
    )


def _keys(runtime: Runtime) -> str:
    """Whether the keys read every stored secret."""
    unread = 0
    for mapper in Base.registry.mappers:
        for column in mapper.column_attrs:
            if column.key.endswith(key_rotation.SUFFIX):
                for token in db.session.scalars(db.select(getattr(mapper.class_, column.key))):
                    unread += bool(token) and not _reads(runtime, token)
    if not unread:
        return ""
    return (
        f"Stored secrets that these keys can't read: {unread}. Put the missing key into "
        "QUOTEWRIGHT_ENCRYPTION_KEYS, or enter the credentials again."
    )


def _reads(runtime: Runtime, token: str) -> bool:
    try:
        runtime.vault.decrypt(token)
    except ServiceError:
        return False
    return True


def _mail(runtime: Runtime) -> str:
    """Whether the mail server can be reached; none at all is fine. Nothing is sent."""
    try:
        server = mail_server.load(runtime)
    except (ServiceError, SQLAlchemyError):
        return "The mail server's password can't be read. Enter it again in Settings > Mail."
    if server is None:
        return ""
    try:
        socket.create_connection((server.host, server.port), timeout=5).close()
    except OSError as error:
        return (
            f"The mail server {server.host}, port {server.port}, can't be reached "
            f"({error.strerror or 'no answer'}). Fix SMTP_URL or Settings > Mail, or the firewall."
        )
    return ""
