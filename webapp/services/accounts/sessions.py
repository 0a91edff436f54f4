"""Sessions of people who signed in. A session is a row; without it a cookie is worth nothing, wherever it was copied.

A session ends when its person signs out (here or everywhere), when it wasn't used for a while, and at the latest some
days after the sign-in. A change of the password, the role or the active flag ends all of them (``session_epoch``).
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog

from webapp.models import User, UserSession, db, utc_now
from webapp.services.accounts import guessing, local_sign_in, own_account, users
from webapp.services.accounts.two_step import changing, half_way, trusted
from webapp.services.accounts.two_step.trusted import Trust
from webapp.services.core import work
from webapp.services.core.errors import NotFound
from webapp.services.diary import diary

# Without use, and since the sign-in; the second pair is for "Keep me signed in".
IDLE, LONGEST = timedelta(hours=12), timedelta(days=7)
KEPT_IDLE, KEPT_LONGEST = timedelta(days=14), timedelta(days=30)
# For so long after the password, accounts, credentials and integrations can be changed without it.
CONFIRMED = timedelta(minutes=10)
NOTED_EVERY = timedelta(minutes=5)  # not at each request: that would be a write for each page
# Put together once, as each request asks it.
OF_TOKEN = db.select(UserSession).filter_by(token_sha256=db.bindparam("digest"))
OF_TOKEN = OF_TOKEN.options(db.joinedload(UserSession.user))
ENDED = "This session has already ended."

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Device:
    """Where someone signs in: the address and the browser's name for itself. ``keep``: they asked to stay signed in.
    ``token``: of the cookie that a browser has in which someone signed in before. ``session_id``: of the session that
    it has now. ``trust``: that it needs no second step now (``two_step.trusted``).
    """

    address: str = ""
    agent: str = ""
    keep: bool = False
    token: str = ""
    session_id: int = 0
    trust: Trust | None = None


@dataclass(frozen=True)
class BySso:
    """A session that the provider stands for. ``subject``, ``sid``: its person and its own session.

    ``id_token_encrypted``: what it signed, to end its session with.
    """

    renew_by: datetime
    subject: str
    sid: str
    id_token_encrypted: str


class Entered(NamedTuple):
    """How a sign-in goes on: with the tokens of a session and of its browser (``guessing.know_device``), or with that
    of a sign-in that waits for the second step (``half_way``).
    """

    user: User
    token: str = ""
    known: str = ""
    half: str = ""


def sign_in(email: str, password: str, device: Device) -> Entered | None:
    """Start a session, or the second step. None if the credentials are wrong.

    Raises ``guessing.TooMany``, or ``local_sign_in.PasswordsOff``.
    """
    try:
        attempt_id = guessing.begin(email, device.address, device.token)
    except guessing.TooMany:
        log.warning("sign_in.limited", address=device.address)
        raise
    proved = users.authenticate(email, password)
    try:
        return _proved(email, password, proved, attempt_id, device)
    except local_sign_in.PasswordsOff as error:
        local_sign_in.note_refusal(error)
        raise


@work.command
def _proved(
    email: str, password: str, proved: tuple[User, int] | None, attempt_id: int, device: Device
) -> Entered | None:
    if proved is not None:
        user, epoch = proved
        local_sign_in.require(user)
        users.renew_hash(user, password)
        guessing.forget(attempt_id)
        return _enter(user, device, epoch)
    guessing.note_wrong(attempt_id)
    # Only of a known account: in a hurry, people type their password here.
    known = db.session.scalar(db.select(User.id).filter_by(email=email.strip().lower()))
    log.warning("sign_in.failed", address=device.address, user=known)
    return None


@work.command
def enter(user: User, device: Device, epoch: int | None = None) -> Entered:
    """``user`` took the first step of a sign-in: start the second one if there is one, else a session.

    ``epoch``: as for ``start``.
    """
    return _enter(user, device, epoch)


def _enter(user: User, device: Device, epoch: int | None) -> Entered:
    if half_way.is_needed(user) and not trusted.spares(user, device.trust, device.token):
        proved = user.session_epoch if epoch is None else epoch
        return Entered(user, half=half_way.begin(user, proved, keep=device.keep))
    return _admit(user, device, epoch)


@work.command
def admit(user: User, device: Device, epoch: int | None = None) -> Entered:
    """``user`` took all steps: start a session, and know the browser. ``epoch``: as for ``start``."""
    return _admit(user, device, epoch)


def _admit(user: User, device: Device, epoch: int | None) -> Entered:
    diary.write(user, "user.signed_in", "user", user.id)
    known, device_id = guessing.know_device(user, device.token)
    return Entered(user, _start(user, device, device_id, epoch), known)


@work.command
def start(user: User, device: Device, epoch: int | None = None, sso: BySso | None = None) -> str:
    """Start a session of a user who proved who they are. Returns its token, which is stored nowhere.

    ``epoch``: the user's ``session_epoch`` when they did; the present one without it. ``sso``: it's by single sign-on.
    A session in place of one by single sign-on is by single sign-on too.
    """
    return _start(user, device, guessing.known_id(user, device.token), epoch, sso)


def _start(user: User, device: Device, known: int | None, epoch: int | None, sso: BySso | None = None) -> str:
    """In the open transaction. ``known``: the id of the known browser."""
    now = utc_now()
    # A provider may sign in without asking; only who gave a password or passkey is confirmed.
    confirmed_at = None if sso else now
    sso = sso or _sso_of(user, device)
    for row in db.session.scalars(db.select(UserSession).filter_by(user_id=user.id)):
        if not _is_alive(row, now):
            db.session.delete(row)
    token = secrets.token_urlsafe(32)
    db.session.add(
        UserSession(
            user=user,
            token_sha256=_digest(token),
            device_id=known,
            epoch=user.session_epoch if epoch is None else epoch,
            seen_at=now,
            address=device.address[:45],
            agent=device.agent[:200],
            is_kept=device.keep,
            confirmed_at=confirmed_at,
            renew_by=sso.renew_by if sso else None,
            sso_subject=sso.subject if sso else "",
            sso_sid=sso.sid if sso else "",
            id_token_encrypted=sso.id_token_encrypted if sso else "",
        )
    )
    return token


def find(token: str) -> UserSession | None:
    """The session with this token; None when it has ended."""
    now = utc_now()
    row: UserSession | None = db.session.scalar(OF_TOKEN, {"digest": _digest(token)})
    if row is None or not _is_alive(row, now):
        return None
    if now - row.seen_at > NOTED_EVERY:
        _note_use(row, now)
    return row


def of_user(user: User) -> list[UserSession]:
    """The user's sessions that haven't ended, the last used first."""
    now = utc_now()
    query = db.select(UserSession).filter_by(user_id=user.id).order_by(UserSession.seen_at.desc())
    return [row for row in db.session.scalars(query) if _is_alive(row, now)]


@work.command
def leave(user: User, session_id: int) -> None:
    """Sign the user out of one session. Raises NotFound if it isn't theirs or has ended."""
    _remove(user, session_id)


