"""Everything that is held about a contact or a user, as one JSON file for them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, or_

from webapp.models import (
    Acceptance,
    Delivery,
    DiaryEntry,
    KnownDevice,
    Link,
    MailMessage,
    Notification,
    Passkey,
    Person,
    Quote,
    QuoteComment,
    QuoteEvent,
    QuoteShare,
    QuoteSigner,
    Revision,
    Signature,
    SigningCode,
    SsoIdentity,
    User,
    UserSession,
    db,
    local_key,
)
from webapp.models.delivery import MAIL
from webapp.services.core import work
from webapp.services.diary import diary
from webapp.services.privacy import evidence, knowing
from webapp.services.privacy.values import Known
from webapp.services.quoting.evidence.chain import COLLEAGUE, CUSTOMER

# What names someone by email in a quote of others.
BESIDE: dict[str, Any] = {
    "signers": QuoteSigner,
    "signatures": Signature,
    "acceptances": Acceptance,
    "codes_by_mail": SigningCode,
    "comments": QuoteComment,
    "shared_links": QuoteShare,
}

# Of a row, what is no one's data: digests and secrets.
LEFT_OUT = ("_sha256", "_encrypted", "_hash", "token", "public_key", "search_key", "name_key", "salt")

# The company's own, whoever the quote is for: in rows, revisions, and changes in the diary.
INTERNAL = {"internal_notes", "unit_cost", "cost_date", "price_rule", "price_percent", "tiers"}


@work.command
def person(actor: User, record: Person) -> str:
    """What is held about a contact. That it was exported is in the diary."""
    known, quote_ids, beside = knowing.contact(record)
    local = local_key.person(record.id)
    links = db.select(Link).filter_by(local_type=local.kind, local_id=local.stored_id)
    content = {
        "contact": _row(record),
        "organization": _row(record.organization) if record.organization else None,
        "quotes": [_quote(quote) for quote in _by_id(Quote, quote_ids)],
        "acceptances": _rows(db.select(Acceptance).where(Acceptance.quote_id.in_(quote_ids))),
        "signers": _rows(db.select(QuoteSigner).where(QuoteSigner.quote_id.in_(quote_ids))),
        "signatures": _rows(db.select(Signature).where(Signature.quote_id.in_(quote_ids))),
        "codes_by_mail": _rows(db.select(SigningCode).where(SigningCode.quote_id.in_(quote_ids))),
        "events": _rows(db.select(QuoteEvent).where(QuoteEvent.quote_id.in_(quote_ids))),
        "messages": _rows(
            db.select(Delivery).where(
                Delivery.quote_id.in_(quote_ids), Delivery.payload != "", Delivery.reader != MAIL
            )
        ),
        "emails": _rows(db.select(MailMessage).where(MailMessage.quote_id.in_(quote_ids))),
        "notifications": _rows(db.select(Notification).where(Notification.quote_id.in_(quote_ids))),
        "comments": _rows(db.select(QuoteComment).where(QuoteComment.quote_id.in_(quote_ids))),
        "shared_links": _rows(db.select(QuoteShare).where(QuoteShare.quote_id.in_(quote_ids))),
        "autotask_links": _rows(links),
        "in_quotes_of_others": _beside(known, beside),
        "audit_trail": _entries(known, {("person", record.id), *(("quote", one) for one in quote_ids)}),
    }
    diary.write(actor, "person.exported", "person", record.id)
    return _as_json(content)


@work.command
def user(actor: User, record: User) -> str:
    """What is held about a user. That it was exported is in the diary."""
    known = knowing.user(record, knowing.quotes_of_user(record))
    owned = db.select(Quote.id, Quote.number, Quote.title, Quote.status).filter_by(owner_id=record.id)
    content = {
        "account": _row(record),
        "sessions": _rows(db.select(UserSession).filter_by(user_id=record.id)),
        "devices": _rows(db.select(KnownDevice).filter_by(user_id=record.id)),
        "passkeys": _rows(db.select(Passkey).filter_by(user_id=record.id)),
        "single_sign_on": _rows(db.select(SsoIdentity).filter_by(user_id=record.id)),
        "notifications": _rows(db.select(Notification).filter_by(user_id=record.id)),
        "comments": _rows(db.select(QuoteComment).filter_by(rep_id=record.id)),
        "emails": _rows(db.select(MailMessage).where(_of_user(record))),
        "signed_in_their_browser": _rows(db.select(Signature).where(evidence.signed_in_as(known))),
        "countersignatures": _rows(db.select(Signature).filter_by(countersigner_id=record.id)),
        "events": _rows(db.select(QuoteEvent).where(evidence.by_user(known)).order_by(QuoteEvent.id)),
        "quotes": [dict(row) for row in db.session.execute(owned).mappings()],
        "audit_trail": _entries(known, {("user", record.id)}),
    }
    diary.write(actor, "user.exported", "user", record.id)
    return _as_json(content)


def _beside(known: Known, quote_ids: list[int]) -> dict[str, Any]:
    """What is about the contact in quotes of others, and nothing of these others."""
    of = db.select(Quote.id, Quote.number, Quote.title, Quote.status).where(Quote.id.in_(quote_ids))
    found: dict[str, Any] = {"quotes": [dict(row) for row in db.session.execute(of).mappings()]}
    for name, model in BESIDE.items():
        rows = db.session.scalars(db.select(model).where(model.quote_id.in_(quote_ids)).order_by(model.id))
        found[name] = [_row(row) for row in rows if known.is_them(row.email, getattr(row, "name", ""))]
    events = db.session.scalars(
        db.select(QuoteEvent).where(QuoteEvent.quote_id.in_(quote_ids)).order_by(QuoteEvent.id)
    )
    found["events"] = [
        _row(row) for row in events if row.name in known.names and row.who in (CUSTOMER, COLLEAGUE)
    ]
    mails = db.session.scalars(
        db.select(MailMessage).where(MailMessage.quote_id.in_(quote_ids)).order_by(MailMessage.id)
    )
    theirs = {email.casefold() for email in known.own_emails}
    found["emails"] = [
        _row(row)
        for row in mails
        if theirs & {one.strip().casefold() for one in f"{row.recipients},{row.copies}".split(",")}
    ]
    return found


def _of_user(record: User) -> ColumnElement[bool]:
    """Emails that they wrote, and notices to them."""
    return or_(MailMessage.author_id == record.id, MailMessage.recipients == record.email)


def _quote(quote: Quote) -> dict[str, Any]:
    revisions = db.session.scalars(
        db.select(Revision.content).filter_by(quote_id=quote.id).order_by(Revision.number)
    )
    return {**_row(quote), "revisions": [_for_them(json.loads(content)) for content in revisions]}


def _entries(known: Known, objects: set[tuple[str, int]]) -> list[dict[str, Any]]:
    query = db.select(DiaryEntry).where(knowing.entries(known, objects)).order_by(DiaryEntry.id)
    return [{**_row(entry), "content": _content(entry)} for entry in db.session.scalars(query)]


def _content(entry: DiaryEntry) -> Any:
    changes = [change for change in entry.changes if change["field"] not in INTERNAL]
    return _for_them({"changes": changes, "detail": entry.detail})


def _for_them(content: Any) -> Any:
    """Parsed JSON without what is the company's own."""
    if isinstance(content, dict):
        return {name: _for_them(value) for name, value in content.items() if name not in INTERNAL}
    return [_for_them(value) for value in content] if isinstance(content, list) else content


def _by_id(model: Any, ids: Iterable[int]) -> list[Any]:
    return list(db.session.scalars(db.select(model).where(model.id.in_(list(ids))).order_by(model.id)))


def _rows(query: Any) -> list[dict[str, Any]]:
    return [_row(row) for row in db.session.scalars(query)]


def _row(record: Any) -> dict[str, Any]:
    names = [column.name for column in record.__table__.columns]
    return {
        name: getattr(record, name) for name in names if not name.endswith(LEFT_OUT) and name not in INTERNAL
    }


def _as_json(content: dict[str, Any]) -> str:
    def plain(value: Any) -> Any:
        return value.isoformat() if isinstance(value, date | datetime) else str(value)

    return json.dumps(content, indent=2, ensure_ascii=False, default=plain) + "\n"
