"""Texts that are too long for the table of lines."""

from __future__ import annotations

from collections.abc import Iterator

from webapp.services.quoting.revisions.snapshot import Snapshot

# Longer descriptions are printed in full after the offer, so that the table of lines stays readable.
IN_TABLE = 700
LINES_IN_TABLE = 12


def short(text: str) -> str:
    """The part of a description that the table of lines shows."""
    shown = "\n".join(text.split("\n")[:LINES_IN_TABLE])
    return shown if len(shown) <= IN_TABLE else shown[:IN_TABLE].rsplit(" ", 1)[0]


def of(frozen: Snapshot) -> Iterator[tuple[str, str]]:
    """What the table shows only the beginning of: the name and the whole text."""
    texts = [("Message", frozen.comments)]
    texts += [(section.title, section.text) for section in frozen.sections]
    texts += [(line.name, line.description) for line in frozen.lines]
    return ((name, text) for name, text in texts if short(text) != text)
