"""Who may do what: one table and one function, for views, templates and services alike."""

from __future__ import annotations

from enum import StrEnum

from webapp.models import Quote, User
from webapp.models.account import ADMIN
from webapp.services.core.errors import Forbidden


class Permission(StrEnum):
    """``administer``: settings, integrations, accounts, and the syncs of all quotes. ``sync``: see a quote's sync log,
    sync it again and answer its questions. ``review``: check a quote for Autotask changes and decide about them.
    """

    ADMINISTER = "administer"
    SYNC = "sync"
    REVIEW = "review"


# What is said to a person who may not.
REFUSALS = {
    Permission.ADMINISTER: "Your account can't do this. Ask an admin for access.",
    Permission.SYNC: "This is a colleague's quote. Only its owner and admins can see its sync log and act on it.",
    Permission.REVIEW: "This is a colleague's quote. Only its owner and admins can check it and decide.",
}
# These come with owning the quote.
OF_OWNERS = frozenset({Permission.SYNC, Permission.REVIEW})


def may(user: User, permission: Permission, quote: Quote | None = None) -> bool:
    """True if ``user`` has the permission; ``quote``: for the permissions that its owner has."""
    if user.role == ADMIN:
        return True
    return permission in OF_OWNERS and quote is not None and quote.owner_id == user.id


def require(user: User, permission: Permission, quote: Quote | None = None) -> None:
    """Raise Forbidden with a sentence unless ``user`` has the permission."""
    if not may(user, permission, quote):
        raise Forbidden(REFUSALS[permission])
