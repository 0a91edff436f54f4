"""Quote numbers: assigned in order when a quote is first published, never twice."""

from __future__ import annotations

from webapp.models import Counter, db
from webapp.models.quote import QUOTE_NUMBERS
from webapp.services.core import upsert

FIRST_NUMBER = 1001


def next_quote_number() -> int:
    """The next number, in the open transaction.

    The update locks the counter (on SQLite, the database) until the transaction ends, so two quotes published at the
    same moment get different numbers. After a rollback, the number is used by the next quote.
    """
    raised = db.update(Counter).where(Counter.name == QUOTE_NUMBERS).values(value=Counter.value + 1)
    number: int | None = db.session.scalar(raised.returning(Counter.value))
    if number is not None:
        return number
    first = upsert.insert(Counter).values(name=QUOTE_NUMBERS, value=FIRST_NUMBER - 1)
    db.session.execute(first.on_conflict_do_nothing())
    first_number: int = db.session.execute(raised.returning(Counter.value)).scalar_one()
    return first_number


def coming_quote_number() -> int:
    """The number of the next published quote, without reserving it."""
    counter = db.session.get(Counter, QUOTE_NUMBERS)
    return counter.value + 1 if counter else FIRST_NUMBER
