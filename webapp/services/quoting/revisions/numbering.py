"""Quote numbers: given at the first publishing, in order, never twice."""

from __future__ import annotations

from sqlalchemy.dialects import postgresql, sqlite

from webapp.models import Counter, db
from webapp.models.quote import QUOTE_NUMBERS

FIRST_NUMBER = 1001


def next_quote_number() -> int:
    """The next number, in the open transaction.

    Raising the counter locks its row (SQLite: the database) until the transaction ends, so two publishings at the
    same moment get two numbers; a rolled-back one leaves the number to the next.
    """
    raised = db.update(Counter).where(Counter.name == QUOTE_NUMBERS).values(value=Counter.value + 1)
    number: int | None = db.session.scalar(raised.returning(Counter.value))
    if number is not None:
        return number
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    first = insert(Counter).values(name=QUOTE_NUMBERS, value=FIRST_NUMBER - 1)
    db.session.execute(first.on_conflict_do_nothing())
    first_number: int = db.session.execute(raised.returning(Counter.value)).scalar_one()
    return first_number


def coming_quote_number() -> int:
    """The number that the next published quote gets, unless another is published first. Nothing is taken."""
    counter = db.session.get(Counter, QUOTE_NUMBERS)
    return counter.value + 1 if counter else FIRST_NUMBER
