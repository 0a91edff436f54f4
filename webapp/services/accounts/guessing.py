"""Limits on guessing passwords, counted in the database: all web processes share them, and Redis has no part in them.

An attempt is stored before its password is checked, so that many at once can't all pass, and deleted when the password
was right. Within a quarter of an hour an account takes so many wrong passwords, and so does an address. A browser in
which the account's person signed in before is counted by itself: nobody else's guesses keep its owner out.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import ColumnElement

from webapp.models import KnownDevice, PasswordAttempt, User, db, utc_now
from webapp.services.accounts import users
from webapp.services.core import work
from webapp.services.core.errors import ServiceError

WINDOW = timedelta(minutes=15)
OF_ACCOUNT, OF_DEVICE, OF_ADDRESS = 10, 10, 50
DEVICE_KEPT = timedelta(days=180)
TOO_MANY = (
    "Too many incorrect passwords, so this one wasn't checked. Wait 15 minutes, or use a browser you've signed in with "
    "before."
)


class TooMany(ServiceError):
    """The password isn't checked now."""


def begin(email: str, address: str, device_token: str = "") -> int:
    """Count an attempt before its password is checked; returns its id. Raises TooMany with a sentence.

    The same for accounts that exist and those that don't.
    """
    attempt_id = _store(email, address, device_token)
    if _is_too_many(attempt_id):
        # A refused attempt doesn't count: otherwise guessing on would keep everyone out for ever.
        forget(attempt_id)
        raise TooMany(TOO_MANY)
    return attempt_id


@work.command
def forget(attempt_id: int) -> None:
    """The password was right, or not checked."""
    db.session.execute(db.delete(PasswordAttempt).filter_by(id=attempt_id))


@work.command
def know_device(user: User, token: str) -> str:
    """Remember the browser in which ``user`` signed in. Returns the token for its cookie: ``token`` if it's theirs."""
    row = _device(user.email, token)
    if row is None:
        token = secrets.token_urlsafe(32)
        row = KnownDevice(user_id=user.id, token_sha256=_digest(token))
        db.session.add(row)
    row.seen_at = utc_now()
    db.session.execute(db.delete(KnownDevice).where(KnownDevice.seen_at < utc_now() - DEVICE_KEPT))
    return token


def check(user: User, password: str, address: str, device_token: str = "") -> bool:
    """True when ``password`` is the user's, for one who is signed in. Raises TooMany with a sentence."""
    attempt_id = begin(user.email, address, device_token)
    right = users.has_password(user, password)
    if right:
        forget(attempt_id)
    return right


@work.command
def _store(email: str, address: str, device_token: str) -> int:
    db.session.execute(db.delete(PasswordAttempt).where(PasswordAttempt.at < utc_now() - WINDOW))
    device = _device(email, device_token)
    row = PasswordAttempt(
        account_sha256=_account(email), address=address[:45], device_id=device.id if device else None
    )
    db.session.add(row)
    db.session.flush()
    return row.id


def _is_too_many(attempt_id: int) -> bool:
    """Counts what others stored before this and at the same moment, so at most as many as allowed get through."""
    mine = db.session.get_one(PasswordAttempt, attempt_id)
    if mine.device_id is not None:
        return _others(mine, PasswordAttempt.device_id == mine.device_id) >= OF_DEVICE
    unknown = PasswordAttempt.device_id.is_(None)
    of_account = _others(mine, unknown & (PasswordAttempt.account_sha256 == mine.account_sha256))
    of_address = _others(mine, unknown & (PasswordAttempt.address == mine.address))
    return of_account >= OF_ACCOUNT or of_address >= OF_ADDRESS


def _others(mine: PasswordAttempt, these: ColumnElement[bool]) -> int:
    recent = PasswordAttempt.at >= utc_now() - WINDOW
    query = db.select(db.func.count()).select_from(PasswordAttempt)
    return db.session.scalar(query.where(these, recent, PasswordAttempt.id != mine.id)) or 0


def _device(email: str, token: str) -> KnownDevice | None:
    query = db.select(KnownDevice).join(User, User.id == KnownDevice.user_id)
    row: KnownDevice | None = db.session.scalar(
        query.where(
            KnownDevice.token_sha256 == _digest(token),
            KnownDevice.seen_at >= utc_now() - DEVICE_KEPT,
            User.email == email.strip().lower(),
        )
    )
    return row


def _account(email: str) -> str:
    """A digest: in a hurry, people type their password where the email goes."""
    return _digest(email.strip().lower())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
