"""The items that a user marks, to find them first."""

from __future__ import annotations

from webapp.models import Item, ItemFavorite, User, db
from webapp.services.core import work
from webapp.services.core.errors import Invalid
from webapp.services.diary import diary

MOST = 200


@work.command
def mark(actor: User, item: Item, *, wanted: bool) -> bool:
    """Make the item a favorite of the actor's, or no longer; returns ``wanted``. Raises Invalid at ``MOST``."""
    # One after the other: two clicks at once are one.
    db.session.refresh(actor, with_for_update={"key_share": True})
    key = {"user_id": actor.id, "item_id": item.id}
    marked = db.session.get(ItemFavorite, key)
    if (marked is not None) == wanted:
        return wanted
    if marked is not None:
        db.session.delete(marked)
    else:
        have = db.select(db.func.count()).select_from(ItemFavorite).where(ItemFavorite.user_id == actor.id)
        if (db.session.scalar(have) or 0) >= MOST:
            raise Invalid(
                f"You have {MOST} favorites already, so “{item.name}” isn't one. Remove another first."
            )
        db.session.add(ItemFavorite(**key))
    diary.write(
        actor, "item.favorite_added" if wanted else "item.favorite_removed", "item", item.id, name=item.name
    )
    return wanted


def is_marked(user: User, item: Item) -> bool:
    """Whether the item is a favorite of the user's."""
    return db.session.get(ItemFavorite, {"user_id": user.id, "item_id": item.id}) is not None
