"""Filters of these pages' templates."""

from __future__ import annotations

import json

from webapp.services.autotask.activity import states


def push_word(status: str) -> str:
    """The state of a push, or of one run, in a word or two."""
    return states.RUN_LABELS.get(status, status)


def seconds(value: float) -> str:
    """“40 ms”, “0.4 s”, “75 s”, “12 min”."""
    if value < 0.1:
        return f"{value * 1000:.0f} ms"
    if value >= 600:
        return f"{value / 60:.0f} min"
    return f"{value:.0f} s" if value >= 10 else f"{value:.1f} s"


def pretty_json(text: str) -> str:
    """A document with its lines broken; what is none (a long answer was cut) as it is."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text
