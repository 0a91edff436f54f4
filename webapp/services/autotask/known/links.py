"""Links: which remote record belongs to which of our records."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement

from webapp.models import Link, Person, PushQuestion, db, utc_now
from webapp.models.integration import AUTOTASK
from webapp.models.local_key import LocalKey
from webapp.services.autotask.wanted.desired import Desired, DesiredRecord
from webapp.services.core import upsert

# What a push asks people about.
ASKED_FOR = ("Companies", "Contacts", "Quotes", "Products", "Services", "ServiceBundles")


@dataclass(frozen=True)
class LinkKey:
    """What a link is found by: our record, and the entity that it is linked to."""

    local: LocalKey
    entity: str


def key_of(named: DesiredRecord) -> LinkKey:
    """The key of a desired record's link."""
    return LinkKey(named.local, named.entity)


def key_of_link(link: Link) -> LinkKey:
    """The key of a link."""
    return LinkKey(link.local, link.remote_entity)


def find(key: LinkKey) -> Link | None:
    """The link of one record."""
    return db.session.scalars(db.select(Link).where(_is(key))).first()


def of_desired(desired: Desired) -> dict[LinkKey, Link]:
    """All links of a desired state, and all others of its quote, for example those of removed lines."""
    shared: dict[str, list[str]] = {}
    for record in records_of(desired):
        if record.local.quote_id is None:
            shared.setdefault(record.local.kind, []).append(record.local.stored_id)
    query = db.select(Link).where(
        Link.integration == AUTOTASK,
        db.or_(
            Link.quote_id == desired.quote_id,
            *(db.and_(Link.local_type == kind, Link.local_id.in_(ids)) for kind, ids in shared.items()),
        ),
    )
    return {key_of_link(link): link for link in db.session.scalars(query)}


def of_mailbox(desired: Desired) -> dict[LinkKey, Link]:
    """The links of other people of ours who have the email of the quote's person."""
    contact = desired.contact
    email = contact.initial.get("emailAddress") if contact is not None else None
    if contact is None or not email:
        return {}
    others = db.select(db.cast(Person.id, db.String)).where(
        Person.email == email, Person.id != contact.local.number
    )
    query = db.select(Link).where(
        Link.integration == AUTOTASK,
        Link.remote_entity == contact.entity,
        Link.local_type == contact.local.kind,
        Link.local_id.in_(others),
    )
    return {key_of_link(link): link for link in db.session.scalars(query)}


def of_chosen_opportunity(desired: Desired) -> dict[LinkKey, Link]:
    """The links of other quotes to the opportunity that a person chose for this one."""
    opportunity = desired.opportunity
    if opportunity.chosen_id is None:
        return {}
    query = db.select(Link).where(
        Link.integration == AUTOTASK,
        Link.remote_entity == opportunity.entity,
        Link.remote_id == opportunity.chosen_id,
        Link.quote_id != desired.quote_id,
    )
    return {key_of_link(link): link for link in db.session.scalars(query)}


def records_of(desired: Desired) -> Iterable[DesiredRecord]:
    """Every desired record; records that others refer to come first."""
    yield from (record for record in (desired.company, desired.contact) if record is not None)
    yield desired.opportunity
    yield from desired.locations
    yield desired.quote
    yield from (item.record for item in desired.catalog_items)
    yield from desired.items
    yield desired.attachment


@dataclass(frozen=True)
class NewLink:
    """The content of a link: our record, the remote one, and the fields that were pushed to it.

    ``force_fields``: what a person wants written again and this push hasn't written.
    """

    key: LinkKey
    remote_id: int
    parent_id: int | None
    pushed: dict[str, Any]
    force_fields: tuple[str, ...] = ()


def save_all(new_links: Iterable[NewLink]) -> None:
    """Create or update links in the open transaction, with one statement for all of them.

    What a person answered about a record that is linked now is carried out, so “create a new one” answers no later
    question.
    """
    now, new_links = utc_now(), list(new_links)
    rows = [
        {
            "integration": AUTOTASK,
            "local_type": link.key.local.kind,
            "local_id": link.key.local.stored_id,
            "quote_id": link.key.local.quote_id,
            "remote_entity": link.key.entity,
            "remote_id": link.remote_id,
            "remote_parent_id": link.parent_id,
            "pushed": link.pushed,
            "is_kept_deleted": False,
            "force_fields": list(link.force_fields),
            "created_at": now,
            "updated_at": now,
        }
        for link in new_links
    ]
    if not rows:
        return
    _drop_answers({link.key: link.remote_id for link in new_links if link.key.entity in ASKED_FOR})
    statement: Any = upsert.insert(Link)
    given = statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=["integration", "local_type", "local_id", "remote_entity"],
        set_={
            "quote_id": given.quote_id,
            "remote_id": given.remote_id,
            "remote_parent_id": db.func.coalesce(given.remote_parent_id, Link.remote_parent_id),
            "pushed": given.pushed,
            "is_kept_deleted": given.is_kept_deleted,
            "force_fields": given.force_fields,
            "updated_at": given.updated_at,
        },
    )
    db.session.execute(statement.execution_options(render_nulls=True), rows)


def _drop_answers(linked: Mapping[LinkKey, int]) -> None:
    """Delete the answers that led elsewhere than to these records, which are being linked, by their new ids."""
    if not linked:
        return
    query = db.select(PushQuestion).where(
        PushQuestion.chosen_id.is_not(None),
        PushQuestion.local_id.in_({key.local.stored_id for key in linked}),
        PushQuestion.remote_entity.in_({key.entity for key in linked}),
    )
    for question in db.session.scalars(query).all():
        key = LinkKey(question.local, question.remote_entity)
        if key not in linked or question.chosen_id == linked[key]:
            continue
        old = find(key)
        if old is None or old.remote_id != linked[key]:
            db.session.delete(question)


def retire(old: LinkKey, new: LocalKey, remote_id: int) -> None:
    """Give the link of ``remote_id`` another local key, in the open transaction; the old key becomes free."""
    db.session.execute(
        db.update(Link)
        .where(_is(old), Link.remote_id == remote_id)
        .values(local_type=new.kind, local_id=new.stored_id, quote_id=new.quote_id)
        .execution_options(synchronize_session="fetch")
    )


def remove(key: LinkKey, remote_id: int | None = None) -> None:
    """Delete a link in the open transaction; with ``remote_id`` only if it still names that record."""
    statement = db.delete(Link).where(_is(key))
    if remote_id is not None:
        statement = statement.where(Link.remote_id == remote_id)
    db.session.execute(statement.execution_options(synchronize_session="fetch"))


def remove_of_quote(quote_id: int, entities: Collection[str]) -> None:
    """Delete a quote's links to these entities, in the open transaction."""
    statement = db.delete(Link).where(
        Link.integration == AUTOTASK, Link.quote_id == quote_id, Link.remote_entity.in_(entities)
    )
    db.session.execute(statement.execution_options(synchronize_session="fetch"))


def _is(key: LinkKey) -> ColumnElement[bool]:
    same: ColumnElement[bool] = db.and_(
        Link.integration == AUTOTASK,
        Link.local_type == key.local.kind,
        Link.local_id == key.local.stored_id,
        Link.remote_entity == key.entity,
    )
    return same
