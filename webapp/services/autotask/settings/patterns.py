"""Titles made of a pattern: {number}, {title}, {organization} and {person} stand for the quote's own."""

from __future__ import annotations

import re

from webapp.services.quoting.revisions.snapshot import Snapshot

PLACEHOLDERS = ("number", "title", "organization", "person")
UNKNOWN = "Only {number}, {title}, {organization} and {person} may stand between braces."
_PLACE = re.compile(r"\{(" + "|".join(PLACEHOLDERS) + r")\}")


def flaw(pattern: str) -> str:
    """A sentence when the pattern names something else or its braces do not pair; empty when it is good."""
    rest = _PLACE.sub("", pattern)
    return UNKNOWN if "{" in rest or "}" in rest else ""


def fill(pattern: str, frozen: Snapshot) -> str:
    """The pattern's outcome for a quote; its title when nothing comes out."""
    person = frozen.person
    names = {
        "number": str(frozen.number),
        "title": frozen.title,
        "organization": frozen.organization.name if frozen.organization else "",
        "person": f"{person.first_name} {person.last_name}".strip() if person else "",
    }
    text = _PLACE.sub(lambda place: names[place[1]], pattern)
    return " ".join(text.split()) or frozen.title
