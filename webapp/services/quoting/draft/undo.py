"""Undo and redo: apply a step of a draft (``steps``) backwards, or again.

A field that someone else changed since keeps its value, and is named.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from sqlalchemy import ScalarSelect

from webapp.models import DraftStep, Quote, QuoteLine, QuoteSection, User, db, utc_now
from webapp.services.catalog import costs
from webapp.services.core import work
from webapp.services.core.errors import Invalid
from webapp.services.diary import diary, merging
from webapp.services.quoting.draft import bundles, discounts, editing, lines, restoring, sections, steps


def _end(*, undone: bool) -> ScalarSelect[int]:
    """The id of a session's newest step, or of the oldest one that is ``undone``."""
    end = db.func.min if undone else db.func.max
    mine = (getattr(DraftStep, name) == db.bindparam(name) for name in ("quote_id", "session", "user_id"))
    found: ScalarSelect[int] = (
        db.select(end(DraftStep.id)).where(*mine, DraftStep.is_undone == undone).scalar_subquery()
    )
    return found


# Put together once: every page of a draft asks it.
_LABELS = db.select(DraftStep.is_undone, DraftStep.label).where(
    DraftStep.id.in_([_end(undone=False), _end(undone=True)])
)


@dataclass
class Undone:
    """What an undo or a redo did. ``kept``: a sentence for each field that someone else changed since."""

    label: str
    touched: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    is_header: bool = False
    is_sections: bool = False

    @property
    def is_anything(self) -> bool:
        """False when everything of it was changed by others since."""
        return bool(self.touched or self.moved or self.is_header or self.is_sections)


def next_labels(actor: User, quote_id: int) -> tuple[str, str]:
    """What the actor's session would undo and do again, in words; empty where there is nothing."""
    of = _whose(actor, quote_id)
    labels = {step.is_undone: step.label for step in db.session.execute(_LABELS, of)} if of else {}
    return labels.get(False, ""), labels.get(True, "")


@work.command
def undo(actor: User, quote_id: int) -> Undone:
    """Undo this session's newest step. Raises Invalid where there is none or the quote is closed."""
    return _go(actor, quote_id, back=True)


@work.command
def redo(actor: User, quote_id: int) -> Undone:
    """Do again what was undone last. Raises Invalid where there is none or the quote is closed."""
    return _go(actor, quote_id, back=False)


def _go(actor: User, quote_id: int, *, back: bool) -> Undone:
    quote = editing.lock_editable(quote_id)
    step = _next(actor, quote_id, undone=not back)
    if step is None:
        raise Invalid("There's nothing to undo." if back else "There's nothing to redo.")
    before, image = discounts.before(actor, quote), steps.image(quote)
    undone = Undone(step.label)
    _apply(actor, quote, step.change, back, undone)
    if not undone.is_anything:
        # Everything of it belongs to others by now.
        db.session.delete(step)
        return undone
    if len(quote.lines) > lines.MAX_LINES:
        raise Invalid(f"A quote can have up to {lines.MAX_LINES:,} lines, so nothing was changed.")
    sections.arrange(quote)
    quote.updated_at = utc_now()
    db.session.flush()
    # A line that comes back as it was brings a discount that was allowed; publishing looks at it again.
    came = {uid: share for uid, share in discounts.before(actor, quote).items() if uid not in image.lines}
    discounts.check(actor, quote, {**before, **came})
    step.is_undone = back
    if undone.kept:
        # Only what was done now can be done the other way.
        now = steps.image(quote)
        step.change = steps.difference(now, image) if back else steps.difference(image, now)
        if not step.change:
            db.session.delete(step)
    diary.write(actor, "quote.undone" if back else "quote.redone", "quote", quote.id, what=step.label)
    return undone


def _next(actor: User, quote_id: int, *, undone: bool) -> DraftStep | None:
    of = _whose(actor, quote_id)
    query = db.select(DraftStep).where(DraftStep.id == _end(undone=undone))
    step: DraftStep | None = db.session.scalar(query, of) if of else None
    return step


def _whose(actor: User, quote_id: int) -> dict[str, object]:
    """Whose steps are looked at, for ``_end``; empty where none are kept."""
    session = steps.session()
    return {"quote_id": quote_id, "session": session, "user_id": actor.id} if session else {}


def _apply(actor: User, quote: Quote, change: Mapping[str, Any], back: bool, undone: Undone) -> None:
    old, new = (1, 0) if back else (0, 1)
    header = {name: (pair[old], pair[new]) for name, pair in change["header"].items()}
    undone.is_header = _set(actor, quote, header, undone)
    extra: list[QuoteSection] = []
    if change.get("sections"):
        extra = _set_sections(actor, quote, change["sections"][old], change["sections"][new], undone)
    missing, homes = _apply_lines(
        actor, quote, {uid: (pair[old], pair[new]) for uid, pair in change["lines"].items()}, undone
    )
    _place(quote, [(place[0], place[1 + old], place[1 + new]) for place in change["places"]], missing, undone)
    for line in quote.lines:
        if line.uid in homes:
            line.section_uid = homes[line.uid]
        elif line.section in extra:
            line.section = None
    for section in extra:
        quote.sections.remove(section)


