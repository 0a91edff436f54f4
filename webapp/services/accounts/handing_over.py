"""Open quotes of a person go to a colleague: when the person leaves, or when a sales manager says so."""

from __future__ import annotations

from webapp.models import Notification, Quote, User, db
from webapp.models.quote import PENDING
from webapp.services.accounts import permissions
from webapp.services.accounts.permissions import Permission
from webapp.services.core import records, work
from webapp.services.core.errors import Invalid, NotFound
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


def owners() -> list[tuple[User, int]]:
    """Who has open quotes, and how many, also those who left; by name."""
    query = db.select(User, db.func.count(Quote.id)).join(Quote, Quote.owner_id == User.id)
    query = query.where(Quote.status == PENDING).group_by(User.id).order_by(User.name, User.id)
    return [(user, count) for user, count in db.session.execute(query)]


def takers() -> list[User]:
    """Who can take quotes, by name."""
    sellers = permissions.roles_with(Permission.SELL)
    query = db.select(User).where(User.is_active, User.role.in_(sellers)).order_by(User.name, User.id)
    return list(db.session.scalars(query))


@work.command
def give(actor: User, owner_id: int | None, successor_id: int | None) -> tuple[User, User, int]:
    """Give all open quotes of one person to another, who must differ. Returns both, and how many quotes.

    Raises Forbidden, or Invalid with a sentence by field.
    """
    permissions.require_now(actor, Permission.MANAGE)
    owner = records.find(User, owner_id)
    if owner is None or not open_quotes(owner):
        raise Invalid("Nothing was changed.", {"owner_id": "Choose someone who has open quotes."})
    successor = next((one for one in takers() if one.id == successor_id), None)
    if successor is None or successor.id == owner.id:
        raise Invalid("Nothing was changed.", {"successor_id": "Choose someone else who takes the quotes."})
    count = open_quotes(owner)
    hand_over(actor, owner, successor.id)
    return owner, successor, count


@work.command
def give_one(actor: User, quote_id: int, successor_id: int | None) -> User:
    """Give one open quote to a colleague, who is returned. Raises Forbidden, NotFound, or Invalid with a sentence."""
    permissions.require_now(actor, Permission.MANAGE)
    query = db.select(Quote).filter_by(id=quote_id)
    query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    quote = db.session.scalar(query)
    if quote is None:
        raise NotFound(permissions.GONE)
    if quote.status != PENDING:
        raise Invalid(f"It is {quote.status}, so it stays with {quote.owner.name}.")
    successor = next((one for one in takers() if one.id == successor_id), None)
    if successor is None:
        raise Invalid("Choose a colleague who takes it. It wasn't changed.")
    if successor.id == quote.owner_id:
        raise Invalid(f"{successor.name} has it already.")
    _give(actor, quote, successor)
    return successor


def _give(actor: User, quote: Quote, successor: User) -> None:
    """What the owner hasn't read of the customer's comments goes along."""
    unread = db.update(Notification).filter_by(user_id=quote.owner_id, kind="comment", read_at=None)
    quote.owner = successor
    db.session.execute(unread.filter_by(quote_id=quote.id).values(user_id=successor.id))
    diary.write(actor, "quote.handed_over", "quote", quote.id)


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
        _give(actor, quote, successor)
