"""Take a person out of what was logged about their quotes: messages, notices, and what Autotask was sent and said."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping

from webapp.models import (
    Base,
    Delivery,
    DiaryEntry,
    MailMessage,
    PushCall,
    PushStep,
    QuoteComment,
    QuoteShare,
    db,
)
from webapp.models.delivery import MAIL, DeliveryState
from webapp.services.core.errors import Invalid
from webapp.services.diary.diary import CUSTOMER
from webapp.services.privacy import hanging, places
from webapp.services.privacy.hanging import table_of
from webapp.services.privacy.values import REMOVED, Known

CONTACTS = "Contacts"
# Of a message to a webhook, what people wrote.
PROSE = ("title", "lost_reason")
BEING_SENT = (
    "Nothing was changed, because a message about what this person did is being sent. Try again in a minute."
)


def clean(known: Known, quote_ids: Sequence[int]) -> None:
    """In the open transaction, in the rows of these quotes."""
    rows = hanging.rows(quote_ids)
    for model, names in places.LOGS.items():
        table = table_of(model)
        key = hanging.primary_of(table)
        for some in hanging.parts(rows.get(table, [])):
            query = db.select(*dict.fromkeys((key, *(table.c[name] for name in names), *_kinds(model))))
            for row in db.session.execute(query.where(key.in_(some))).mappings().all():
                changed = {
                    name: after
                    for name in names
                    if (after := _after(known, model, name, row, table.c[name].type)) != row[name]
                }
                if changed:
                    db.session.execute(db.update(table).where(key == row[key.name]).values(**changed))


def clean_mail(known: Known) -> None:
    """In the open transaction: emails that a user wrote about anyone's quotes, and notices to them."""
    table, names = table_of(MailMessage), places.LOGS[MailMessage]
    theirs = db.or_(table.c.author_id == known.user_id, table.c.recipients.in_(known.account_emails))
    query = db.select(*(table.c[name] for name in ("id", *names))).where(theirs)
    for row in db.session.execute(query).mappings().all():
        changed = {name: _after(known, MailMessage, name, row, table.c[name].type) for name in names}
        db.session.execute(db.update(table).where(table.c.id == row["id"]).values(**changed))


def sign_off(known: Known) -> None:
    """In the open transaction: messages about what a user did, on anyone's quotes, are the former user's.

    Raises Invalid while one is being sent. The rows are locked, so that no worker takes one as it was.
    """
    by_them = DiaryEntry.actor_id == known.user_id
    # A test message isn't about an event of the diary.
    of_no_event = Delivery.event_id.is_(None) & (Delivery.quote_id.is_(None))
    query = db.select(Delivery).outerjoin(DiaryEntry, Delivery.event_id == DiaryEntry.id)
    # A mail's payload is the number of what it tells.
    query = query.where(Delivery.payload != "", Delivery.reader != MAIL, by_them | of_no_event)
    query = query.order_by(Delivery.id)
    query = query.with_for_update(of=Delivery).execution_options(populate_existing=True)
    for row in db.session.scalars(query).all():
        content = _signed_off(known, json.loads(row.payload), is_theirs=row.event_id is not None)
        if content is None:
            continue
        if row.state == DeliveryState.RUNNING:
            raise Invalid(BEING_SENT)
        row.payload = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    db.session.flush()


def _signed_off(known: Known, content: dict[str, Any], *, is_theirs: bool) -> dict[str, Any] | None:
    """A message with the former user in it; None if there is nothing to change."""
    by = content.get("by")
    if by == known.alias or not (is_theirs or by in known.signatures):
        return None
    return {**content, "by": known.alias}


def _kinds(model: type[Base]) -> tuple[Any, ...]:
    return (table_of(model).c.entity,) if model is PushStep else ()


def _after(known: Known, model: type[Base], name: str, row: RowMapping, kind: Any) -> Any:
    before = row[name]
    if known.person is not None:
        # It is all about a contact, and can hold more than we know.
        if model is PushStep and name == "changes" and row["entity"] == CONTACTS:
            return {}
        if model is PushCall and name != "path" and CONTACTS in row["path"]:
            return ""
    # What they signed as, whatever it was.
    if model in (QuoteComment, QuoteShare) and name == "name" and known.has_email(row["email"]):
        return known.alias
    if model in (QuoteComment, QuoteShare):
        return known.without(before)
    if model is Delivery and name == "payload":
        return _in_json(before, lambda content: _message(known, content))
    if isinstance(before, str):
        after = _in_json(before, known.without) if before[:1] in ("{", "[") else known.without(before)
        return after[: getattr(kind, "length", None)]
    return known.without(before)


def _in_json(text: str, change: Any) -> str:
    """A text that holds JSON stays JSON, and as it was if there is nothing to change."""
    try:
        content = json.loads(text)
    except ValueError:
        return str(change(text))
    after = change(content)
    return text if after == content else json.dumps(after, separators=(",", ":"), ensure_ascii=False)


def _message(known: Known, content: Any) -> Any:
    """A message to a webhook, by its keys: amounts, ids and the company stay."""
    if not isinstance(content, dict) or not isinstance(quote := content.get("quote"), dict):
        return content
    quote = {**quote, **{name: known.without(quote[name]) for name in PROSE if name in quote}}
    by = known.without(content.get("by"))
    contact, owner = quote.get("contact"), quote.get("owner")
    if contact and known.person_id is not None and contact["id"] == known.person_id:
        quote["contact"] = {**contact, "name": known.alias, "email": ""}
        by = CUSTOMER + known.alias if str(by).startswith(CUSTOMER) else by
    if owner and known.is_account(owner["email"]):
        quote["owner"] = {"name": known.alias, "email": REMOVED}
    return {**content, "by": by, "quote": quote}
