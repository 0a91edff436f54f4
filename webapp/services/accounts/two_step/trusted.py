"""“Don't ask again on this device for 30 days”: a browser in which the second step was taken lately.

Its cookie is encrypted, and says for whom, in which known browser and when. It is worth nothing after 30 days, in
another browser, when the company says so, and after all that ends the person's sessions: a change of the password, the
role or the second step, and signing out everywhere.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from webapp.models import KnownDevice, User, db, utc_now
from webapp.services.accounts.two_step import factors, policy
from webapp.services.core import work
from webapp.services.core.errors import ServiceError
from webapp.services.core.vault import Vault
from webapp.services.diary import diary

LASTS = timedelta(days=30)
SEAL = "trusted-device"


@dataclass(frozen=True)
class Trust:
    """What a cookie says. ``epoch``: the user's ``session_epoch`` then. ``at``: Unix seconds."""

    user_id: int
    epoch: int
    device_id: int
    at: int


def read(cookie: str, vault: Vault) -> Trust | None:
    """What the cookie says; None if it isn't one of ours."""
    try:
        seal, *numbers = vault.decrypt(cookie).split()
        user_id, epoch, device_id, at = map(int, numbers)
    except (ServiceError, ValueError):
        return None
    return Trust(user_id, epoch, device_id, at) if seal == SEAL else None


def holds(user: User, trust: Trust | None, device_token: str) -> bool:
    """True if ``user`` needn't take the second step in this browser now."""
    if trust is None or not policy.trusts_devices() or not factors.has(user):
        return False
    device = db.session.get(KnownDevice, trust.device_id)
    return (
        (trust.user_id, trust.epoch) == (user.id, user.session_epoch)
        and 0 <= utc_now().timestamp() - trust.at < LASTS.total_seconds()
        and device is not None
        and (device.user_id, device.token_sha256) == (user.id, _digest(device_token))
    )


@work.command
def trust(user: User, device_token: str, vault: Vault) -> str:
    """The value of the cookie for a browser of ``user``, who just took the second step in it; empty if none is."""
    device = db.session.scalar(
        db.select(KnownDevice).filter_by(user_id=user.id, token_sha256=_digest(device_token))
    )
    if device is None or not policy.trusts_devices():
        return ""
    diary.write(user, "user.device_trusted", "user", user.id, days=LASTS.days)
    return vault.encrypt(f"{SEAL} {user.id} {user.session_epoch} {device.id} {int(utc_now().timestamp())}")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
