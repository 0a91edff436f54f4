"""Telling people that a push needs them: the quote's rep and the admins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement
from sqlalchemy.engine import CursorResult

from webapp.models import Notification, PushRun, Quote, User, db, utc_now
from webapp.models.account import ADMIN
from webapp.services.core.runtime import Runtime
from webapp.services.delivery import mail

FAILED, NEEDS_YOU = "failed", "needs_you"
SUBJECTS = {FAILED: "failed", NEEDS_YOU: "needs you"}
SHOWN = 50
MAIL_TRIES = 6
MAILS_AT_ONCE = 5
# Should the process die while it sends, another tries after this.
SENDING = timedelta(minutes=5)
# What is older is no news any more, for example when a server is named for the first time.
NEWS = timedelta(days=1)

log = structlog.get_logger(__name__)


def push_stopped(quote: Quote, run: PushRun | None, kind: str, sentence: str) -> None:
    """Tell the rep and every admin, in the open transaction. Who has not read of this quote yet is not told twice."""
    now = utc_now()
    known = {
        one.user_id: one
        for one in db.session.scalars(
            db.select(Notification).where(Notification.quote_id == quote.id, Notification.read_at.is_(None))
        )
    }
    people = db.session.scalars(
        db.select(User.id).where(User.is_active, db.or_(User.role == ADMIN, User.id == quote.owner_id))
    )
    for user_id in people:
        found = known.get(user_id)
        if found is None:
            found = Notification(user_id=user_id, quote_id=quote.id, mail_due_at=now)
            db.session.add(found)
        found.run_id, found.kind, found.sentence = run.id if run else None, kind, sentence
        found.created_at = now


def settle(quote_id: int) -> None:
    """The quote's push went well after all: nobody needs to read of it any more. In the open transaction."""
    _mark_read(Notification.quote_id == quote_id)


def unread(user: User) -> list[Notification]:
    """What the person was told and has not put aside yet, the newest first."""
    query = (
        db.select(Notification)
        .where(Notification.user_id == user.id, Notification.read_at.is_(None))
        .options(db.joinedload(Notification.quote))
        .order_by(Notification.created_at.desc(), Notification.id.desc())
        .limit(SHOWN)
    )
    return list(db.session.scalars(query))


def count(user: User) -> int:
    """How many there are to read."""
    query = db.select(db.func.count()).where(Notification.user_id == user.id, Notification.read_at.is_(None))
    return db.session.scalar(query) or 0


def put_aside(user: User, notification_id: int | None) -> None:
    """Mark one as read, or (None) all; those of others stay as they are."""
    chosen = [] if notification_id is None else [Notification.id == notification_id]
    _mark_read(Notification.user_id == user.id, *chosen)
    db.session.commit()


def send_mails(runtime: Runtime) -> int:
    """Send the emails that are due; returns how many. Without a server there are only the notes in the product."""
    if not mail.is_configured(runtime.config):
        return 0
    now = utc_now()
    due = list(
        db.session.scalars(
            db.select(Notification.id)
            .where(
                Notification.mail_due_at <= now,
                Notification.created_at > now - NEWS,
                Notification.read_at.is_(None),
            )
            .order_by(Notification.id)
            .limit(MAILS_AT_ONCE)
        )
    )
    db.session.commit()
    return sum(_send(runtime, notification_id, now) for notification_id in due)


@dataclass(frozen=True)
class _Letter:
    to: str
    subject: str
    text: str


def _send(runtime: Runtime, notification_id: int, now: datetime) -> bool:
    claimed = db.session.execute(
        db.update(Notification)
        .where(Notification.id == notification_id, Notification.mail_due_at <= now)
        .values(mail_due_at=now + SENDING, mail_attempts=Notification.mail_attempts + 1)
        .execution_options(synchronize_session=False)
    )
    found = db.session.get(Notification, notification_id, populate_existing=True)
    user = db.session.get(User, found.user_id) if found else None
    if found is None or user is None or not (isinstance(claimed, CursorResult) and claimed.rowcount):
        db.session.rollback()
        return False
    letter, attempts = _letter(runtime, found, user), found.mail_attempts
    db.session.commit()
    next_try, sent = None, True
    try:
        mail.send(runtime.config, letter.to, letter.subject, letter.text)
    except mail.MailNotSent as error:
        sent = False
        next_try = utc_now() + timedelta(minutes=2**attempts) if attempts < MAIL_TRIES else None
        log.warning("mail.not_sent", error=str(error), attempt=attempts, given_up=next_try is None)
    db.session.execute(
        db.update(Notification)
        .where(Notification.id == notification_id)
        .values(mail_due_at=next_try)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    return sent


def _letter(runtime: Runtime, found: Notification, user: User) -> _Letter:
    quote = found.quote
    name = f"Quote {quote.number} “{quote.title}”"
    address = f"{runtime.config.public_base_url}/activity/quotes/{quote.id}"
    text = (
        f"The push of {name} to Autotask {SUBJECTS[found.kind]}.\n\n{found.sentence}\n\n"
        f"What you can do about it: {address}\n"
    )
    return _Letter(user.email, f"{name}: its push {SUBJECTS[found.kind]}", text)


def _mark_read(*conditions: ColumnElement[bool]) -> None:
    db.session.execute(
        db.update(Notification)
        .where(Notification.read_at.is_(None), *conditions)
        .values(read_at=utc_now())
        .execution_options(synchronize_session=False)
    )
