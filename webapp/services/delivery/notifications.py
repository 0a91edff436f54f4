"""Notify the quote's rep and the admins that a push needs attention: in the app, and by mail.

What a customer and a rep write to each other is told too (``conversation``).

The person whose two-step sign-in was reset gets a mail too: if they didn't ask for it, someone else did. And so does
someone who forgot the password, or is invited (``password_links``).

Owns its transactions: none is open while a mail is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement

from webapp.models import Delivery, DiaryEntry, Notification, Quote, User, db, utc_now
from webapp.models.delivery import MAIL
from webapp.models.push import RunState
from webapp.services.accounts import account_links, forgotten, permissions
from webapp.services.accounts.permissions import Permission, S
from webapp.services.catalog import costs
from webapp.services.company import mail_server
from webapp.services.core import work
from webapp.services.core.errors import Busy, ServiceError
from webapp.services.core.runtime import Runtime
from webapp.services.delivery import branded, conversation, mail, outbox, password_links, quote_mail, room
from webapp.services.delivery.mail import Letter
from webapp.services.delivery.outcomes import Done, Outcome, Retry, Settle, Skip, Stop
from webapp.services.delivery.reader import Reader
from webapp.services.diary.diary import SYSTEM
from webapp.services.payments import paying
from webapp.services.quoting.paper import attempts

SUBJECTS = {RunState.FAILED: "failed", RunState.NEEDS_YOU: "needs attention"}
# By the diary's action: what a notification is about, and what settles it.
STOPPED = {f"quote.sync_{kind}": kind for kind in SUBJECTS}
SETTLED = (f"quote.sync_{RunState.SYNCED}", f"quote.sync_{RunState.OUT_OF_SYNC}")
SHOWN = 50
TWO_STEP_RESET = "two_step_reset"
MAIL_TRIES = 6
# An older notification isn't mailed, for example when a server is configured for the first time.
MAX_AGE = timedelta(days=1)
TOO_OLD = "It's more than a day old."
TOO_OFTEN = "It was tried six times."

log = structlog.get_logger(__name__)


class Notifications(Reader):
    """One notification per quote and user while it is unread, and one mail about it."""

    key = MAIL
    name = "Email"
    queue = MAIL
    # The PDF of a long quote takes its time.
    job_seconds = 300
    claim_seconds = 400

    def subscribe(self, entry: DiaryEntry) -> Iterable[Delivery]:
        """Write the notifications of a push that stopped; a push that succeeded settles them."""
        if entry.action == f"user.{TWO_STEP_RESET}":
            return [room.delivery(MAIL, TWO_STEP_RESET, address=entry.object_id, payload=entry.actor)]
        if entry.action == forgotten.ASKED:
            return [room.delivery(MAIL, password_links.REASON, address=entry.object_id)]
        if entry.action == account_links.MAILED_INVITATION:
            return [room.delivery(MAIL, password_links.INVITED, address=entry.object_id)]
        if entry.action in conversation.REASONS:
            return conversation.subscribe(entry)
        if entry.action in quote_mail.ACTIONS:
            return quote_mail.subscribe(entry)
        if entry.action == paying.NOTED:
            _tell_paid(entry)
        if entry.action == attempts.LACKED:
            _tell_admins(entry)
        if entry.action in STOPPED:
            return _notify(entry, STOPPED[entry.action])
        if entry.action in SETTLED:
            _mark_read(Notification.quote_id == int(entry.object_id), Notification.kind.in_(SUBJECTS))
        return []

    def deliver(self, runtime: Runtime, delivery: Delivery) -> Outcome:
        """Send one mail: it is kept in the outbox first, and then handed to the server once."""
        if delivery.attempt >= MAIL_TRIES:
            return Stop(TOO_OFTEN, lambda row: _end(row, TOO_OFTEN))
        try:
            return self._deliver(runtime, delivery)
        except Busy as error:
            return Retry(str(error), wait=60.0 * 2 ** (delivery.attempt + 1))
        except ServiceError as error:
            sentence = str(error)
            return Stop(sentence, lambda row: _end(row, sentence))

    def _deliver(self, runtime: Runtime, delivery: Delivery) -> Outcome:
        if reason := quote_mail.blocker(delivery):
            return Skip(reason, lambda row: _end(row, reason))
        user = db.session.get(User, int(delivery.address)) if delivery.address.isdecimal() else None
        written_at = delivery.created_at
        if delivery.reason in quote_mail.REASONS:
            letter, written_at = quote_mail.letter(runtime, delivery), max(written_at, delivery.not_before)
        elif delivery.reason in conversation.REASONS.values():
            letter = conversation.letter(runtime, delivery)
        elif delivery.reason == TWO_STEP_RESET:
            letter = _reset_letter(runtime, user, delivery.payload) if user else None
        elif delivery.reason == password_links.REASON:
            letter = password_links.letter(runtime, delivery, user)
        elif delivery.reason == password_links.INVITED:
            letter = password_links.invitation(runtime, user)
        else:
            notification = db.session.get(Notification, int(delivery.payload))
            if notification is None or user is None or notification.read_at is not None:
                return Skip("It was read in the app.")
            if not permissions.may(user, Permission.SEE, notification.quote):
                return Skip("The person can't see the quote anymore.")
            letter, written_at = _letter(runtime, notification, user), notification.created_at
        if letter is None:
            return Skip("There's no account to write to, or nothing to send.")
        return _post(runtime, delivery, letter, written_at)

    def tidy(self, now: datetime) -> None:
        """Emails are kept for a year."""
        outbox.tidy(now)


def _post(runtime: Runtime, delivery: Delivery, letter: Letter, written_at: datetime) -> Outcome:
    server, attempt = mail_server.load(runtime), delivery.attempt + 1
    if letter.is_secret:
        message_id = None
    else:
        if not letter.html:
            letter = branded.with_html(letter, branded.of_company())
        kept = outbox.keep(delivery, letter, server)
        message_id, letter = kept.id, replace(letter, message_id=kept.message_id)
        if kept.handed_at is not None:
            # The worker died while the server took it, or before it could say that it had.
            return _give_up(mail.IN_DOUBT.format(host=server.host if server else "The server"), message_id)
    if server is None:
        return Skip(
            outbox.NO_SERVER, _settle(message_id, lambda key: outbox.end(key, outbox.NO_SERVER, tell=False))
        )
    if written_at < utc_now() - MAX_AGE:
        return Skip(TOO_OLD, _settle(message_id, lambda key: outbox.end(key, TOO_OLD)))
    # No transaction is open while the server is asked.
    db.session.rollback()
    try:
        refused = mail.send(server, letter, (lambda: outbox.hand(message_id)) if message_id else lambda: None)
    except outbox.Withdrawn:
        return Skip("It was canceled, or sent by another worker.")
    except mail.MailNotSent as error:
        sentence = str(error)
        given_up = error.is_final or attempt >= MAIL_TRIES
        log.warning("mail.not_sent", error=sentence, attempt=attempt, given_up=given_up)
        if given_up:
            return _give_up(sentence, message_id)
        return Retry(
            sentence, _settle(message_id, lambda key: outbox.wait(key, sentence)), wait=60.0 * 2**attempt
        )
    return Done(settle=_sent(message_id, refused))


def _sent(message_id: int | None, refused: tuple[str, ...]) -> Settle | None:
    if message_id is None:
        return None

    def settle(row: Delivery) -> None:
        quote_mail.note_sent(row)
        outbox.sent(message_id, refused)

    return settle


def _give_up(sentence: str, message_id: int | None) -> Outcome:
    return Stop(sentence, _settle(message_id, lambda key: outbox.end(key, sentence)))


def _settle(message_id: int | None, store: Callable[[int], None]) -> Settle | None:
    """Store what became of a kept email together with the outcome of its delivery."""
    return None if message_id is None else lambda _row: store(message_id)


def _end(delivery: Delivery, reason: str) -> None:
    message = outbox.written(delivery)
    if message is not None and message.ended_at is None:
        outbox.end(message.id, reason)


def _notify(entry: DiaryEntry, kind: str) -> Iterator[Delivery]:
    """Notify the rep and everyone who looks after integrations, in the open transaction.

    An unread notification of the quote is updated.
    """
    quote, now = db.session.get_one(Quote, int(entry.object_id)), utc_now()
    unread_rows = db.session.scalars(
        db.select(Notification).where(
            Notification.quote_id == quote.id, Notification.read_at.is_(None), Notification.kind.in_(SUBJECTS)
        )
    )
    by_user = {notification.user_id: notification for notification in unread_rows}
    people = db.session.scalars(
        db.select(User.id).where(
            User.is_active,
            db.or_(User.role.in_(permissions.roles_with(Permission.INTEGRATE)), User.id == quote.owner_id),
        )
    )
    for user_id in people.all():
        notification = by_user.get(user_id) or Notification(user_id=user_id, quote_id=quote.id)
        notification.run_id, notification.kind = entry.detail["run"], kind
        notification.sentence, notification.created_at = entry.detail["reason"], now
        if user_id not in by_user:
            db.session.add(notification)
            db.session.flush()
            yield room.delivery(
                MAIL, f"sync_{kind}", quote=quote, address=user_id, payload=str(notification.id)
            )


def _tell_admins(entry: DiaryEntry) -> None:
    """Tell those who set up the seal that a signed PDF was made without a part of it, in the open transaction."""
    quote = db.session.get_one(Quote, int(entry.object_id))
    sentence = f"The signed PDF was made without its whole seal. {entry.detail['reason']}"
    admins = db.select(User.id).where(
        User.is_active, User.role.in_(permissions.roles_with(Permission.ADMINISTER))
    )
    for user_id in db.session.scalars(admins).all():
        db.session.add(Notification(user_id=user_id, quote_id=quote.id, kind="seal", sentence=sentence))


def _tell_paid(entry: DiaryEntry) -> None:
    """Tell the rep what a gateway noted, in the open transaction."""
    quote = db.session.get_one(Quote, int(entry.object_id))
    if entry.actor_id is None:
        sentence = f"The customer paid {entry.detail['reason']}."
        db.session.add(
            Notification(user_id=quote.owner_id, quote_id=quote.id, kind="payment", sentence=sentence)
        )


def unread(user: User) -> list[Notification]:
    """The user's unread notifications of quotes that they may see, newest first."""
    query = (
        permissions.visible(_unread(db.select(Notification), user), user)
        .options(db.joinedload(Notification.quote))
        .order_by(Notification.created_at.desc(), Notification.id.desc())
        .limit(SHOWN)
    )
    return list(db.session.scalars(query))


