"""Read the diary: the history of an object, and the feed of quotes."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
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

# What is shown of the newest entries, and the name of the user who wrote each; None for anyone else.
_NEWEST = (
    db.select(
        DiaryEntry.id,
        DiaryEntry.at,
        DiaryEntry.action,
        DiaryEntry.actor,
        DiaryEntry.object_id,
        DiaryEntry.revision,
        DiaryEntry.content,
        User.name,
    )
    .outerjoin(User, User.id == DiaryEntry.actor_id)
    .order_by(DiaryEntry.id.desc())
    .limit(db.bindparam("shown"))
)
_OF_OBJECT = _NEWEST.where(
    DiaryEntry.object_type == db.bindparam("object_type"), DiaryEntry.object_id == db.bindparam("object_id")
)


@dataclass(frozen=True)
class EntryView:
    """One event in words. ``revision`` and ``reason`` are empty where they don't apply."""

    id: int
    at: datetime
    what: str
    by: str
    object_id: str
    revision: int | None
    reason: str
    changes: list[ChangeView]
    quote: Quote | None = None


def history(viewer: User, object_type: str, object_id: object, limit: int = 100) -> list[EntryView]:
    """The newest events of one object, newest first, with people's names instead of their addresses."""
    shown = {"object_type": object_type, "object_id": str(object_id), "shown": limit}
    return _views(db.session.execute(_OF_OBJECT, shown), viewer)


def of_others(actor: User, object_type: str, object_id: object, since: int) -> list[EntryView]:
    """What other users changed in one object after the entry ``since``, oldest first."""
    query = _OF_OBJECT.where(
        DiaryEntry.id > since,
        DiaryEntry.actor_id.is_not(None),
        DiaryEntry.actor_id != actor.id,
        DiaryEntry.action.not_in(NO_CHANGES),
    )
    shown = {"object_type": object_type, "object_id": str(object_id), "shown": MAX_OF_OTHERS}
    return _views(db.session.execute(query, shown), actor)[::-1]


def feed(user: User, *, everyone: bool = False) -> list[EntryView]:
    """What happened lately to the published quotes of ``user``, or of all that they may see; newest first."""
    seen = permissions.visible(db.select(db.cast(Quote.id, db.String)), user)
    own = seen if everyone else seen.where(Quote.owner_id == user.id)
    query = _NEWEST.where(
        DiaryEntry.action.in_(FEED_ACTIONS), DiaryEntry.object_type == "quote", DiaryEntry.object_id.in_(own)
    )
    views = _views(db.session.execute(query, {"shown": FEED_SHOWN}), user)
    named = db.select(Quote).options(db.load_only(Quote.number, Quote.title))
    ids = {int(view.object_id) for view in views}
    quotes = {quote.id: quote for quote in db.session.scalars(named.where(Quote.id.in_(ids)))}
    return [replace(view, quote=quotes.get(int(view.object_id))) for view in views]


def _views(entries: Iterable[Any], viewer: User) -> list[EntryView]:
    hidden = costs.hidden(viewer)
    return [_view(entry, viewer, hidden) for entry in entries]


def _view(entry: Any, viewer: User, hidden: Collection[str]) -> EntryView:
    content = json.loads(entry.content)
    reason = content["detail"].get("reason", "")
    return EntryView(
        id=entry.id,
        at=entry.at,
        what=words.action(entry.action),
        by=entry.name or entry.actor,
        object_id=entry.object_id,
        revision=entry.revision,
        reason=costs.said(viewer, reason) if isinstance(reason, str) else "",
        changes=words.changes(change for change in content["changes"] if change["field"] not in hidden),
    )
