"""Limits on guessing passwords and codes, counted in the database: all web processes share them, and Redis has no part.

An attempt is stored before its password is checked, so that many at once can't all pass, and deleted when the password
was right. Within a quarter of an hour an account takes so many wrong passwords, and so does an address. A browser in
which the account's person signed in before is counted by itself: nobody else's guesses keep its owner out.

Attempts that are still being checked take a place, but refuse nobody: whoever comes while all places are taken waits
for one. So an office that signs in at nine from one address gets in, and no more passwords than allowed are tried.

Codes of the second step count with the passwords. Since they are short, an account takes only so many a day besides.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from sqlalchemy import ColumnElement

from webapp.models import KnownDevice, PasswordAttempt, User, db, utc_now
from webapp.services.accounts import users
from webapp.services.core import work
from webapp.services.core.errors import ServiceError

WINDOW = timedelta(minutes=15)
OF_ACCOUNT, OF_DEVICE, OF_ADDRESS = 10, 10, 50
CODES_FOR = timedelta(days=1)
CODES_OF_ACCOUNT = 30
DEVICE_KEPT = timedelta(days=180)
# An attempt that nobody ended by then belonged to a process that is gone, and counts as wrong.
CHECKED_WITHIN = timedelta(minutes=1)
# Seconds to wait for a place, and between two looks.
PATIENCE, LOOK_AGAIN = 5.0, 0.05
TOO_MANY = (
    "Too many incorrect passwords, so this one wasn't checked. Wait 15 minutes, or use a browser you've signed in with "
    "before."
)
TOO_MANY_CODES = (
    "Too many incorrect codes, so this one wasn't checked. Wait 15 minutes, or use a passkey or a browser "
    "you've signed in with before."
)
TOO_MANY_CODES_TODAY = (
    "Too many incorrect codes today, so this one wasn't checked. Use a passkey or a browser you've signed in with "
    "before, or ask an admin to reset your two-step sign-in."
)

TOO_MANY_AT_ONCE = "Many people are signing in right now, so this wasn't checked. Try again in a few seconds."

# Before an email and an address where someone asks for a link by mail: counted apart from passwords.
ASKING = "ask:"
ASKED_AT_ONCE, AT_ONCE = 30, timedelta(minutes=1)
TOO_MANY_ASKED = "Too many links were asked for. Wait 15 minutes, or ask an admin for a link."


class TooMany(ServiceError):
    """The password or code isn't checked now."""


def begin(email: str, address: str, device_token: str = "", *, is_code: bool = False) -> int:
    """Count an attempt before its password or code is checked; returns its id, for ``forget`` or ``note_wrong``.

    Waits while others are being checked in all places that are left. Raises TooMany with a sentence. The same for
    accounts that exist and those that don't.
    """
    end = time.monotonic() + PATIENCE
    while True:
        attempt_id, sentence = _enter(email, _network(address), device_token, is_code=is_code)
        if not sentence:
            return attempt_id
        if sentence != TOO_MANY_AT_ONCE or time.monotonic() > end:
            raise TooMany(sentence)
        work.pause()
        time.sleep(LOOK_AGAIN)


@work.command
def begin_asking(email: str, address: str) -> None:
    """Count that someone asks for a link by mail, with an account or without. Raises TooMany with a sentence."""
    mine = _stored(ASKING + email.strip(), ASKING + _network(address), "", is_code=False)
    mine.is_wrong = True
    at_once = _others(mine, PasswordAttempt.address.startswith(ASKING), AT_ONCE)
    if at_once >= ASKED_AT_ONCE or _too_many(mine):
        raise TooMany(TOO_MANY_ASKED)


def forget(attempt_id: int) -> None:
    """In the open transaction: the password or code was right, or not checked."""
    db.session.execute(db.delete(PasswordAttempt).filter_by(id=attempt_id))


@work.command
def note_wrong(attempt_id: int) -> None:
    """The password or code was wrong."""
    db.session.execute(db.update(PasswordAttempt).filter_by(id=attempt_id).values(is_wrong=True))


@work.command
def forget_account(email: str) -> None:
    """In the open transaction: forget every attempt at the account with this email."""
    db.session.execute(db.delete(PasswordAttempt).filter_by(account_sha256=_account(email)))


def know_device(user: User, token: str) -> tuple[str, int]:
    """Remember the browser in which ``user`` signed in. Returns the token for its cookie, ``token`` if it's theirs, and
    the id of the browser.
    """
    row = _device(user.email, token)
    if row is None:
        token = secrets.token_urlsafe(32)
        row = KnownDevice(user_id=user.id, token_sha256=_digest(token))
        db.session.add(row)
    row.seen_at = utc_now()
    db.session.flush()
    db.session.execute(db.delete(KnownDevice).where(KnownDevice.seen_at < utc_now() - DEVICE_KEPT))
    return token, row.id


