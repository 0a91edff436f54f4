"""Find rows by words, as people read them (``models.names``), alike on both databases."""

from __future__ import annotations

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute

from webapp.models import db, names

# A shorter word without its punctuation would be found in too much.
SHORTEST_SQUEEZED = 3


def has_word(word: str, *keys: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """The condition that one of the ``search_key`` columns holds ``word``."""
    sought = {names.folded(word)}
    bare = names.squeezed(word)
    if len(bare) >= SHORTEST_SQUEEZED:
        sought.add(bare)
    conditions = [key.contains(text, autoescape=True) for key in keys for text in sorted(sought) if text]
    found: ColumnElement[bool] = db.or_(*conditions) if conditions else db.false()
    return found
