"""Authenticator apps: a shared secret, and six digits of it every 30 seconds (TOTP)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from hmac import compare_digest

import pyotp

from webapp.models import Authenticator, User, db, utc_now
from webapp.services.accounts.two_step import changing, factors
from webapp.services.core import work
from webapp.services.core.errors import Invalid, ServiceError
from webapp.services.core.vault import Vault
from webapp.services.diary import diary

ISSUER = "Quotewright"
SEAL = "authenticator"
OFFERED = timedelta(minutes=20)
# A phone's clock may be half a minute off.
SKEW = (-1, 0, 1)
WRONG = "This code isn't right. Enter the six digits that your authenticator app shows now."
USED = "This code was already used. Wait until your app shows the next one."
EXPIRED = "Setting up took too long. Scan the new code, then enter what your app shows."


@dataclass(frozen=True)
class Offer:
    """A secret that is being set up, as text for typing and as an address that apps understand.

    ``sealed``: the same for the form, encrypted. It is on one person's page alone: someone else with the same password,
    who opens the page first, is shown another.
    """

    secret: str
    uri: str
    sealed: str

    @property
    def grouped(self) -> str:
        """The secret in groups of four."""
        return " ".join(self.secret[place : place + 4] for place in range(0, len(self.secret), 4))


def offer(user: User, vault: Vault, sealed: str = "") -> Offer:
    """A secret to set up. ``sealed``: as the form sent it, so that a page that says “wrong code” fits the app."""
    secret = _opened(user, sealed, vault)
    if not secret:
        secret = pyotp.random_base32()
        sealed = vault.encrypt(f"{SEAL} {user.id} {int(utc_now().timestamp())} {secret}")
    return Offer(secret, pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name=ISSUER), sealed)


def confirm(user: User, sealed: str, typed: str, vault: Vault) -> list[str]:
    """In the open transaction: the app has the secret, in place of an earlier one. Ends all sessions.

    Returns recovery codes if this is the person's first second step. Raises Invalid.
    """
    secret = _opened(user, sealed, vault)
    if not secret:
        raise Invalid("The app wasn't added.", {"one_time_code": EXPIRED})
    step = _step(secret, typed)
    if step is None:
        raise Invalid("The app wasn't added.", {"one_time_code": WRONG})
    factors.lock(user)
    was_on, row = factors.has(user), _row(user) or Authenticator(user_id=user.id)
    row.secret_encrypted, row.last_step, row.created_at = vault.encrypt(secret), step, utc_now()
    db.session.add(row)
    diary.write(user, "user.authenticator_app_added", "user", user.id)
    return changing.added(user, was_on=was_on)


def use(user: User, typed: str, vault: Vault) -> str:
    """In the open transaction: end the code that was typed. Returns why it isn't right; empty when it is."""
    row = _row(user)
    step = _step(vault.decrypt(row.secret_encrypted), typed) if row else None
    if step is None:
        return WRONG
    # Of several with one code at once, the database lets one through.
    used = db.session.execute(
        db.update(Authenticator)
        .where(Authenticator.user_id == user.id, Authenticator.last_step < step)
        .values(last_step=step)
        .returning(Authenticator.user_id)
    )
    return "" if used.first() is not None else USED


@work.command
def remove(user: User) -> None:
    """Remove the app; a passkey stays for the second step. Ends all sessions. Raises Invalid if nothing would stay."""
    factors.lock(user)
    found = factors.of_user(user)
    if found.app is None:
        return
    changing.check_another(found)
    db.session.delete(found.app)
    diary.write(user, "user.authenticator_app_removed", "user", user.id)
    user.session_epoch += 1


def _row(user: User) -> Authenticator | None:
    return db.session.get(Authenticator, user.id, with_for_update=True, populate_existing=True)


def _opened(user: User, sealed: str, vault: Vault) -> str:
    """The secret that was offered to ``user``; empty when there is none, or not any more."""
    try:
        seal, user_id, at, secret = vault.decrypt(sealed).split()
    except (ServiceError, ValueError):
        return ""
    is_mine = seal == SEAL and user_id == str(user.id)
    return secret if is_mine and utc_now().timestamp() - int(at) <= OFFERED.total_seconds() else ""


def _step(secret: str, typed: str) -> int | None:
    """The 30 seconds that the code belongs to; None if it is no code of the last ones or the next."""
    code, totp = "".join(typed.split()).replace("-", ""), pyotp.TOTP(secret)
    now = totp.timecode(utc_now())
    right = [
        now + skew for skew in SKEW if compare_digest(totp.generate_otp(now + skew).encode(), code.encode())
    ]
    return max(right, default=None)
