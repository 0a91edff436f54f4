"""Who may sign in with a password or a passkey where the company wants everyone to sign in at the provider."""

from __future__ import annotations

from webapp.models import SsoProvider, User, db
from webapp.models.account import OWNER
from webapp.services.accounts.sso import ONLY
from webapp.services.core.errors import Forbidden

REFUSED = "Passwords and passkeys are turned off here. Use the single sign-on button."


class PasswordsOff(Forbidden):
    """The person has to sign in at the provider."""


def may_sign_in_locally(user: User) -> bool:
    """True if ``user`` may sign in with a password or a passkey. The owner always may: the way in when the provider is
    away.
    """
    row = db.session.get(SsoProvider, ONLY)
    return row is None or row.allows_passwords or user.role == OWNER


def require(user: User) -> None:
    """Raise PasswordsOff with a sentence unless ``user`` may sign in with a password."""
    if not may_sign_in_locally(user):
        raise PasswordsOff(REFUSED)
