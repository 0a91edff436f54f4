"""Who may sign in with a password or a passkey where the company wants everyone to sign in at the provider."""

from __future__ import annotations

from webapp.models import SsoProvider, User, db
from webapp.models.account import OWNER
from webapp.services.accounts.sso import ONLY
from webapp.services.core import work
from webapp.services.core.errors import Forbidden
from webapp.services.diary import diary

REFUSED = "Passwords and passkeys are turned off here. Use the single sign-on button."


class PasswordsOff(Forbidden):
    """The person, whose account is ``user_id``, has to sign in at the provider."""

    def __init__(self, sentence: str, user_id: int) -> None:
        super().__init__(sentence)
        self.user_id = user_id


def may_sign_in_locally(user: User) -> bool:
    """True if ``user`` may sign in with a password or a passkey. The owner always may: the way in when the provider is
    away.
    """
    row = db.session.get(SsoProvider, ONLY)
    return row is None or row.allows_passwords or user.role == OWNER


def require(user: User) -> None:
    """Raise PasswordsOff with a sentence unless ``user`` may sign in with a password or a passkey."""
    if not may_sign_in_locally(user):
        raise PasswordsOff(REFUSED, user.id)


@work.command
def note_refusal(refused: PasswordsOff) -> None:
    """Write down that someone proved who they are, and was refused: after what they tried was rolled back."""
    diary.write(None, "user.password_refused", "user", refused.user_id)
