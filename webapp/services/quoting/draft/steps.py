"""One rule for undo: a command on a draft is what it changed, before and after; its inverse is that, read backwards.

A command carries ``@undoable``. The quote is looked at when the command locks it and when it ends; the difference is
kept for the session that did it (``draft_step``), so that it survives a reload. ``undo`` applies it backwards, field by
field: where the field no longer holds what the command put there, someone else changed it since, and it stays.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from webapp.models import DraftStep, Quote, QuoteLine, QuoteSection, User, db, utc_now
from webapp.services.core import work
from webapp.services.diary import words

P = ParamSpec("P")
R = TypeVar("R")
Values = dict[str, Any]
KEPT_PER_SESSION = 300
KEPT_FOR = timedelta(days=7)
HEADER = (
    *("title", "currency", "expires_on", "comments", "internal_notes", "purchase_order_number"),
    *("discount_kind", "discount_value", "shipping_amount", "person_id", "organization_id"),
    *("deposit_kind", "deposit_value", "deposit_is_required", "brand_id"),
    *("autotask_contact_id", "autotask_opportunity_id", "autotask_opportunity_title"),
)
# A line but for its place and identity.
LINE = (
    *(
        column.name
        for column in QuoteLine.__table__.columns
        if column.name not in ("id", "quote_id", "section_id", "uid", "position", "version")
    ),
    "section_uid",
)
# What changes with an amount, and is called after it.
COMPANIONS = {"price_rule", "price_percent", "price_date", "cost_date"}
MOVED = {"section_uid", "is_optional", "is_selected"}
SECTION = (
    *("uid", "title", "text", "choice", "is_selected", "starts_page"),
    *("discount_kind", "discount_value"),
)


@dataclass(frozen=True)
class Image:
    """A draft as it was. ``lines`` by uid and ``sections``, both in their order."""

    header: Values
    lines: dict[str, Values]
    sections: list[Values]


@dataclass
class Watch:
    """A command under way, and the draft as it found it."""

    before: Image | None = None
    quote: Quote | None = None


_session: ContextVar[str] = ContextVar("draft_session", default="")
_watch: ContextVar[Watch | None] = ContextVar("draft_watch", default=None)


@contextmanager
def of_session(session: str) -> Iterator[None]:
    """Keep what the block does to drafts for this session; without one, nothing is kept."""
    token = _session.set(session)
    try:
        yield
    finally:
        _session.reset(token)


def session() -> str:
    """The session whose steps are kept here."""
    return _session.get()


def undoable(function: Callable[P, R]) -> Callable[P, R]:
    """Make a command of a draft, a unit of work, undoable. Its first argument is the actor."""

    @wraps(function)
    def watched(*args: P.args, **kwargs: P.kwargs) -> R:
        with work.unit():
            if not _session.get() or _watch.get() is not None:
                return function(*args, **kwargs)
            mine = Watch()
            token = _watch.set(mine)
            try:
                result = function(*args, **kwargs)
            finally:
                _watch.reset(token)
            actor = args[0]
            if mine.quote is not None and mine.before is not None and isinstance(actor, User):
                _keep(actor, mine.quote, difference(mine.before, image(mine.quote)))
            return result

    return watched


def watch(quote: Quote) -> None:
    """Note how the draft is before the command that just locked it."""
    mine = _watch.get()
    if mine is not None and mine.before is None:
        mine.quote, mine.before = quote, image(quote)


def image(quote: Quote) -> Image:
    """The draft as it is now."""
    db.session.flush()
    lines = {line.uid: _values(line, LINE) for line in quote.lines}
    return Image(_values(quote, HEADER), lines, sections(quote))


def sections(quote: Quote) -> list[Values]:
    """The sections of the draft as it is now."""
    return [_stored(_values(section, SECTION)) for section in quote.sections]


def known(now: Values | None, then: Values | None) -> Values | None:
    """What ``now`` is of a section in the fields of ``then``: a step of an earlier version knows fewer."""
    return {name: now[name] for name in then} if now and then else now


def difference(before: Image, after: Image) -> dict[str, Any]:
    """What changed, as JSON: ``header``, ``lines`` and ``sections`` before and after, ``places``. Empty: nothing."""
    lines: dict[str, list[Values | None]] = {}
    for uid in {**before.lines, **after.lines}:
        old, new = before.lines.get(uid), after.lines.get(uid)
        if old is None or new is None:
            lines[uid] = [old and _stored(old), new and _stored(new)]
        elif old != new:
            names = [name for name in LINE if old[name] != new[name]]
            lines[uid] = [_stored({name: one[name] for name in names}) for one in (old, new)]
    header = {
        name: [store(before.header[name]), store(after.header[name])]
        for name in HEADER
        if before.header[name] != after.header[name]
    }
    places = _places(list(before.lines), list(after.lines))
    headings = [before.sections, after.sections] if before.sections != after.sections else []
    change = {"header": header, "lines": lines, "places": places, "sections": headings}
    return {**change, "names": _names(before, after, lines, places)} if any(change.values()) else {}


def store(value: Any) -> Any:
    """A value as JSON that ``difference`` can compare: equal for equal amounts."""
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return value.isoformat() if isinstance(value, date) else value


def _stored(values: Values) -> Values:
    return {name: store(value) for name, value in values.items()}


def _values(record: Quote | QuoteLine | QuoteSection, names: tuple[str, ...]) -> Values:
    # Most are loaded; asking for each attribute costs ten times as much.
    loaded = record.__dict__
    return {name: loaded[name] if name in loaded else getattr(record, name) for name in names}


def _places(before: list[str], after: list[str]) -> list[list[str | None]]:
    """The lines that came, went or moved, each with the line before it, then and now."""
    if before == after:
        return []
    there, here = set(after), set(before)
    stayed = [uid for uid in before if uid in there]
    moved = set(stayed) - _in_order(stayed, [uid for uid in after if uid in here])
    moved |= there ^ here
    then, now = _ahead(before), _ahead(after)
    every = dict.fromkeys([*before, *after])
    return [[uid, then.get(uid), now.get(uid)] for uid in every if uid in moved]


def _ahead(order: list[str]) -> dict[str, str]:
    return dict(zip(order, ["", *order], strict=False))


def _in_order(before: list[str], after: list[str]) -> set[str]:
    """The longest run of lines that kept their order: the others moved."""
    place = {uid: number for number, uid in enumerate(before)}
    tails: list[int] = []
    ends: list[str] = []
    back: dict[str, str | None] = {}
    for uid in after:
        at = bisect_left(tails, place[uid])
        back[uid] = ends[at - 1] if at else None
        tails[at : at + 1], ends[at : at + 1] = [place[uid]], [uid]
    kept: set[str] = set()
    last: str | None = ends[-1] if ends else None
    while last is not None:
        kept.add(last)
        last = back[last]
    return kept


def _names(
    before: Image, after: Image, lines: Mapping[str, Any], places: list[list[str | None]]
) -> dict[str, str]:
    # Lines that came or went are what a step is called after.
    uids = [*sorted(lines, key=lambda uid: None not in lines[uid]), *(str(place[0]) for place in places)]
    return {uid: (after.lines.get(uid) or before.lines[uid])["name"] for uid in uids[:2]}


def _keep(actor: User, quote: Quote, change: dict[str, Any]) -> None:
    """Keep a step; what was undone before it can't be done again."""
    if not change:
        return
    mine = {"quote_id": quote.id, "session": _session.get(), "user_id": actor.id}
    db.session.execute(db.delete(DraftStep).filter_by(**mine, is_undone=True))
    db.session.execute(db.delete(DraftStep).where(DraftStep.at < utc_now() - KEPT_FOR))
    ids = (
        db.select(DraftStep.id)
        .filter_by(**mine)
        .order_by(DraftStep.id.desc())
        .offset(KEPT_PER_SESSION)
        .limit(1)
    )
    oldest = db.session.scalar(ids)
    if oldest is not None:
        db.session.execute(db.delete(DraftStep).filter_by(**mine).where(DraftStep.id <= oldest))
    db.session.add(DraftStep(**mine, label=label(change)[:120], change=change))


