"""Read the diary: the history of an object, and the feed of quotes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from webapp.models import DiaryEntry, Quote, User, db
from webapp.services.accounts import permissions
from webapp.services.catalog import costs
from webapp.services.diary import words
from webapp.services.diary.words import ChangeView

FEED_SHOWN = 12
MAX_OF_OTHERS = 50
# They change nothing of the quote itself.
NO_CHANGES = ("quote.answered", "quote.share_ended")
# The feed is about deals: what a rep typed into a draft is in the quote's own history.
FEED_ACTIONS = tuple(
    f"quote.{action}"
    for action in (
        "published",
        "viewed",
        "accepted",
        "ordered",
        "fulfilled",
        "lost",
        "pending",
        "expired",
        "commented",
    )
)


@dataclass(frozen=True)
class EntryView:
    """One event in words. ``revision`` and ``reason`` are empty where they don't apply."""

    at: datetime
    what: str
    by: str
    revision: int | None
    reason: str
    changes: list[ChangeView]
    quote: Quote | None = None


def history(viewer: User, object_type: str, object_id: object, limit: int = 100) -> list[EntryView]:
    """The newest events of one object, newest first, with people's names instead of their addresses."""
    query = _newest(limit).filter_by(object_type=object_type, object_id=str(object_id))
    return [_view(entry, viewer) for entry in db.session.scalars(query)]


def newest_id(object_type: str, object_id: object) -> int:
    """The newest entry of one object; 0 when it has none."""
    query = db.select(db.func.max(DiaryEntry.id)).filter_by(object_type=object_type, object_id=str(object_id))
    return db.session.scalar(query) or 0


def of_others(actor: User, object_type: str, object_id: object, since: int) -> list[EntryView]:
    """What other users changed in one object after the entry ``since``, oldest first."""
    query = (
        _newest(MAX_OF_OTHERS)
        .filter_by(object_type=object_type, object_id=str(object_id))
        .where(
            DiaryEntry.id > since,
            DiaryEntry.actor_id.is_not(None),
            DiaryEntry.actor_id != actor.id,
            DiaryEntry.action.not_in(NO_CHANGES),
        )
    )
    return [_view(entry, actor) for entry in reversed(list(db.session.scalars(query)))]


def feed(user: User, *, everyone: bool = False) -> list[EntryView]:
    """What happened lately to the published quotes of ``user``, or of all that they may see; newest first."""
    query = _newest(FEED_SHOWN).where(DiaryEntry.action.in_(FEED_ACTIONS))
    seen = permissions.visible(db.select(db.cast(Quote.id, db.String)), user)
    own = seen if everyone else seen.where(Quote.owner_id == user.id)
    query = query.where(DiaryEntry.object_type == "quote", DiaryEntry.object_id.in_(own))
    entries = list(db.session.scalars(query))
    ids = {int(entry.object_id) for entry in entries}
    quotes = {quote.id: quote for quote in db.session.scalars(db.select(Quote).where(Quote.id.in_(ids)))}
    return [_view(entry, user, quotes.get(int(entry.object_id))) for entry in entries]


def _newest(limit: int) -> Any:
    return (
        db.select(DiaryEntry)
        .options(db.joinedload(DiaryEntry.user))
        .order_by(DiaryEntry.id.desc())
        .limit(limit)
    )


def _view(entry: DiaryEntry, viewer: User, quote: Quote | None = None) -> EntryView:
    reason = entry.detail.get("reason", "")
    seen = costs.shown(viewer, {change["field"] for change in entry.changes})
    changes = [change for change in entry.changes if change["field"] in seen]
    return EntryView(
        at=entry.at,
        what=words.action(entry.action),
        by=entry.user.name if entry.user else entry.actor,
        revision=entry.revision,
        reason=costs.said(viewer, reason) if isinstance(reason, str) else "",
        changes=words.changes(changes),
        quote=quote,
    )
