"""Who may see and do what: reps what concerns their own quotes, admins everything."""

from __future__ import annotations

from webapp.blueprints.support import actor
from webapp.models import Quote
from webapp.models.account import ADMIN

NOT_YOURS = "This is the push of a colleague's quote. Its owner and admins can see it and act on it."


def is_admin() -> bool:
    """True for an admin."""
    return actor().role == ADMIN


def is_theirs(quote: Quote) -> bool:
    """True when the signed-in person may see the quote's runs and act on its push."""
    return is_admin() or quote.owner_id == actor().id
