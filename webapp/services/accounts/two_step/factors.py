"""What people have for the second step of the sign-in."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.models import Authenticator, Passkey, RecoveryCode, User, db


@dataclass(frozen=True)
class Factors:
    """What one person has. ``codes``: how many recovery codes are left."""

    app: Authenticator | None
    passkeys: list[Passkey]
    codes: int

    @property
    def is_on(self) -> bool:
        """True if the person's sign-in has two steps."""
        return self.app is not None or bool(self.passkeys)

    @property
    def is_last(self) -> bool:
        """True if there is one app or passkey, and nothing else to take the second step with."""
        return (self.app is not None) + len(self.passkeys) == 1


def of_user(user: User) -> Factors:
    """What ``user`` has now."""
    app = db.session.get(Authenticator, user.id, populate_existing=True)
    passkeys = db.session.scalars(db.select(Passkey).filter_by(user_id=user.id).order_by(Passkey.id))
    codes = db.session.scalar(
        db.select(db.func.count()).select_from(RecoveryCode).where(RecoveryCode.user_id == user.id)
    )
    return Factors(app, list(passkeys), codes or 0)


def has(user: User) -> bool:
    """True if the sign-in of ``user`` has two steps."""
    tables = (Authenticator, Passkey)
    found = db.or_(*(db.exists().where(table.user_id == user.id) for table in tables))
    return bool(db.session.scalar(db.select(found)))


def holders() -> set[int]:
    """The ids of all users whose sign-in has two steps."""
    tables = (Authenticator, Passkey)
    return {user_id for table in tables for user_id in db.session.scalars(db.select(table.user_id))}


def lock(user: User) -> None:
    """Hold the row of ``user`` until the transaction ends: changes of what a person has come one after the other."""
    db.session.refresh(user, with_for_update={"key_share": True})
