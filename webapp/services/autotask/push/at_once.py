"""Push one quote at once, in this process, through the delivery room like every other push."""

from __future__ import annotations

from datetime import timedelta

from webapp.models import Delivery, PushRun, Quote, db
from webapp.services.autotask.push import processing
from webapp.services.core import clock
from webapp.services.core.errors import Invalid, NotFound
from webapp.services.core.fields import parse_id
from webapp.services.core.runtime import Runtime
from webapp.services.delivery import attempt, room
from webapp.services.quoting.draft import editing

# The sweeper leaves the entry alone for this long. If this process dies, a worker takes it after that.
HEAD_START = timedelta(minutes=1)


def find_quote(text: str) -> Quote:
    """The quote with this number, else with this id; “id:7” is always an id. Raises NotFound."""
    name = text.strip()
    wanted = parse_id(name.removeprefix("id:"))
    if wanted is None:
        raise NotFound(f"“{name}” isn't a quote number or id.")
    if not name.startswith("id:"):
        quote: Quote | None = db.session.scalar(db.select(Quote).filter_by(number=wanted))
        if quote is not None:
            return quote
    try:
        return editing.get(wanted)
    except NotFound as error:
        raise NotFound(f"There is no quote with the number or id {wanted}.") from error


def push_now(runtime: Runtime, quote: Quote) -> tuple[Delivery, PushRun | None]:
    """Push the newest revision. Returns its entry and the run; None for the run when no push could start.

    Raises Invalid for a quote that was never published.
    """
    revision = quote.current_revision
    if revision is None:
        raise Invalid(
            "This quote was never published, so there is nothing to push yet. Publish it first, or preview its push "
            "with --dry-run."
        )
    entry = room.add(processing.delivery(quote, revision, "by command"))
    entry.not_before = clock.now() + HEAD_START
    db.session.commit()
    entry_id = entry.id
    attempt.perform(runtime, entry_id, early=True)
    db.session.expire_all()
    query = db.select(PushRun).filter_by(delivery_id=entry_id).order_by(PushRun.id.desc()).limit(1)
    return db.session.get_one(Delivery, entry_id), db.session.scalar(query)
