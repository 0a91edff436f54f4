"""Patterns for titles: {number}, {title}, {organization} and {person} stand for the quote's values."""

from __future__ import annotations

import re

from webapp.services.quoting.revisions.snapshot import Snapshot

PLACEHOLDERS = ("number", "title", "organization", "person")
UNKNOWN = "Use only {number}, {title}, {organization} and {person} in braces."
_PLACE = re.compile(r"\{(" + "|".join(PLACEHOLDERS) + r")\}")


def flaw(pattern: str) -> str:
    """A sentence when the pattern has an unknown placeholder or an unpaired brace; empty when it is valid."""
    rest = _PLACE.sub("", pattern)
    return UNKNOWN if "{" in rest or "}" in rest else ""


def fill(pattern: str, frozen: Snapshot) -> str:
    """The pattern filled for a quote; the quote's title when the result is empty."""
    return filled(pattern, frozen) or frozen.title


def filled(pattern: str, frozen: Snapshot) -> str:
    """The pattern filled for a quote, which may be empty."""
    person = frozen.person
    names = {
        "number": str(frozen.number),
        "title": frozen.title,
        "organization": frozen.organization.name if frozen.organization else "",
        "person": f"{person.first_name} {person.last_name}".strip() if person else "",
    }
    text = _PLACE.sub(lambda place: names[place[1]], pattern)
    return " ".join(text.split())
