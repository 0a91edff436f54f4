"""All deliveries of all readers, on one page."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.models import Delivery, Quote, User, db
from webapp.models.delivery import DeliveryState
from webapp.services.core import clock, records, work
from webapp.services.core.errors import Invalid
from webapp.services.delivery import reader, room
from webapp.services.diary import diary

PAGE = 40
GONE = "This delivery is no longer in the list."
BUSY = "This is being delivered right now. Reload the page to see how it ended."
STATES = {
    DeliveryState.WAITING: "Waiting",
    DeliveryState.RUNNING: "Under way",
    DeliveryState.PARKED: "Action needed",
    DeliveryState.STOPPED: "Stopped",
    DeliveryState.DONE: "Delivered",
    DeliveryState.SUPERSEDED: "Not needed",
}
# A person can send these again; what was delivered is repeated from its own page, where there is one.
REPEATABLE = (DeliveryState.WAITING, DeliveryState.PARKED, DeliveryState.STOPPED)


@dataclass(frozen=True)
class DeliveryPage:
    """A page of the list, newest first. ``more``: older ones follow."""

    rows: list[Delivery]
    number: int
    more: bool


def page(number: int = 1, *, key: str = "", state: str = "") -> DeliveryPage:
    """Page ``number`` (from 1); ``key``: of one reader, ``state``: in one state, each empty for all."""
    query = (
        db.select(Delivery)
        .options(db.joinedload(Delivery.quote).load_only(Quote.number, Quote.title))
        .order_by(Delivery.id.desc())
    )
    if key:
        query = query.where(Delivery.reader == key)
    if state in STATES:
        query = query.where(Delivery.state == state)
    number = max(1, min(number, 10_000))
    rows = list(db.session.scalars(query.limit(PAGE + 1).offset((number - 1) * PAGE)))
    return DeliveryPage(rows[:PAGE], number, len(rows) > PAGE)


def of_quote(quote: Quote) -> list[tuple[str, str]]:
    """What each reader was told last about the quote: its name, and the state in words."""
    told = room.status(quote)
    return [(name, STATES[DeliveryState(told[key])]) for key, name in names().items() if key in told]


def names() -> dict[str, str]:
    """The readers' names by key."""
    return {each.key: each.name for each in reader.every()}


@work.command
def send_now(actor: User, delivery_id: int) -> Delivery:
    """Make a delivery due now, whatever it waits for. Raises NotFound, or Invalid if it's under way or has ended."""
    row = records.get(Delivery, delivery_id, GONE)
    db.session.refresh(row, with_for_update=True)
    if row.state not in REPEATABLE:
        raise Invalid(
            BUSY if row.state == DeliveryState.RUNNING else "This was delivered, so it wasn't sent again."
        )
    row.state, row.is_asked_for, row.not_before = DeliveryState.WAITING, True, clock.now()
    diary.write(actor, "delivery.sent_now", "delivery", row.id, reader=row.reader)
    work.ring()
    return row
