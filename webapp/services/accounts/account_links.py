"""Links with which a person chooses their own password: an invitation, or a reset. Nobody else ever knows it.

A link is good once and for a short time; the database has its digest alone. A new one ends the one before, and so does
every change of the password. Whoever asks for the link hands it over.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import ColumnElement

from webapp.models import AccountLink, User, db, utc_now
from webapp.services.accounts import users
from webapp.services.core import work
from webapp.services.core.errors import Invalid, NotFound
from webapp.services.diary import diary

INVITATION, RESET, MAILED = timedelta(days=3), timedelta(hours=24), timedelta(minutes=30)
GONE = "This link was used or has expired. Ask for a new one."


@work.command
def invite(actor: User | None, *, email: str, name: str, role: str, team: str = "") -> tuple[User, str]:
    """Create an account whose person chooses the password. Returns it with its link's token. Raises Invalid."""
    user = users.create_user(actor, email=email, name=name, password=None, role=role, team=team)
    return user, issue(actor, user)


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


def _good(token: str) -> tuple[ColumnElement[bool], ...]:
    active = db.select(User.id).where(User.is_active)
    return (
        AccountLink.token_sha256 == _digest(token),
        AccountLink.expires_at > utc_now(),
        AccountLink.user_id.in_(active),
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
