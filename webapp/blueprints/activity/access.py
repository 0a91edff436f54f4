"""Permissions: reps see and act on the pushes of their own quotes, admins on all."""

from __future__ import annotations

from webapp.blueprints.support import actor
from webapp.models import Quote
from webapp.models.account import ADMIN

NOT_YOURS = "This is a colleague's quote. Only its owner and admins can see its sync log and act on it."


def is_admin() -> bool:
    """True for admins."""
    return actor().role == ADMIN


def may_act(quote: Quote) -> bool:
    """True when the signed-in user may see the quote's runs and act on its push."""
    return is_admin() or quote.owner_id == actor().id
