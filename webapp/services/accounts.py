"""Accounts: signing in, the first admin, and who may do what."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from email_validator import EmailNotValidError, validate_email

from webapp.models import User, db
from webapp.models.account import ADMIN, ROLES
from webapp.services import audit
from webapp.services.errors import Invalid, NotFound

MIN_PASSWORD = 10
MAX_PASSWORD = 200

_hasher = PasswordHasher()


@cache
def _nobody() -> str:
    """Verified when no such account exists, so that the answer takes equally long. Slow to make."""
    return _hasher.hash("no such account")


def normalize_email(text: str) -> str:
    """The address in the form in which it is stored. Raises Invalid with a sentence."""
    try:
        return validate_email(
            text.strip(), check_deliverability=False, test_environment=True
        ).normalized.lower()
    except EmailNotValidError as error:
        raise Invalid(
            "The e-mail address is not valid.",
            {"email": f"This is not a complete e-mail address: {error}"},
        ) from error


def check_password(password: str) -> str:
    """Return ``password`` when it is long enough. Raises Invalid with a sentence."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        sentence = (
            f"Use {MIN_PASSWORD} to {MAX_PASSWORD} characters; a few words in a row are easy to keep in mind."
        )
        raise Invalid("The password was not accepted.", {"password": sentence})
    return password


def any_user() -> bool:
    """False on a fresh installation, which offers the set-up page."""
    return db.session.scalar(db.select(User.id).limit(1)) is not None


def authenticate(email: str, password: str) -> User | None:
    """The active user with these credentials, or None. Takes equally long either way."""
    user: User | None = db.session.scalars(db.select(User).filter_by(email=email.strip().lower())).first()
    try:
        _hasher.verify(user.password_hash if user else _nobody(), password[:MAX_PASSWORD])
    except (VerificationError, InvalidHashError):
        return None
    if user is None or not user.is_active:
        return None
    if _hasher.check_needs_rehash(user.password_hash):
        user.password_hash = _hasher.hash(password)
    audit.record(user, "user.signed_in", "user", user.id)
    db.session.commit()
    return user


def has_password(user: User, password: str) -> bool:
    """True when ``password`` is the user's."""
    try:
        return _hasher.verify(user.password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def load_session_user(session_id: str) -> User | None:
    """The user of a session id made by ``session_id_of``; None when it was ended or the account closed."""
    user_id, _, epoch = session_id.partition(":")
    if not (user_id.isdigit() and epoch.isdigit()):
        return None
    user = db.session.get(User, int(user_id))
    return user if user and user.is_active and user.session_epoch == int(epoch) else None


def session_id_of(user: User) -> str:
    """What a session keeps of a user; it ends when the password or the role changes."""
    return f"{user.id}:{user.session_epoch}"


def create_user(actor: User | None, *, email: str, name: str, password: str, role: str) -> User:
    """Make an account. Raises Invalid with sentences beside the fields; nothing is stored then."""
    address = normalize_email(email)
    if not name.strip():
        raise Invalid("A name is missing.", {"name": "Enter the name that customers will see on quotes."})
    if role not in ROLES:
        raise Invalid("The role is unknown.", {"role": "Choose admin or rep."})
    check_password(password)
    if db.session.scalar(db.select(User.id).filter_by(email=address)):
        raise Invalid(
            "The account exists already.", {"email": "Somebody already signs in with this address."}
        )
    user = User(email=address, name=name.strip(), password_hash=_hasher.hash(password), role=role)
    db.session.add(user)
    db.session.flush()
    audit.record(actor, "user.created", "user", user.id, email=address, role=role)
    db.session.commit()
    return user


def find_by_email(email: str) -> User:
    """The account of an address. Raises NotFound with a sentence."""
    user: User | None = db.session.scalar(db.select(User).filter_by(email=normalize_email(email)))
    if user is None:
        raise NotFound(f"Nobody signs in with {email}.")
    return user


def set_password(actor: User | None, user: User, password: str) -> None:
    """Change a password and end the user's open sessions. Raises Invalid with a sentence."""
    user.password_hash = _hasher.hash(check_password(password))
    user.session_epoch += 1
    audit.record(actor, "user.password_changed", "user", user.id)
    db.session.commit()


def update_user(actor: User, user: User, *, name: str, role: str, is_active: bool) -> None:
    """Change name, role or activity. Raises Invalid, for one when the last active admin would be lost."""
    if not name.strip():
        raise Invalid("A name is missing.", {"name": "Enter the name that customers will see on quotes."})
    if role not in ROLES:
        raise Invalid("The role is unknown.", {"role": "Choose admin or rep."})
    loses_admin = user.role == ADMIN and user.is_active and (role != ADMIN or not is_active)
    if loses_admin and _active_admins() <= 1:
        raise Invalid(
            "Nothing was changed: this is the only active admin.",
            {"role": "Make somebody else an admin first, or nobody could change settings any more."},
        )
    if (role, is_active) != (user.role, user.is_active):
        user.session_epoch += 1
    before = {"name": user.name, "role": user.role, "is_active": user.is_active}
    user.name, user.role, user.is_active = name.strip(), role, is_active
    after = {"name": user.name, "role": role, "is_active": is_active}
    audit.record(actor, "user.changed", "user", user.id, before=before, after=after)
    db.session.commit()


def list_users() -> list[User]:
    """Everybody, by name."""
    return list(db.session.scalars(db.select(User).order_by(User.name, User.id)))


def _active_admins() -> int:
    query = db.select(db.func.count()).select_from(User).filter_by(role=ADMIN, is_active=True)
    return db.session.scalar(query) or 0
