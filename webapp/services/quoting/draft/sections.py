"""Add, change, move and delete the sections of a draft, and put lines into them.

Lines stand in the order of their sections, those without one first; ``arrange`` keeps it so.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping

from webapp.models import Quote, QuoteLine, QuoteSection, User, utc_now
from webapp.models.line import NO_CHOICE, ONE, SECTION_CHOICES, WHOLE
from webapp.models.quote import QUOTE_DISCOUNT_KINDS
from webapp.services.catalog.items import MAX_DESCRIPTION
from webapp.services.company import place
from webapp.services.core import merge
from webapp.services.core.errors import Invalid, NotFound
from webapp.services.core.fields import Reader
from webapp.services.diary import diary, merging
from webapp.services.quoting.draft import discounts, editing, numbering, steps
from webapp.services.quoting.draft.editing import lock_editable

MAX_SECTIONS = 100
FIELDS = ("title", "text", "choice", "is_selected", "starts_page", "discount_kind", "discount_value")
TOGETHER = (("choice", "is_selected"), ("discount_kind", "discount_value"))


@steps.undoable
def add(actor: User, quote_id: int, values: Mapping[str, object], *, after: str = "") -> QuoteSection:
    """Add a section after the one with the uid ``after``, or as the last one. Raises Invalid with sentences."""
    quote = lock_editable(quote_id)
    if len(quote.sections) >= MAX_SECTIONS:
        raise Invalid(f"A quote can have up to {MAX_SECTIONS} sections, so this one wasn't added.")
    section = QuoteSection(uid=str(uuid.uuid4()), **_read(values, quote.currency))
    at = quote.sections.index(find(quote, after)) + 1 if after else len(quote.sections)
    quote.sections.insert(at, section)
    return _finish(actor, quote, section, "quote.section_added")


@steps.undoable
def change(actor: User, quote_id: int, uid: str, values: Mapping[str, object]) -> QuoteSection:
    """Change a section from form input.

    Raises Invalid with a sentence for each wrong field, Conflict where someone else changed the same fields, NotFound
    when it was deleted; stores nothing then.
    """
    quote = lock_editable(quote_id)
    section = find(quote, uid)
    was, before = section.choice, discounts.before(actor, quote)
    read = _read(values, quote.currency)
    reading = merge.Reading(place.of_company(), quote.currency)
    merged = merging.into(actor, section, values, read, what="section", together=TOGETHER, reading=reading)
    changed = [name for name, value in merged.values.items() if getattr(section, name) != value]
    for name in changed:
        setattr(section, name, merged.values[name])
    if was == ONE and section.choice != ONE:
        for line in quote.lines:
            if line.section is section:
                line.is_optional = line.is_selected = False
    discounts.check(actor, quote, before)
    return _finish(actor, quote, section, "quote.section_changed") if changed else section


@steps.undoable
def move(actor: User, quote_id: int, uid: str, position: int) -> QuoteSection:
    """Move a section with its lines to ``position``, counted from 1. Out of range means the first or last place."""
    quote = lock_editable(quote_id)
    section = find(quote, uid)
    quote.sections.remove(section)
    quote.sections.insert(max(0, min(position - 1, len(quote.sections))), section)
    return _finish(actor, quote, section, "quote.section_moved")


@steps.undoable
def remove(actor: User, quote_id: int, uid: str, *, with_lines: bool = False) -> None:
    """Delete a section. Its lines go to the section above, or are deleted ``with_lines``."""
    quote = lock_editable(quote_id)
    section = find(quote, uid)
    at = quote.sections.index(section)
    above = quote.sections[at - 1] if at else None
    for line in [line for line in quote.lines if line.section is section]:
        if with_lines:
            quote.lines.remove(line)
        else:
            join(line, above)
    quote.sections.remove(section)
    _finish(actor, quote, section, "quote.section_removed")


@steps.undoable
def put_lines(actor: User, quote_id: int, uids: Collection[str], section_uid: str) -> None:
    """Move lines to the end of a section, in their order; an empty ``section_uid``: above all sections.

    Raises NotFound when the section or one of the lines was deleted.
    """
    quote = lock_editable(quote_id)
    section = find(quote, section_uid) if section_uid else None
    lines = bring(quote, uids, section)
    arrange(quote)
    quote.updated_at = utc_now()
    diary.write(
        actor,
        "quote.lines_moved",
        "quote",
        quote.id,
        lines=len(lines),
        section=section.title if section else "",
    )


def bring(quote: Quote, uids: Collection[str], section: QuoteSection | None) -> list[QuoteLine]:
    """Put lines at the end, in their order, and into ``section``; ``arrange`` then finds their places.

    Returns them. Raises NotFound when one of them was deleted.
    """
    lines = [line for line in quote.lines if line.uid in uids]
    if len(lines) < len(set(uids)):
        raise NotFound("One of these lines was deleted by someone else. Nothing was moved.")
    for line in lines:
        quote.lines.remove(line)
        quote.lines.append(line)
        join(line, section)
    return lines


def find(quote: Quote, uid: str) -> QuoteSection:
    """The section with this ``uid``. Raises NotFound with a sentence."""
    for section in quote.sections:
        if section.uid == uid:
            return section
    raise NotFound("This section was deleted by someone else or in another tab. Nothing was changed.")


def arrange(quote: Quote) -> None:
    """Bring the lines into the order of their sections, and number both."""
    for position, section in enumerate(quote.sections):
        section.position = position
    order(quote)
    numbering.number(quote.lines)
    settle(quote)


def order(quote: Quote) -> None:
    """Bring the lines into the order of their sections, without numbering them."""
    places = {id(section): position for position, section in enumerate(quote.sections, start=1)}
    lines = sorted(quote.lines, key=lambda line: places.get(id(line.section), 0))
    if lines != list(quote.lines):
        quote.lines[:] = lines


def join(line: QuoteLine, section: QuoteSection | None) -> None:
    """Put the line into a section; it isn't an alternative any more where it was one."""
    if line.section is not section and line.section is not None and line.section.choice == ONE:
        line.is_optional = line.is_selected = False
    line.section = section