def known_id(user: User, token: str) -> int | None:
    """The id of the known browser of ``user`` with this token."""
    row = _device(user.email, token)
    return row.id if row else None


def check(user: User, password: str, address: str, device_token: str = "") -> bool:
    """True when ``password`` is the user's, for one who is signed in. Raises TooMany with a sentence."""
    attempt_id = begin(user.email, address, device_token)
    right = users.has_password(user, password)
    with work.unit():
        (forget if right else note_wrong)(attempt_id)
    return right


@work.command
def _enter(email: str, address: str, device_token: str, *, is_code: bool) -> tuple[int, str]:
    """The id of a new attempt, or the sentence that refuses it; then nothing is stored.

    A refused attempt doesn't count: otherwise guessing on would keep everyone out for ever.
    """
    mine = _stored(email, address, device_token, is_code=is_code)
    sentence = _too_many(mine)
    if sentence:
        db.session.delete(mine)
    return mine.id, sentence


def _stored(email: str, address: str, device_token: str, *, is_code: bool) -> PasswordAttempt:
    """In the open transaction, with whoever tries the same account or from the same address waiting for its end."""
    account = _account(email)
    if db.session.get_bind().dialect.name == "postgresql":
        # Taken in this order, by everyone.
        busy = (int(name[:15], 16) for name in (account, _digest(address)))
        db.session.execute(db.select(*(db.func.pg_advisory_xact_lock(one) for one in busy)))
    now = utc_now()
    old = db.and_(PasswordAttempt.at < now - WINDOW, ~PasswordAttempt.is_code)
    db.session.execute(db.delete(PasswordAttempt).where(db.or_(old, PasswordAttempt.at < now - CODES_FOR)))
    device = _device(email, device_token)
    row = PasswordAttempt(
        account_sha256=account,
        address=address[:45],
        device_id=device.id if device else None,
        is_code=is_code,
        is_wrong=False,
    )
    db.session.add(row)
    db.session.flush()
    return row


def _too_many(mine: PasswordAttempt) -> str:
    """The sentence that refuses an attempt; empty when it isn't one too many."""
    sentence = TOO_MANY_CODES if mine.is_code else TOO_MANY
    if mine.device_id is not None:
        return _refusal(mine, PasswordAttempt.device_id == mine.device_id, OF_DEVICE, sentence)
    unknown = PasswordAttempt.device_id.is_(None)
    of_account = unknown & (PasswordAttempt.account_sha256 == mine.account_sha256)
    codes = of_account & PasswordAttempt.is_code
    return (
        (mine.is_code and _refusal(mine, codes, CODES_OF_ACCOUNT, TOO_MANY_CODES_TODAY, CODES_FOR))
        or _refusal(mine, of_account, OF_ACCOUNT, sentence)
        or _refusal(mine, unknown & (PasswordAttempt.address == mine.address), OF_ADDRESS, sentence)
    )


def _refusal(
    mine: PasswordAttempt, these: ColumnElement[bool], places: int, sentence: str, window: timedelta = WINDOW
) -> str:
    """Empty while ``these`` leave a place; ``sentence`` when as many were wrong, else TOO_MANY_AT_ONCE."""
    if _others(mine, these, window) < places:
        return ""
    was_wrong = PasswordAttempt.is_wrong | (PasswordAttempt.at < utc_now() - CHECKED_WITHIN)
    return sentence if _others(mine, these & was_wrong, window) >= places else TOO_MANY_AT_ONCE


def _others(mine: PasswordAttempt, these: ColumnElement[bool], window: timedelta = WINDOW) -> int:
    recent = PasswordAttempt.at >= utc_now() - window
    query = db.select(db.func.count()).select_from(PasswordAttempt)
    return db.session.scalar(query.where(these, recent, PasswordAttempt.id != mine.id)) or 0


def _device(email: str, token: str) -> KnownDevice | None:
    if not token:
        return None
    query = db.select(KnownDevice).join(User, User.id == KnownDevice.user_id)
    row: KnownDevice | None = db.session.scalar(
        query.where(
            KnownDevice.token_sha256 == _digest(token),
            KnownDevice.seen_at >= utc_now() - DEVICE_KEPT,
            User.email == email.strip().lower(),
        )
    )
    return row


def _network(address: str) -> str:
    """The address, or of IPv6 the network of one customer's line: it has more addresses than anyone can count."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or ip_network(f"{parsed}/64", strict=False).network_address)
    return address


def _account(email: str) -> str:
    """A digest: in a hurry, people type their password where the email goes."""
    return _digest(email.strip().lower())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
