"""“Don't ask again on this device for 30 days”: a browser in which the second step was taken lately.

Its cookie is encrypted, and says for whom, in which known browser and when; the browser's row says the same, or else
the cookie is worth nothing. So it is after 30 days, in another browser, when the company says so, when the person ends
it or its session in *Your account*, and after all that ends the person's sessions: a change of the password, the role
or the second step, and signing out everywhere.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from webapp.models import KnownDevice, User, db, utc_now
from webapp.services.accounts.two_step import factors, policy
from webapp.services.core import work
from webapp.services.core.errors import NotFound, ServiceError
from webapp.services.core.vault import Vault
from webapp.services.diary import diary

LASTS = timedelta(days=30)
SEAL = "trusted-device"
GONE = "This device isn't trusted any more."


@dataclass(frozen=True)
class Trust:
    """What a cookie says. ``epoch``: the user's ``session_epoch`` then. ``at``: Unix seconds."""

    user_id: int
    epoch: int
    device_id: int
    at: int


@dataclass(frozen=True)
class TrustedDevice:
    """A browser that needs no second step, for the list of its person. ``used_at``: when that last spared one."""

    id: int
    agent: str
    since: datetime
    used_at: datetime | None
    until: datetime
    is_here: bool


def read(cookie: str, vault: Vault) -> Trust | None:
    """What the cookie says; None if it isn't one of ours."""
    try:
        seal, *numbers = vault.decrypt(cookie).split()
        user_id, epoch, device_id, at = map(int, numbers)
    except (ServiceError, ValueError):
        return None
    return Trust(user_id, epoch, device_id, at) if seal == SEAL else None


@work.command
def spares(user: User, trust: Trust | None, device_token: str) -> bool:
    """True if ``user`` needn't take the second step in this browser now. Notes that it was spared."""
    if trust is None or not policy.trusts_devices() or not factors.has(user):
        return False
    device = _of_token(user, device_token)
    if device is None or not _is_trusted(user, device):
        return False
    if (trust.user_id, trust.epoch, trust.device_id) != (user.id, user.session_epoch, device.id):
        return False
    if device.trusted_at is None or trust.at != int(device.trusted_at.timestamp()):
        return False
    device.trust_used_at = utc_now()
    return True


@work.command
def trust(user: User, device_token: str, agent: str, vault: Vault) -> str:
    """The value of the cookie for a browser of ``user``, who just took the second step in it; empty if none is."""
    device = _of_token(user, device_token)
    if device is None or not policy.trusts_devices():
        return ""
    device.trusted_at = utc_now()
    device.trust_used_at, device.trust_epoch, device.agent = None, user.session_epoch, agent[:200]
    diary.write(user, "user.device_trusted", "user", user.id, days=LASTS.days)
    at = int(device.trusted_at.timestamp())
    return vault.encrypt(f"{SEAL} {user.id} {user.session_epoch} {device.id} {at}")


def of_user(user: User, device_token: str) -> list[TrustedDevice]:
    """The browsers that need no second step of ``user`` now, the newest first. ``device_token``: of this browser."""
    if not policy.trusts_devices() or not factors.has(user):
        return []
    query = db.select(KnownDevice).filter_by(user_id=user.id).order_by(KnownDevice.trusted_at.desc())
    here = _digest(device_token)
    return [
        TrustedDevice(
            row.id,
            row.agent,
            row.trusted_at,
            row.trust_used_at,
            row.trusted_at + LASTS,
            row.token_sha256 == here,
        )
        for row in db.session.scalars(query)
        if row.trusted_at is not None and _is_trusted(user, row)
    ]


@work.command
def end(user: User, device_id: int) -> None:
    """Ask for the second step in that browser again. Raises NotFound if it isn't one of ``user``, or isn't trusted."""
    if not end_of(user, device_id):
        raise NotFound(GONE)


@work.command
def end_of(user: User, device_id: int | None) -> bool:
    """The same for the browser of a session that ends. False if it wasn't trusted."""
    device = db.session.get(KnownDevice, device_id) if device_id else None
    if device is None or device.user_id != user.id or not _is_trusted(user, device):
        return False
    device.trusted_at = device.trust_used_at = device.trust_epoch = None
    diary.write(user, "user.device_trust_ended", "user", user.id)
    return True


def _is_trusted(user: User, device: KnownDevice) -> bool:
    at = device.trusted_at
    return (
        at is not None and device.trust_epoch == user.session_epoch and timedelta(0) <= utc_now() - at < LASTS
    )


def _of_token(user: User, token: str) -> KnownDevice | None:
    query = db.select(KnownDevice).filter_by(user_id=user.id, token_sha256=_digest(token))
    found: KnownDevice | None = db.session.scalar(query)
    return found


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
