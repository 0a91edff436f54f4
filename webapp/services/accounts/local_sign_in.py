"""Who may sign in with a password where the company wants everyone to sign in at the provider."""

from __future__ import annotations

from webapp.models import SsoProvider, User, db
from webapp.models.account import ADMIN
from webapp.services.accounts.sso import ONLY
from webapp.services.core.errors import Forbidden

REFUSED = "Passwords are turned off here. Use the single sign-on button."


class PasswordsOff(Forbidden):
    """The person has to sign in at the provider."""


def may_sign_in_locally(user: User) -> bool:
    """True if ``user`` may sign in with a password. Of those who may always, there is one: the way in when the
    provider is away.
    """
    row = db.session.get(SsoProvider, ONLY)
    if row is None or row.allows_passwords:
        return True
    # The active admin whose account is the oldest stands for the owner.
    query = db.select(db.func.min(User.id)).where(User.role == ADMIN, User.is_active)
    oldest: int | None = db.session.scalar(query)
    return user.id == oldest


def require(user: User) -> None:
    """Raise PasswordsOff with a sentence unless ``user`` may sign in with a password."""
    if not may_sign_in_locally(user):
        raise PasswordsOff(REFUSED)
