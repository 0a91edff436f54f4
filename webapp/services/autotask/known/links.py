"""Links: which remote record belongs to which of our records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

from webapp.models import Link, db, utc_now
from webapp.models.integration import AUTOTASK
from webapp.services.autotask.wanted.desired import Desired, DesiredRecord

Local = tuple[str, str, str]


def local_of(record: DesiredRecord) -> Local:
    """The key of a record's link: our type and id, and the entity."""
    return (*record.local, record.entity)


def find(local: Local) -> Link | None:
    """The link of one record."""
    kind, number, entity = local
    query = db.select(Link).filter_by(
        integration=AUTOTASK, local_type=kind, local_id=number, remote_entity=entity
    )
    return db.session.scalars(query).first()


def of_desired(desired: Desired) -> dict[Local, Link]:
    """All links of a desired state, with those of the quote's removed lines."""
    ids = {record.local[1] for record in records_of(desired)}
    prefix = f"{desired.quote_id}:"
    query = db.select(Link).where(
        Link.integration == AUTOTASK,
        db.or_(Link.local_id.in_(ids), db.and_(Link.local_type == "line", Link.local_id.startswith(prefix))),
    )
    return {(link.local_type, link.local_id, link.remote_entity): link for link in db.session.scalars(query)}


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
    """The content of a link: our record, the remote one, and the fields that were pushed to it."""

    local: Local
    remote_id: int
    parent_id: int | None
    pushed: dict[str, Any]


def save_all(new_links: Iterable[NewLink]) -> None:
    """Create or update links in the open transaction, with one statement for all of them."""
    now = utc_now()
    rows = [
        {
            "integration": AUTOTASK,
            "local_type": link.local[0],
            "local_id": link.local[1],
            "remote_entity": link.local[2],
            "remote_id": link.remote_id,
            "remote_parent_id": link.parent_id,
            "pushed": link.pushed,
            "created_at": now,
            "updated_at": now,
        }
        for link in new_links
    ]
    if not rows:
        return
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    statement: Any = insert(Link)
    given = statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=["integration", "local_type", "local_id", "remote_entity"],
        set_={
            "remote_id": given.remote_id,
            "remote_parent_id": db.func.coalesce(given.remote_parent_id, Link.remote_parent_id),
            "pushed": given.pushed,
            "updated_at": given.updated_at,
        },
    )
    db.session.execute(statement, rows)


def retire(old: Local, new: Local, remote_id: int) -> None:
    """Give the link of ``remote_id`` another local key, in the open transaction; the old key becomes free."""
    db.session.execute(
        db.update(Link)
        .filter_by(integration=AUTOTASK, local_type=old[0], local_id=old[1], remote_entity=old[2])
        .where(Link.remote_id == remote_id)
        .values(local_type=new[0], local_id=new[1])
        .execution_options(synchronize_session="fetch")
    )


def remove(local: Local, remote_id: int | None = None) -> None:
    """Delete a link in the open transaction; with ``remote_id`` only if it still names that record."""
    kind, number, entity = local
    statement = db.delete(Link).filter_by(
        integration=AUTOTASK, local_type=kind, local_id=number, remote_entity=entity
    )
    if remote_id is not None:
        statement = statement.where(Link.remote_id == remote_id)
    db.session.execute(statement.execution_options(synchronize_session="fetch"))
