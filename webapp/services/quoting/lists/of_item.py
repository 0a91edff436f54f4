"""The quotes that use an item of the library."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.models import Item, Quote, QuoteLine, Revision, User, db, utc_now
from webapp.services.accounts import permissions
from webapp.services.quoting.draft import stages

SHOWN = 20


@dataclass(frozen=True)
class Use:
    """One quote, with its stage now."""

    quote: Quote
    stage: str


@dataclass(frozen=True)
class Uses:
    """The last ones. ``more``: there are others."""

    shown: list[Use]
    more: bool


def quotes(viewer: User, item: Item, limit: int = SHOWN) -> Uses:
    """The quotes with the item in their draft, also as a part, that ``viewer`` may see, last changed first."""
    is_used = db.or_(QuoteLine.item_id == item.id, QuoteLine.has_part("item_id", item.id))
    using = db.select(QuoteLine.quote_id).where(is_used)
    query = (
        permissions.visible(db.select(Quote), viewer)
        .where(Quote.id.in_(using))
        .options(
            db.joinedload(Quote.organization),
            db.joinedload(Quote.person),
            db.joinedload(Quote.owner),
            db.selectinload(Quote.revisions).load_only(
                Revision.number, Revision.expires_on, Revision.ends_at
            ),
        )
        .order_by(Quote.updated_at.desc(), Quote.id.desc())
        .limit(limit + 1)
    )
    found, now = list(db.session.scalars(query)), utc_now()
    return Uses([Use(quote, stages.stage_of(quote, now)) for quote in found[:limit]], len(found) > limit)
