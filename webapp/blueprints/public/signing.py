"""Whose turn it is, as the customer's page shows it."""

from __future__ import annotations

from typing import Any

from webapp.services.quoting.answer import turns
from webapp.services.quoting.answer.opened import Opened
from webapp.services.quoting.answer.turns import Turn


def of_page(found: Opened, closed: str) -> dict[str, Any]:
    """``signing``: whether this link can sign now; ``choosing``: and choose, as no one signed yet."""
    turn = turns.round_of(found.quote)
    state = turn.turn(found.signer)
    is_open = not closed and state is Turn.OPEN
    return {
        "turn": turn,
        "turn_state": state.value,
        "turn_names": turns.listed([one.name for one in turn.due]) if turn.due else "",
        "signer": found.signer,
        "signing": is_open,
        "choosing": is_open and not turn.given,
        "declining": not closed and state in (Turn.OPEN, Turn.LATER),
    }
