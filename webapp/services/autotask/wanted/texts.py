"""Cut texts to the length of Autotask's fields. Pure."""

from __future__ import annotations

import hashlib

from webapp.services.autotask.wanted.facts import RemoteFacts


def truncate(facts: RemoteFacts, entity: str, name: str, text: str) -> str:
    """``text`` cut to the field's length, with an ellipsis where it was cut."""
    length = facts.lengths.get((entity, name), 0)
    return text if not length or len(text) <= length else text[: length - 1].rstrip() + "…"


def truncate_name(facts: RemoteFacts, entity: str, text: str) -> str:
    """A name that records are matched by, cut so that two long names with the same beginning stay different.

    A name that was cut ends with eight digits of the full name's hash.
    """
    length = facts.lengths.get((entity, "name"), 0)
    if not length or len(text) <= length:
        return text
    end = f"… {hashlib.sha256(text.casefold().encode()).hexdigest()[:8]}"
    return text[: length - len(end)].rstrip() + end