@work.command
def end(user: User, session_id: int) -> None:
    """The same from elsewhere, where the browser may be lost: the second step is asked for in it again too."""
    trusted.end_of(user, _remove(user, session_id))


def _remove(user: User, session_id: int) -> int | None:
    """In the open transaction: returns the known browser that the session was in."""
    row = db.session.get(UserSession, session_id)
    if row is None or row.user_id != user.id:
        raise NotFound(ENDED)
    db.session.delete(row)
    diary.write(user, "user.signed_out", "user", user.id)
    return row.device_id


@work.command
def end_all(actor: User, user: User) -> None:
    """Sign the user out everywhere, and trust none of their devices.

    Raises Forbidden for an admin who does so to an owner.
    """
    if actor.id != user.id:
        users.check_may_change(actor, user)
    user.session_epoch += 1
    diary.write(actor, "user.signed_out_everywhere", "user", user.id)


def change_password(user: User, current: str, password: str, device: Device) -> str:
    """Change the user's own password, end all sessions and start one in place of this one. Returns its token.

    Raises Invalid, or ``guessing.TooMany``.
    """
    right = guessing.check(user, current, device.address, device.token)
    with work.unit():
        own_account.change_password(user, right, password)
        return start(user, device)


def turn_off_two_step(user: User, password: str, device: Device) -> str:
    """The same for turning the two-step sign-in off."""
    right = guessing.check(user, password, device.address, device.token)
    with work.unit():
        changing.turn_off(user, right)
        return start(user, device)


def is_confirmed(session_id: int) -> bool:
    """True if the person gave the password or a passkey in this session, or signed in again, a short time ago."""
    row = db.session.get(UserSession, session_id)
    at = row.confirmed_at if row else None
    return at is not None and utc_now() - at <= CONFIRMED


def confirm(user: User, session_id: int, password: str, device: Device) -> bool:
    """Note that the person gave the password in this session. False, and a line in the log, if it is wrong.

    Raises ``guessing.TooMany``.
    """
    if not guessing.check(user, password, device.address, device.token):
        log.warning("confirmation.failed", address=device.address, user=user.id)
        return False
    return note_confirmed(user, session_id)


@work.command
def note_confirmed(user: User, session_id: int) -> bool:
    """The user just proved who they are in this session. False if it has ended."""
    row = db.session.get(UserSession, session_id)
    if row is None or row.user_id != user.id:
        return False
    row.confirmed_at = utc_now()
    return True


def _sso_of(user: User, device: Device) -> BySso | None:
    row = db.session.get(UserSession, device.session_id) if device.session_id else None
    if row is None or row.user_id != user.id or row.renew_by is None:
        return None
    return BySso(row.renew_by, row.sso_subject, row.sso_sid, row.id_token_encrypted)


@work.command
def _note_use(row: UserSession, now: datetime) -> None:
    row.seen_at = now


def _is_alive(row: UserSession, now: datetime) -> bool:
    idle, longest = (KEPT_IDLE, KEPT_LONGEST) if row.is_kept else (IDLE, LONGEST)
    in_time = now - row.seen_at <= idle and now - row.created_at <= longest
    in_time = in_time and (row.renew_by is None or now < row.renew_by)
    return in_time and row.user.is_active and row.epoch == row.user.session_epoch


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