def label(change: Mapping[str, Any]) -> str:
    """What the change is, for “Undo: …”."""
    lines, names = change["lines"], list(change["names"].values())
    name = names[0] if names else ""
    came = [uid for uid, (old, _) in lines.items() if old is None]
    went = [uid for uid, (_, new) in lines.items() if new is None]
    if change["header"]:
        fields = list(change["header"])
        return in_words(fields[0]) if len(fields) == 1 else "quote details"
    if change.get("sections"):
        return _label_of_sections(*change["sections"])
    for uids, verb in ((came, "adding"), (went, "deleting")):
        if uids:
            return f"{verb} {name}" if len(uids) == 1 else f"{verb} {len(uids)} lines"
    # In a section of which one line is taken, a line becomes optional.
    if all("section_uid" in new and MOVED.issuperset(new) for _, new in lines.values()):
        if not change["places"]:
            return "moving lines to a section"
        return f"moving {name}" if len(change["places"]) == 1 else f"moving {len(change['places'])} lines"
    if len(lines) > 1:
        return f"changing {len(lines)} lines"
    every = list(next(iter(lines.values()))[1])
    fields = [name for name in every if name not in COMPANIONS] or every
    return f"{in_words(fields[0])} of {name}" if len(fields) == 1 else f"changing {name}"


def _label_of_sections(before: list[Values], after: list[Values]) -> str:
    then, now = ({section["uid"]: section for section in one} for one in (before, after))
    for verb, one, other in (("adding", now, then), ("deleting", then, now)):
        for uid, section in one.items():
            if uid not in other:
                return f"{verb} the section {section['title']}"
    changed = [section["title"] for uid, section in now.items() if then[uid] != section]
    return f"changing the section {changed[0]}" if changed else "moving a section"


def in_words(name: str) -> str:
    """A field as people call it."""
    return words.FIELDS.get(name, name.removesuffix("_id").replace("_", " "))
