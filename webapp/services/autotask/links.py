"""Which remote record belongs to which of ours."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from webapp.models import Link, db
from webapp.models.integration import AUTOTASK
from webapp.services.autotask.desired import Desired, Wish

Local = tuple[str, str, str]


def local_of(wish: Wish) -> Local:
    """The link's key of a wish: our type and id, and the entity."""
    return (*wish.local, wish.entity)


def find(local: Local) -> Link | None:
    """The link of one record."""
    kind, number, entity = local
    query = db.select(Link).filter_by(
        integration=AUTOTASK, local_type=kind, local_id=number, remote_entity=entity
    )
    return db.session.scalars(query).first()


def of_desired(desired: Desired) -> dict[Local, Link]:
    """All links that concern a desired state, the quote's stale lines among them."""
    wishes = [*wishes_of(desired)]
    ids = {wish.local[1] for wish in wishes}
    prefix = f"{desired.quote_id}:"
    query = db.select(Link).where(
        Link.integration == AUTOTASK,
        db.or_(Link.local_id.in_(ids), db.and_(Link.local_type == "line", Link.local_id.startswith(prefix))),
    )
    return {(link.local_type, link.local_id, link.remote_entity): link for link in db.session.scalars(query)}


def wishes_of(desired: Desired) -> Iterable[Wish]:
    """Every wish, those first that others name."""
    yield from (wish for wish in (desired.company, desired.contact) if wish is not None)
    yield desired.opportunity
    yield from desired.locations
    yield desired.quote
    yield from (goods.wish for goods in desired.goods)
    yield from desired.items
    yield desired.attachment


def save(
    local: Local, remote_id: int, *, parent_id: int | None = None, pushed: dict[str, Any] | None = None
) -> Link:
    """Make or change a link in the open transaction. ``pushed`` None leaves what was pushed before."""
    kind, number, entity = local
    link = find(local)
    if link is None:
        link = Link(
            integration=AUTOTASK,
            local_type=kind,
            local_id=number,
            remote_entity=entity,
            remote_id=remote_id,
            pushed={},
        )
        db.session.add(link)
    link.remote_id = remote_id
    link.remote_parent_id = parent_id if parent_id is not None else link.remote_parent_id
    if pushed is not None:
        link.pushed = pushed
    return link


def remove(local: Local) -> None:
    """Forget a link in the open transaction."""
    link = find(local)
    if link is not None:
        db.session.delete(link)
