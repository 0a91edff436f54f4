"""Quotes that were published before the integration was saved: how many would sync now, and which of them shall."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from webapp.models import Delivery, User, db
from webapp.models.delivery import DeliveryState
from webapp.models.integration import AUTOTASK
from webapp.services.autotask.settings import store as settings_store
from webapp.services.company import place
from webapp.services.core import work
from webapp.services.core.errors import Invalid
from webapp.services.core.fields import Reader
from webapp.services.diary import diary

ALL, NONE, SINCE = "all", "none", "since"
LEFT = "This quote was left out when the integration was saved. Choose Sync now to sync it."


@dataclass(frozen=True)
class Backlog:
    """``count`` quotes have waited since ``oldest``; all of them sync with the first *Save Integration*."""

    count: int
    oldest: datetime | None


def current() -> Backlog:
    """The quotes that wait for the settings; none once these are live, when a quote waits for its turn only."""
    if settings_store.active().version:
        return Backlog(0, None)
    query = db.select(db.func.count(Delivery.quote_id.distinct()), db.func.min(Delivery.created_at))
    count, oldest = db.session.execute(_waiting(query)).one()
    return Backlog(count, oldest)


@work.command
def choose(actor: User, form: dict[str, str]) -> int:
    """Leave out the waiting quotes that the admin doesn't want; returns how many. Call it before the settings go live.

    ``backlog``: all, none, or since the day in ``backlog_since``, on which they were published. Raises Invalid.
    """
    backlog, reader = current(), Reader(form)
    wanted = reader.choice("backlog", (ALL, NONE, SINCE), ALL)
    since = reader.day("backlog_since") if wanted == SINCE else None
    if wanted == SINCE and since is None:
        raise Invalid(
            "The integration wasn't saved. Enter the day from which waiting quotes shall sync, like 2026-11-30."
        )
    reader.check("The integration wasn't saved. Enter the day from which waiting quotes shall sync.")
    if wanted == ALL or not backlog.count:
        return 0
    quotes = _waiting(db.select(Delivery.quote_id).distinct())
    if since is not None:
        newest = _waiting(db.select(Delivery.quote_id)).group_by(Delivery.quote_id)
        quotes = newest.having(db.func.max(Delivery.created_at) < _begin(since))
    ids = list(db.session.scalars(quotes))
    db.session.execute(
        db.update(Delivery)
        .where(
            Delivery.reader == AUTOTASK, Delivery.state == DeliveryState.WAITING, Delivery.quote_id.in_(ids)
        )
        .values(state=DeliveryState.STOPPED, outcome=LEFT)
        .execution_options(synchronize_session="fetch")
    )
    if ids:
        diary.write(
            actor, "autotask.backlog_left", "autotask_settings", 0, quotes=ids, since=str(since or "")
        )
    return len(ids)


def _waiting(query: Any) -> Any:
    return query.where(
        Delivery.reader == AUTOTASK, Delivery.state == DeliveryState.WAITING, Delivery.quote_id.is_not(None)
    )


def _begin(day: date) -> datetime:
    return place.of_company().start_of(day)
