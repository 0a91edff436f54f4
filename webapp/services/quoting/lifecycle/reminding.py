"""Remind customers who were sent a quote and don't answer: after some silence, and before it expires, once each.

Nobody is reminded of a quote that was never mailed with the link that it has, after an answer or a comment, or at
night.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import aliased

from webapp.models import (
    EndedLink,
    MailMessage,
    MailServer,
    Quote,
    QuoteComment,
    QuoteSigner,
    Revision,
    db,
    utc_now,
)
from webapp.models.quote import PENDING
from webapp.services.company import mail_server, mail_texts, place
from webapp.services.core import work
from webapp.services.core.errors import ServiceError
from webapp.services.core.runtime import Runtime
from webapp.services.quoting.draft import editing
from webapp.services.quoting.lifecycle import mail_words, sending
from webapp.services.quoting.revisions import freezing

AT_ONCE = 100
# The hours of the company at which customers get mail of rules.
FROM_HOUR, TO_HOUR = 8, 18
# Two mails never follow each other faster.
APART = timedelta(days=1)
SILENT, ENDING = "silent", "ending"
KINDS = (mail_texts.SEND, mail_texts.REMINDER)

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Facts:
    """``mailed_at``: the last mail to the customer. ``published_at``: what they see now.

    ``heard_at``: when the customer first viewed that, or last commented.
    """

    mailed_at: datetime
    published_at: datetime
    heard_at: datetime | None
    ends_at: datetime | None
    was_reminded_of: frozenset[str]


def due(facts: Facts, rules: MailServer, now: datetime) -> str | None:
    """Which reminder is due, if any: ``ending`` or ``silent``. Pure."""
    if now - max(facts.mailed_at, facts.published_at) < APART:
        return None
    ending, silent = rules.remind_ending_days, rules.remind_silent_days
    is_near = (
        bool(ending) and facts.ends_at is not None and facts.ends_at - timedelta(days=ending or 0) <= now
    )
    if is_near and ENDING not in facts.was_reminded_of:
        return ENDING
    quiet_since = max(filter(None, (facts.mailed_at, facts.published_at, facts.heard_at)))
    is_silent = bool(silent) and now - quiet_since >= timedelta(days=silent or 0)
    if is_silent and not facts.was_reminded_of:
        return SILENT
    return None


def tick(runtime: Runtime) -> int:
    """Queue what is due; returns how many. Called every minute by one of the workers."""
    rules = mail_server.stored()
    now = utc_now()
    if not (rules.remind_silent_days or rules.remind_ending_days) or not mail_server.is_configured(runtime):
        return 0
    hour = now.astimezone(place.of_company().zone).hour
    if not FROM_HOUR <= hour < TO_HOUR:
        return 0
    with work.unit():
        ids = _candidates(rules, now)
    return sum(_remind_safely(runtime, quote_id) for quote_id in ids)


def _remind_safely(runtime: Runtime, quote_id: int) -> bool:
    try:
        return remind(runtime, quote_id)
    except ServiceError as error:
        # One quote that can't be reminded of keeps no other one waiting.
        log.warning("reminder.failed", quote=quote_id, error=str(error))
        return False


@work.command
def remind(runtime: Runtime, quote_id: int) -> bool:
    """Queue the reminder of one quote, if one is due now. A second worker finds it queued."""
    quote = editing.lock(quote_id)
    revision, live = quote.current_revision, freezing.live(quote)
    last = _last_sent(quote)
    if revision is None or live is None or last is None or last.sent_at is None:
        return False
    if sending.blocker(quote) or not quote.owner.is_active:
        return False
    if any(db.session.scalar(one(quote.id).limit(1)) is not None for one in (_waiting, _bounced, _named)):
        return False
    prefix = f"reminder-{revision.id}-"
    known = db.session.scalars(db.select(MailMessage.key).where(MailMessage.key.startswith(prefix)))
    commented = db.session.scalar(
        db.select(db.func.max(QuoteComment.created_at)).where(
            QuoteComment.quote_id == quote.id, QuoteComment.rep_id.is_(None)
        )
    )
    newest: datetime | None = db.session.scalar(_newest(quote.id))
    facts = Facts(
        mailed_at=newest or last.sent_at,
        published_at=live.published_at,
        heard_at=max(filter(None, (quote.viewed_at, commented)), default=None),
        ends_at=live.ends_at,
        was_reminded_of=frozenset(key.removeprefix(prefix) for key in known),
    )
    what = due(facts, mail_server.stored(), utc_now())
    if what is None:
        return False
    base = runtime.config.public_base_url
    filled = mail_words.fill(mail_texts.REMINDER, quote, base, mail_words.live(quote))
    message = MailMessage(
        key=f"{prefix}{what}",
        kind=mail_texts.REMINDER,
        quote_id=quote.id,
        author_id=quote.owner_id,
        reply_to=quote.owner.email,
        recipients=last.recipients,
        copies=last.copies,
        subject=filled.subject,
        text=filled.text,
        message_id=sending.new_message_id(),
    )
    sending.queue(None, quote, message)
    return True


def _candidates(rules: MailServer, now: datetime) -> list[int]:
    """Open quotes of which a reminder may be due, those that were mailed longest ago first."""
    newest = _newest(Quote.id).scalar_subquery()
    revision = db.select(db.func.max(Revision.id)).where(Revision.quote_id == Quote.id).scalar_subquery()
    prefix = db.literal("reminder-").concat(db.cast(revision, db.String)).concat("-")

    def was(what: str) -> ColumnElement[bool]:
        return exists().where(MailMessage.key == prefix.concat(what))

    wanted: list[ColumnElement[bool]] = []
    if rules.remind_silent_days:
        quiet = now - timedelta(days=rules.remind_silent_days)
        is_quiet = db.or_(Quote.viewed_at.is_(None), Quote.viewed_at <= quiet)
        wanted.append(db.and_(newest <= quiet, is_quiet, ~was(SILENT), ~was(ENDING)))
    if rules.remind_ending_days:
        wanted.append(db.and_(Quote.ends_at <= now + timedelta(days=rules.remind_ending_days), ~was(ENDING)))
    query = db.select(Quote.id).where(
        Quote.status == PENDING,
        newest < now - APART,
        db.or_(Quote.ends_at.is_(None), Quote.ends_at > now),
        ~_waiting(Quote.id).exists(),
        ~_bounced(Quote.id).exists(),
        ~_named(Quote.id).exists(),
        db.or_(*wanted),
    )
    return list(db.session.scalars(query.order_by(newest, Quote.id).limit(AT_ONCE)))


def _newest(quote_id: Any) -> Select[datetime | None]:
    """When the customer was mailed last, with the link that the quote has."""
    return select(func.max(MailMessage.sent_at)).where(
        MailMessage.quote_id == quote_id, MailMessage.kind.in_(KINDS), _has_the_link(quote_id)
    )


def _has_the_link(quote_id: Any) -> ColumnElement[bool]:
    """Mail since the link was replaced: who has an older one gets no new link from us."""
    ended = select(func.max(EndedLink.last_mail_id)).where(EndedLink.quote_id == quote_id)
    # Of that quote alone, however deep within other queries this is.
    ended = ended.correlate_except(EndedLink)
    return MailMessage.id > func.coalesce(ended.scalar_subquery(), 0)


def _waiting(quote_id: Any) -> Select[int]:
    """Mail to the customer that is on its way."""
    return select(MailMessage.id).where(
        MailMessage.quote_id == quote_id,
        MailMessage.kind.in_(KINDS),
        MailMessage.sent_at.is_(None),
        MailMessage.ended_at.is_(None),
    )


def _named(quote_id: Any) -> Select[int]:
    """Named signers: each is asked on their turn, by their own link, which this mail doesn't have."""
    return select(QuoteSigner.id).where(QuoteSigner.quote_id == quote_id)


def _bounced(quote_id: Any) -> Select[int]:
    """Mail that didn't reach the customer, since a rep wrote last: the address needs a person."""
    sent = aliased(MailMessage)
    written = select(func.max(sent.sent_at)).where(sent.quote_id == quote_id, sent.kind == mail_texts.SEND)
    return select(MailMessage.id).where(
        MailMessage.quote_id == quote_id,
        MailMessage.kind.in_(KINDS),
        MailMessage.bounced_at.is_not(None),
        MailMessage.sent_at >= written.correlate_except(sent).scalar_subquery(),
    )


def _last_sent(quote: Quote) -> MailMessage | None:
    query = db.select(MailMessage).where(
        MailMessage.quote_id == quote.id,
        MailMessage.kind == mail_texts.SEND,
        MailMessage.sent_at.is_not(None),
        _has_the_link(quote.id),
    )
    found: MailMessage | None = db.session.scalars(query.order_by(MailMessage.id.desc()).limit(1)).first()
    return found
