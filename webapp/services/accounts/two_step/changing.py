"""What every change of the second step brings with it: sessions end, and it can't be lost by accident."""

from __future__ import annotations

from webapp.models import Authenticator, Passkey, PasskeyChallenge, PendingSignIn, User, db
from webapp.services.accounts import users
from webapp.services.accounts.two_step import factors, policy, recovery_codes
from webapp.services.accounts.two_step.factors import Factors
from webapp.services.core import work
from webapp.services.core.errors import Forbidden, Invalid
from webapp.services.diary import diary

LAST = (
    "Nothing was removed: this is your only second step. Add another one first, or turn two-step sign-in off."
)
REQUIRED = (
    "Two-step sign-in stays on because your company requires it. You can still replace your app or passkeys."
)
NOT_YOUR_OWN = "You can't reset your own two-step sign-in. Ask another admin, or use a recovery code."


def added(user: User, *, was_on: bool) -> list[str]:
    """In the open transaction, after an app or passkey was added: end all sessions. Returns codes with the first."""
    user.session_epoch += 1
    user.owes_two_step = False
    db.session.flush()
    return [] if was_on else recovery_codes.issue(user)


def check_another(found: Factors) -> None:
    """Raise Invalid if ``found`` is a single app or passkey, which can't be removed by itself."""
    if found.is_last:
        raise Invalid(LAST)


def may_turn_off(user: User) -> bool:
    """False where the company requires two-step sign-in of ``user``."""
    return not policy.demands(user)


@work.command
def turn_off(user: User, right: bool) -> None:
    """Remove app, passkeys and codes, and end all sessions. Raises Invalid unless the password was ``right``."""
    if not right:
        raise Invalid("Two-step sign-in is still on.", {"current": "This isn't your current password."})
    factors.lock(user)
    if not may_turn_off(user):
        raise Invalid(REQUIRED)
    _clear(user)
    diary.write(user, "user.two_step_turned_off", "user", user.id)


@work.command
def reset(actor: User | None, user: User) -> None:
    """For someone who lost app, passkeys and codes: remove them, end all sessions, and have them set it up again.

    ``actor``: None for the operator of the server. Raises Forbidden for one's own, Invalid where nothing is set up.
    """
    if actor is not None and actor.id == user.id:
        raise Forbidden(NOT_YOUR_OWN)
    users.check_may_change(actor, user)
    factors.lock(user)
    if not factors.has(user):
        raise Invalid("Nothing was reset because this account has no two-step sign-in.")
    _clear(user)
    user.owes_two_step = True
    diary.write(actor, "user.two_step_reset", "user", user.id)


def _clear(user: User) -> None:
    for table in (Authenticator, Passkey, PasskeyChallenge, PendingSignIn):
        db.session.execute(db.delete(table).where(table.user_id == user.id))
    recovery_codes.clear(user)
    user.session_epoch += 1
