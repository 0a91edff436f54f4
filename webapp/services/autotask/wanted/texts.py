"""Texts as Autotask's fields take them. Pure."""

from __future__ import annotations

import hashlib

from webapp.services.autotask.wanted.facts import RemoteFacts


def truncate(facts: RemoteFacts, entity: str, name: str, text: str) -> str:
    """``text`` cut to what the field takes, with an ellipsis where something was cut off."""
    length = facts.lengths.get((entity, name), 0)
    return text if not length or len(text) <= length else text[: length - 1].rstrip() + "…"


def truncate_name(facts: RemoteFacts, entity: str, text: str) -> str:
    """The name of a record that is matched by it, cut so that two names which begin alike do not become one.

    Where something was cut off, the end tells the whole name apart: eight digits of its hash.
    """
    length = facts.lengths.get((entity, "name"), 0)
    if not length or len(text) <= length:
        return text
    end = f"… {hashlib.sha256(text.casefold().encode()).hexdigest()[:8]}"
    return text[: length - len(end)].rstrip() + end
