"""Recovery codes: ten of them, each good once, for when the app and the passkeys are lost.

They are shown once. The database has their digests; with 125 bits each, these need no slow hash. Codes of an earlier
version have 15 letters and still work.
"""

from __future__ import annotations

import hashlib
import secrets

from webapp.models import RecoveryCode, User, db
from webapp.services.accounts.two_step import factors
from webapp.services.core import work
from webapp.services.core.errors import Invalid
from webapp.services.diary import diary

NUMBER, GROUPS, OF_GROUP = 10, 5, 5
OLD_LENGTH = 15
# Without the letters and digits that look alike.
LETTERS = "23456789abcdefghijkmnpqrstuvwxyz"


@work.command
def renew(user: User) -> list[str]:
    """New codes in place of the old ones. Raises Invalid where there is nothing that they could stand in for."""
    factors.lock(user)
    if not factors.has(user):
        raise Invalid("No codes were created because two-step sign-in is off. Set it up first.")
    return issue(user)


def issue(user: User) -> list[str]:
    """In the open transaction: new codes in place of the old ones."""
    codes = ["-".join(_group() for _ in range(GROUPS)) for _ in range(NUMBER)]
    clear(user)
    db.session.add_all(RecoveryCode(user_id=user.id, code_sha256=_digest(code)) for code in codes)
    diary.write(user, "user.recovery_codes_created", "user", user.id)
    return codes


def use(user: User, typed: str) -> bool:
    """In the open transaction: end the code that was typed. False if the user has no such code."""
    ended = db.session.execute(
        db.delete(RecoveryCode)
        .where(RecoveryCode.user_id == user.id, RecoveryCode.code_sha256 == _digest(typed))
        .returning(RecoveryCode.id)
    )
    return ended.first() is not None


def clear(user: User) -> None:
    """In the open transaction: end all codes."""
    db.session.execute(db.delete(RecoveryCode).where(RecoveryCode.user_id == user.id))


def looks_like_one(typed: str) -> bool:
    """True for text as long as a recovery code, however it is grouped."""
    return len(_plain(typed)) in (GROUPS * OF_GROUP, OLD_LENGTH)


def _group() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(OF_GROUP))


def _plain(typed: str) -> str:
    return "".join(letter for letter in typed.lower() if letter.isalnum())


def _digest(code: str) -> str:
    return hashlib.sha256(_plain(code).encode()).hexdigest()
