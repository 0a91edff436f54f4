"""Links with which a person chooses their own password: an invitation, or a reset. Nobody else ever knows it.

A link is good once and for a short time; the database has its digest alone. A new one ends the one before, and so does
every change of the password. Whoever asks for the link hands it over.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

import structlog
from sqlalchemy import ColumnElement

from webapp.models import AccountLink, DiaryEntry, User, db, utc_now
from webapp.services.accounts import users
from webapp.services.core import work
from webapp.services.core.errors import Invalid, NotFound
from webapp.services.diary import diary

# The diary's action, and in place of a user's id: the link is no account's.
REFUSED, NO_ONE = "user.link_refused", 0
MAILED_INVITATION = "user.invitation_mailed"
# So soon after it was noted that someone came with a link that never was, it isn't noted from there again.
PAUSE = timedelta(minutes=5)
# Entries in that time, whatever the addresses: of IPv6, anyone has more than can be counted.
AT_MOST = 20
INVITATION, RESET, MAILED = timedelta(days=3), timedelta(hours=24), timedelta(minutes=30)
GONE = "This link was used or has expired. Ask for a new one."

log = structlog.get_logger(__name__)


@work.command
def invite(actor: User | None, *, email: str, name: str, role: str, team: str = "") -> tuple[User, str]:
    """Create an account whose person chooses the password. Returns it with its link's token. Raises Invalid."""
    user = users.create_user(actor, email=email, name=name, password=None, role=role, team=team)
    return user, issue(actor, user)


@work.command
def invite_by_mail(actor: User, *, email: str, name: str, role: str, team: str = "") -> User:
    """The same, with the link mailed by the worker that makes it: nobody else sees it. Raises Invalid."""
    user = users.create_user(actor, email=email, name=name, password=None, role=role, team=team)
    mail_invitation(actor, user)
    return user


@work.command
def mail_invitation(actor: User, user: User) -> None:
    """Have a new link mailed to a user who hasn't joined yet. Raises Invalid for who has, or may not."""
    users.check_may_change(actor, user)
    if not user.is_active or not user.is_invited:
        raise Invalid(f"{user.name} has joined already or is inactive, so no invitation was sent.")
    diary.write(actor, MAILED_INVITATION, "user", user.id)


@work.command
def issue(actor: User | None, user: User, lasts: timedelta | None = None) -> str:
    """A new link for ``user``; returns its token, which is stored nowhere. ``lasts``: instead of the usual time.

    Raises Invalid for an inactive account, Forbidden when an admin asks for an owner's.
    """
    users.check_may_change(actor, user)
    _lock(user)
    if not user.is_active:
        raise Invalid("No link was created because the account is inactive. Make it active first.")
    token = secrets.token_urlsafe(32)
    row = db.session.get(AccountLink, user.id, populate_existing=True) or AccountLink(user_id=user.id)
    row.token_sha256 = _digest(token)
    row.expires_at = utc_now() + (lasts or (INVITATION if user.is_invited else RESET))
    db.session.add(row)
    diary.write(actor, "user.link_created", "user", user.id)
    return token


def person(token: str) -> User:
    """Whose link this is. Raises NotFound with a sentence when it can't be used."""
    found: User | None = db.session.scalar(
        db.select(User).join(AccountLink, AccountLink.user_id == User.id).where(*_good(token))
    )
    if found is None:
        raise NotFound(GONE)
    return found


@work.command
def note_refusal(token: str, address: str) -> None:
    """Write down that a link was refused: one that expired, was used or replaced, or that someone guessed.

    After what was tried was rolled back. The same is noted seldom: nobody fills the diary with it.
    """
    digest = _digest(token)
    user_id = db.session.scalar(db.select(AccountLink.user_id).filter_by(token_sha256=digest)) or NO_ONE
    log.warning("link.refused", address=address, user=user_id or None)
    if _was_just_noted(user_id, address):
        return
    diary.write(None, REFUSED, "user", user_id)


@work.command
def use(token: str, password: str) -> User:
    """Set the password of the link's person. Ends the link and all sessions. When it raises Invalid, the link stays."""
    user = person(token)
    _lock(user)
    # Of several at once the database lets one through.
    ended = db.session.execute(db.delete(AccountLink).where(*_good(token)).returning(AccountLink.user_id))
    if ended.first() is None:
        raise NotFound(GONE)
    users.set_password(user, user, password)
    return user


def _lock(user: User) -> None:
    """Whoever makes, uses or ends a link holds its person's row, and before the link, which may not exist yet."""
    db.session.refresh(user, with_for_update={"key_share": True})


def _was_just_noted(user_id: int, address: str) -> bool:
    """Of one person's links, or of links that never were: from this address, or from many together."""
    query = db.select(DiaryEntry.address).filter_by(
        action=REFUSED, object_type="user", object_id=str(user_id)
    )
    newest = query.where(DiaryEntry.at > utc_now() - PAUSE).order_by(DiaryEntry.id.desc()).limit(AT_MOST)
    addresses = list(db.session.scalars(newest))
    return address[:45] in addresses or len(addresses) == AT_MOST


def _good(token: str) -> tuple[ColumnElement[bool], ...]:
    active = db.select(User.id).where(User.is_active)
    return (
        AccountLink.token_sha256 == _digest(token),
        AccountLink.expires_at > utc_now(),
        AccountLink.user_id.in_(active),
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