def _apply_lines(
    actor: User, quote: Quote, pairs: Mapping[str, tuple[Any, Any]], undone: Undone
) -> tuple[dict[str, QuoteLine], dict[str, str]]:
    """Change and remove lines. Returns those to put back, by uid, and the uids of their sections."""
    present = {line.uid: line for line in quote.lines}
    missing: dict[str, QuoteLine] = {}
    homes: dict[str, str] = {}
    for uid, (was, becomes) in pairs.items():
        line = present.get(uid)
        if was is None:
            if line is None:
                values = restoring.read(becomes)
                home = values.pop("section_uid", "")
                if home and all(section.uid != home for section in quote.sections):
                    undone.kept.append(f"The section of “{values['name']}” is gone, so it stays deleted.")
                    continue
                homes[uid] = home
                missing[uid] = QuoteLine(uid=uid, **values)
        elif line is None:
            if becomes is not None:
                undone.kept.append(f"{_who(actor, quote, ())} deleted a line since, so it stays deleted.")
        elif becomes is None:
            changed = [name for name in was if steps.store(getattr(line, name)) != was[name]]
            if changed:
                undone.kept.append(f"{_who(actor, line, changed)} changed “{line.name}” since, so it stays.")
            else:
                quote.lines.remove(line)
                undone.touched.append(uid)
        elif _set_line(actor, line, {name: (was[name], becomes[name]) for name in was}, undone):
            undone.touched.append(uid)
    return missing, homes


def _set_line(actor: User, line: QuoteLine, pairs: Mapping[str, tuple[Any, Any]], undone: Undone) -> bool:
    """``_set`` of a line; False, with all of it as it was, where it no longer fits what someone else changed since."""
    db.session.flush()
    before = restoring.misfits(line)
    # What doesn't fit isn't for the database.
    with db.session.no_autoflush:
        if not _set(actor, line, pairs, undone):
            return False
        misfits = restoring.misfits(line)
        if before or not misfits:
            bundles.settle(line)
            return True
        db.session.expire(line)
    undone.kept.append(f"{_who(actor, line, misfits)} changed “{line.name}” since, so it stays.")
    return False


def _set_sections(
    actor: User,
    quote: Quote,
    was: list[dict[str, Any]],
    becomes: list[dict[str, Any]],
    undone: Undone,
) -> list[QuoteSection]:
    """All sections as they were, unless someone changed one since. Returns those to remove once no line needs them."""
    if [steps.known(*pair) for pair in zip_longest(steps.sections(quote), was)] != was:
        undone.kept.append(f"{_who(actor, quote, ())} changed the sections since, so they stay.")
        return []
    present = {section.uid: section for section in quote.sections}
    restored = []
    for position, values in enumerate(becomes):
        section = present.get(values["uid"]) or QuoteSection()
        for name, value in restoring.read(values).items():
            setattr(section, name, value)
        section.position = position
        restored.append(section)
    extra = [section for section in quote.sections if section not in restored]
    quote.sections = [*restored, *extra]
    db.session.flush()
    undone.is_sections = True
    return extra


def _set(
    actor: User, record: Quote | QuoteLine, pairs: Mapping[str, tuple[Any, Any]], undone: Undone
) -> bool:
    """Set each field that holds what the step left there. True if one was set."""
    is_set = False
    pairs = {name: pairs[name] for name in costs.shown(actor, list(pairs))}
    units = [tuple(name for name in unit if name in pairs) for unit in restoring.TOGETHER]
    units += [(name,) for name in pairs if not any(name in unit for unit in units)]
    for unit in units:
        now = {name: steps.store(getattr(record, name)) for name in unit}
        if not unit or all(now[name] == pairs[name][1] for name in unit):
            continue
        if any(now[name] != pairs[name][0] for name in unit):
            named = f"the {steps.in_words(unit[-1])}"
            if isinstance(record, QuoteLine):
                named += f" of “{record.name}”"
            undone.kept.append(f"{_who(actor, record, unit)} changed {named} since, so it stays.")
            continue
        for name, value in restoring.read({name: pairs[name][1] for name in unit}).items():
            setattr(record, name, value)
        is_set = True
    return is_set


def _place(
    quote: Quote,
    places: list[tuple[str, str | None, str | None]],
    missing: dict[str, QuoteLine],
    undone: Undone,
) -> None:
    """Put each line behind the one that it was behind; where that one is gone, at the end of what there is."""
    names = {line.uid: line.name for line in quote.lines}
    above = dict(zip(names, ["", *names], strict=False))
    rest = []
    for one in places:
        uid, was, ahead = one
        if ahead is None:
            continue
        if uid in above and was is not None and above[uid] != was and (not was or was in above):
            undone.kept.append(f"“{names[uid]}” was moved since, so it stays where it is.")
        else:
            rest.append(one)
    stuck = False
    while rest:
        at = {line.uid: number for number, line in enumerate(quote.lines)}
        waiting = {uid for uid, _, _ in rest}
        ready = next((one for one in rest if one[2] == "" or (one[2] in at and one[2] not in waiting)), None)
        uid, was, ahead = ready or rest[0]
        stuck = ready is None
        rest.remove((uid, was, ahead))
        line = missing.pop(uid, None)
        if line is not None:
            undone.touched.append(uid)
        elif uid in at:
            line = quote.lines[at[uid]]
            before = quote.lines[at[uid] - 1].uid if at[uid] else ""
            if before == ahead:
                continue
            quote.lines.remove(line)
            undone.moved.append(uid)
        if line is None:
            continue
        order = [other.uid for other in quote.lines]
        place = order.index(ahead) + 1 if ahead in order else (len(order) if stuck else 0)
        quote.lines.insert(place, line)


def _who(actor: User, record: Quote | QuoteLine, names: Collection[str]) -> str:
    part = record.uid if isinstance(record, QuoteLine) else ""
    return merging.who_changed(actor, *record.diary_object, names, part)
