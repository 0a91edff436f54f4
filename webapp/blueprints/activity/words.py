"""Template filters of the activity pages."""

from __future__ import annotations

import json

from webapp.blueprints.support import actor
from webapp.services.autotask.activity import states
from webapp.services.catalog import costs


def push_badge(status: str) -> states.Badge:
    """The badge of a push or a run."""
    return states.badge(status)


def push_word(status: str) -> str:
    """The state of a push or a run in words."""
    return states.badge(status).label


def push_reason(reason: str) -> str:
    """Why a push was recorded, in words."""
    return states.REASONS.get(reason, reason.replace("_", " "))


def without_costs(text: str) -> str:
    """What a sync says, without the amounts of costs for those who may not see them."""
    return costs.said(actor(), text)


def seconds(value: float) -> str:
    """“40 ms”, “0.4 s”, “75 s”, “12 min”."""
    if value < 0.1:
        return f"{value * 1000:.0f} ms"
    if value >= 600:
        return f"{value / 60:.0f} min"
    return f"{value:.0f} s" if value >= 10 else f"{value:.1f} s"


def pretty_json(text: str) -> str:
    """A document with line breaks; a truncated document unchanged."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text