def settle(quote: Quote, preferred: QuoteLine | None = None) -> None:
    """Where the customer takes one line of a section: all are optional, and exactly one is selected.

    That is ``preferred`` if it is selected, else the first that is, else the first.
    """
    for section in quote.sections:
        lines = [line for line in quote.lines if line.section is section]
        if section.choice != ONE or not lines:
            continue
        selected = [line for line in lines if line.is_selected] or lines
        taken = preferred if preferred in selected else selected[0]
        for line in lines:
            line.is_optional, line.is_selected = True, line is taken


@steps.undoable
def select(actor: User, quote_id: int, uid: str) -> QuoteLine:
    """Make a line the one that is taken of its section unless the customer chooses another."""
    quote = lock_editable(quote_id)
    for line in quote.lines:
        if line.uid == uid and line.section is not None and line.section.choice == ONE:
            line.is_selected = True
            settle(quote, line)
            _finish(actor, quote, line.section, "quote.section_changed")
            return line
    raise NotFound("This line isn't one of several to choose from any more. Nothing was changed.")


def follow(quote: Quote, line: QuoteLine, position: int) -> None:
    """Put ``line`` at ``position`` (counted from 0) of the others, into the section that it lands in.

    Moved down, it joins the line above it; moved up, the line below it.
    """
    before = quote.lines.index(line)
    quote.lines.remove(line)
    position = max(0, min(position, len(quote.lines)))
    if position > before:
        join(line, quote.lines[position - 1].section)
    elif position < before:
        join(line, quote.lines[position].section)
    quote.lines.insert(position, line)


def seen(section: QuoteSection) -> str:
    """The ``seen`` (``core.merge``) of the section's form."""
    return merge.seen({name: getattr(section, name) for name in FIELDS})


def _read(values: Mapping[str, object], currency: str) -> dict[str, object]:
    reader = Reader(values, place.of_company())
    read = {
        "title": reader.text("title", 200, missing="Enter a heading. The customer sees it."),
        "text": reader.text("text", MAX_DESCRIPTION, one_line=False),
        "choice": (choice := reader.choice("choice", SECTION_CHOICES, NO_CHOICE)),
        "is_selected": choice == WHOLE and reader.flag("is_selected"),
        "starts_page": reader.flag("starts_page"),
        **editing.read_discount(reader, QUOTE_DISCOUNT_KINDS, currency),
    }
    reader.check("This section isn't saved. Fix the highlighted field.")
    return read


def _finish(actor: User, quote: Quote, section: QuoteSection, action: str) -> QuoteSection:
    arrange(quote)
    quote.updated_at = utc_now()
    diary.write(actor, action, "quote", quote.id, section=section.title)
    return section