def count(user: User) -> int:
    """The number of unread notifications of quotes that the user may see."""
    query = _unread(db.select(db.func.count(Notification.id)), user)
    return db.session.scalar(permissions.visible(query, user)) or 0


@work.command
def put_aside(user: User, notification_id: int | None) -> None:
    """Mark one of the user's notifications, or (None) all of them, as read."""
    chosen = [] if notification_id is None else [Notification.id == notification_id]
    _mark_read(Notification.user_id == user.id, *chosen)


def _unread(query: S, user: User) -> S:
    """``query``, a select of notifications, with only the user's unread ones, beside their quotes."""
    return query.join(Quote, Quote.id == Notification.quote_id).where(
        Notification.user_id == user.id, Notification.read_at.is_(None)
    )


def _letter(runtime: Runtime, notification: Notification, user: User) -> Letter:
    quote = notification.quote
    name = f"Quote {quote.number} “{quote.title}”"
    address = f"{runtime.config.public_base_url}/activity/quotes/{quote.id}"
    said = costs.said(user, notification.sentence)
    text = (
        f"The Autotask sync of {name} {SUBJECTS[RunState(notification.kind)]}.\n\n{said}\n\n"
        f"Review and fix: {address}\n"
    )
    return Letter(user.email, f"{name}: sync {SUBJECTS[RunState(notification.kind)]}", text)


def _reset_letter(runtime: Runtime, user: User, by: str) -> Letter:
    who = "The operator of the server" if by == SYSTEM else by
    text = (
        f"{who} reset your two-step sign-in, and you were signed out everywhere. Set it up again at your next "
        f"sign-in: {runtime.config.public_base_url}/login\n\nIf you didn't ask for this, tell your admins at once, and "
        "change your password.\n"
    )
    return Letter(user.email, "Your two-step sign-in was reset", text)


def _mark_read(*conditions: ColumnElement[bool]) -> None:
    db.session.execute(
        db.update(Notification)
        .where(Notification.read_at.is_(None), *conditions)
        .values(read_at=utc_now())
        .execution_options(synchronize_session=False)
    )
