"""Notify the quote's rep and the admins that a push needs attention.

Owns its transactions: no transaction is open while a mail is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement
from sqlalchemy.engine import CursorResult

from webapp.models import Notification, PushRun, Quote, User, db, utc_now
from webapp.models.account import ADMIN
from webapp.services.core import work
from webapp.services.core.runtime import Runtime
from webapp.services.delivery import mail

FAILED, NEEDS_YOU = "failed", "needs_you"
SUBJECTS = {FAILED: "failed", NEEDS_YOU: "needs attention"}
SHOWN = 50
MAIL_TRIES = 6
MAILS_AT_ONCE = 5
# If the process dies while it sends, another process retries after this time.
SEND_LEASE = timedelta(minutes=5)
# Older notifications aren't emailed, for example when a server is configured for the first time.
MAX_AGE = timedelta(days=1)

log = structlog.get_logger(__name__)


def push_stopped(quote: Quote, run: PushRun | None, kind: str, sentence: str) -> None:
    """Notify the rep and every admin, in the open transaction. An unread notification of the quote is updated."""
    now = utc_now()
    unread_rows = db.session.scalars(
        db.select(Notification).where(Notification.quote_id == quote.id, Notification.read_at.is_(None))
    )
    by_user = {notification.user_id: notification for notification in unread_rows}
    people = db.session.scalars(
        db.select(User.id).where(User.is_active, db.or_(User.role == ADMIN, User.id == quote.owner_id))
    )
    for user_id in people:
        notification = by_user.get(user_id)
        if notification is None:
            notification = Notification(user_id=user_id, quote_id=quote.id, mail_due_at=now)
            db.session.add(notification)
        notification.run_id, notification.kind, notification.sentence = (
            run.id if run else None,
            kind,
            sentence,
        )
        notification.created_at = now


def settle(quote_id: int) -> None:
    """Mark the quote's notifications as read once its push succeeded, in the open transaction."""
    _mark_read(Notification.quote_id == quote_id)


def unread(user: User) -> list[Notification]:
    """The user's unread notifications, newest first."""
    query = (
        db.select(Notification)
        .where(Notification.user_id == user.id, Notification.read_at.is_(None))
        .options(db.joinedload(Notification.quote))
        .order_by(Notification.created_at.desc(), Notification.id.desc())
        .limit(SHOWN)
    )
    return list(db.session.scalars(query))


def count(user: User) -> int:
    """The number of unread notifications."""
    query = db.select(db.func.count()).where(Notification.user_id == user.id, Notification.read_at.is_(None))
    return db.session.scalar(query) or 0


@work.command
def put_aside(user: User, notification_id: int | None) -> None:
    """Mark one of the user's notifications, or (None) all of them, as read."""
    chosen = [] if notification_id is None else [Notification.id == notification_id]
    _mark_read(Notification.user_id == user.id, *chosen)


def send_mails(runtime: Runtime) -> int:
    """Send the emails that are due; returns how many. Without a server, notifications show only in the app."""
    if not mail.is_configured(runtime.config):
        return 0
    now = utc_now()
    due = list(
        db.session.scalars(
            db.select(Notification.id)
            .where(
                Notification.mail_due_at <= now,
                Notification.created_at > now - MAX_AGE,
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
        .values(mail_due_at=now + SEND_LEASE, mail_attempts=Notification.mail_attempts + 1)
        .execution_options(synchronize_session=False)
    )
    notification = db.session.get(Notification, notification_id, populate_existing=True)
    user = db.session.get(User, notification.user_id) if notification else None
    if notification is None or user is None or not (isinstance(claimed, CursorResult) and claimed.rowcount):
        db.session.rollback()
        return False
    letter, attempts = _letter(runtime, notification, user), notification.mail_attempts
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


def _letter(runtime: Runtime, notification: Notification, user: User) -> _Letter:
    quote = notification.quote
    name = f"Quote {quote.number} “{quote.title}”"
    address = f"{runtime.config.public_base_url}/activity/quotes/{quote.id}"
    text = (
        f"The Autotask sync of {name} {SUBJECTS[notification.kind]}.\n\n{notification.sentence}\n\n"
        f"Review and fix: {address}\n"
    )
    return _Letter(user.email, f"{name}: sync {SUBJECTS[notification.kind]}", text)


def _mark_read(*conditions: ColumnElement[bool]) -> None:
    db.session.execute(
        db.update(Notification)
        .where(Notification.read_at.is_(None), *conditions)
        .values(read_at=utc_now())
        .execution_options(synchronize_session=False)
    )
