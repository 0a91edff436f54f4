"""Open quotes of a person who leaves go to a colleague."""

from __future__ import annotations

from webapp.models import Quote, User, db
from webapp.models.quote import PENDING
from webapp.services.accounts import permissions
from webapp.services.accounts.permissions import Permission
from webapp.services.core.errors import Invalid
from webapp.services.diary import diary


def open_quotes(user: User) -> int:
    """How many of the user's quotes aren't won or lost yet."""
    query = db.select(db.func.count()).select_from(Quote).filter_by(owner_id=user.id, status=PENDING)
    return db.session.scalar(query) or 0


def colleagues(user: User) -> list[User]:
    """Who can take them."""
    sellers = permissions.roles_with(Permission.SELL)
    query = db.select(User).where(User.is_active, User.id != user.id, User.role.in_(sellers))
    query = query.order_by(User.name, User.id)
    return list(db.session.scalars(query))


def hand_over(actor: User, user: User, successor_id: int | None) -> None:
    """In the open transaction: give the user's open quotes to a colleague. Raises Invalid when none was chosen."""
    query = db.select(Quote).filter_by(owner_id=user.id, status=PENDING).order_by(Quote.id)
    query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    quotes = db.session.scalars(query).all()
    if not quotes:
        return
    successor = next((one for one in colleagues(user) if one.id == successor_id), None)
    if successor is None:
        count = "1 open quote" if len(quotes) == 1 else f"{len(quotes)} open quotes"
        raise Invalid(
            "Nothing was changed. Choose who takes the open quotes.",
            {"successor_id": f"{user.name} has {count}. Choose who takes them."},
        )
    for quote in quotes:
        quote.owner = successor
        diary.write(actor, "quote.handed_over", "quote", quote.id)
