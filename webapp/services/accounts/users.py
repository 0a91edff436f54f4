"""Accounts: signing in, the first admin, and roles."""

from __future__ import annotations

import threading
from functools import cache, partial

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from email_validator import EmailNotValidError, validate_email

from webapp.models import AccountLink, User, db
from webapp.models.account import ADMIN, ADMINS, OWNER, ROLES
from webapp.services.accounts import handing_over, passwords, permissions
from webapp.services.accounts.permissions import Permission
from webapp.services.core import merge, work
from webapp.services.core.errors import Invalid, NotFound
from webapp.services.core.fields import Reader, clean_text
from webapp.services.core.merge import Values
from webapp.services.diary import diary, merging

FIELDS = ("name", "role", "team", "is_active")
LONGEST_NAME = 120
INVALID_EMAIL = "Enter a valid email, like name@company.com."

# Argon2id as OWASP recommends it with 46 MiB: a fourth of the processor time of the library's own parameters, whose
# 64 MiB in three passes made 50 people at nine o'clock wait for seconds. Older hashes are replaced at the next sign-in.
# https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#argon2id
_hasher = PasswordHasher(time_cost=1, memory_cost=47104, parallelism=1)
# In a rush one after the other in each process: side by side, all of them would wait as long as the last.
_turn = threading.RLock()


@cache
def _dummy_hash() -> str:
    """Verified when the account doesn't exist, so that the answer takes equally long. Slow to create."""
    return _hash("no such account")


def _hash(password: str) -> str:
    with _turn:
        return _hasher.hash(password)


def normalize_email(text: str) -> str:
    """The address as it is stored: lower case. Raises Invalid with a sentence."""
    try:
        return validate_email(
            text.strip(), check_deliverability=False, test_environment=True
        ).normalized.lower()
    except EmailNotValidError as error:
        raise Invalid("The email address isn't valid.", {"email": INVALID_EMAIL}) from error


def any_user() -> bool:
    """False on a new installation, which shows the set-up page."""
    return db.session.scalar(db.select(User.id).limit(1)) is not None


def authenticate(email: str, password: str) -> tuple[User, int] | None:
    """The active user with these credentials, or None. Takes equally long either way.

    With the user comes the epoch of their sessions from before the check: a session of this epoch is none if the
    password is changed meanwhile.
    """
    user: User | None = db.session.scalars(db.select(User).filter_by(email=email.strip().lower())).first()
    epoch = user.session_epoch if user else 0
    right = _matches(user.password_hash if user and user.has_password else _dummy_hash(), password)
    if not right or user is None or not user.has_password or not user.is_active:
        return None
    return user, epoch


def renew_hash(user: User, password: str) -> None:
    """In the open transaction: hash the password that ``user`` just gave again, if that is done differently by now."""
    if _hasher.check_needs_rehash(user.password_hash):
        user.password_hash = _hash(password)


def has_password(user: User, password: str) -> bool:
    """True when ``password`` is the user's."""
    return _matches(user.password_hash, password)


def _matches(password_hash: str, password: str) -> bool:
    """Slow on purpose, so no transaction is open meanwhile: on SQLite, everyone would have to wait."""
    work.pause()
    try:
        with _turn:
            return _hasher.verify(password_hash, password[: passwords.LONGEST])
    except (VerificationError, InvalidHashError):
        return False


def problems(*, email: str, name: str, password: str | None, role: str) -> dict[str, str]:
    """A sentence for each wrong field of a new account. ``password``: None for an invitation."""
    wrong: dict[str, str] = {}
    checks = [partial(normalize_email, email)]
    if password is not None:
        checks.append(partial(passwords.check, password, (name, email)))
    for check in checks:
        try:
            check()
        except Invalid as error:
            wrong |= error.fields
    wrong |= _read_name(name)[1]
    if role not in ROLES:
        wrong["role"] = "Choose a role."
    return wrong


def _read_name(text: str) -> tuple[str, dict[str, str]]:
    """The name as it is stored, and a sentence if it can't be used."""
    reader = Reader({"name": text})
    name = reader.text("name", LONGEST_NAME, missing="Enter the name that customers see on quotes.")
    return name, reader.errors


@work.command
def create_user(
    actor: User | None, *, email: str, name: str, password: str | None, role: str, team: str = ""
) -> User:
    """Create an account; without a ``password`` its person chooses it (``account_links``). Raises Invalid with
    a sentence for each wrong field, and stores nothing.
    """
    permissions.require_now(actor, Permission.ADMINISTER)
    wrong = problems(email=email, name=name, password=password, role=role)
    if wrong:
        raise Invalid("The account wasn't created. Fix the highlighted fields.", wrong)
    _check_owner(actor, role)
    address = normalize_email(email)
    if db.session.scalar(db.select(User.id).filter_by(email=address)):
        raise Invalid(
            "An account with this email already exists.",
            {"email": "Someone already signs in with this email."},
        )
    user = User(
        email=address,
        name=_read_name(name)[0],
        password_hash=_hash(password) if password else "",
        role=role,
        team=_team(team),
    )
    db.session.add(user)
    db.session.flush()
    diary.write(actor, "user.created", "user", user.id, email=address, role=role)
    return user


def find_by_email(email: str) -> User:
    """The account with this email. Raises NotFound with a sentence."""
    user: User | None = db.session.scalar(db.select(User).filter_by(email=normalize_email(email)))
    if user is None:
        raise NotFound(f"No one signs in with {email}.")
    return user


@work.command
def set_password(actor: User | None, user: User, password: str) -> None:
    """Change a password; ends the user's open sessions and link. Raises Invalid with a sentence."""
    user.password_hash = _hash(passwords.check(password, (user.name, user.email)))
    user.session_epoch += 1
    db.session.execute(db.delete(AccountLink).filter_by(user_id=user.id))
    diary.write(actor, "user.password_changed", "user", user.id)


@work.command
def make_admin(user: User) -> None:
    """Let an account administer and sign in, for when no admin is left. Ends its open sessions.

    Makes it the owner if no owner can sign in.
    """
    user.role, user.is_active = ADMIN if lock_admins(OWNER) - {user.id} else OWNER, True
    user.session_epoch += 1
    diary.write(None, "user.changed", "user", user.id)


def seen(user: User) -> str:
    """The ``seen`` of the user's form (``core.merge``)."""
    return merge.seen({name: getattr(user, name) for name in FIELDS})


@work.command
def update_user(
    actor: User,
    user: User,
    *,
    name: str,
    role: str,
    is_active: bool,
    team: str | None = None,
    successor_id: int | None = None,
    form: Values | None = None,
) -> None:
    """Change the name, role, team or active flag, merged with what another admin changed since ``form`` was opened.

    Ends the link of one who becomes inactive. ``successor_id``: who takes the open quotes then. Raises Invalid with a
    sentence, also for the only owner or active admin; Forbidden when an admin changes an owner; Conflict where another
    admin changed the same.
    """
    permissions.require_now(actor, Permission.ADMINISTER)
    if user.anonymized_at is not None:
        raise Invalid(
            "This account was made anonymous, so nothing was changed. Invite the person again instead."
        )
    name, wrong = _read_name(name)
    if wrong:
        raise Invalid("Nothing was saved. Fix the highlighted fields.", wrong)
    if role not in ROLES:
        raise Invalid("Choose a role.", {"role": "Choose a role."})
    entered = {"name": name, "role": role, "is_active": is_active}
    entered["team"] = user.team if team is None else _team(team)
    admins, owners = lock_admins(), lock_admins(OWNER)
    _check_owner(actor, user.role)
    _check_owner(actor, role)
    values = merging.into(actor, user, form or {}, entered, what="user").values
    role, is_active = str(values["role"]), bool(values["is_active"])
    if user.id in owners and owners == {user.id} and (role != OWNER or not is_active):
        raise Invalid(
            "Nothing was changed. This is the only owner.",
            {"role": "There must be an owner. Make someone else an owner first."},
        )
    loses_admin = user.role in ADMINS and user.is_active and (role not in ADMINS or not is_active)
    if loses_admin and admins <= {user.id}:
        raise Invalid(
            "Nothing was changed. This is the only active admin.",
            {"role": "You need at least one active admin. Make someone else an admin first."},
        )
    if user.is_active and not is_active:
        handing_over.hand_over(actor, user, successor_id)
        db.session.execute(db.delete(AccountLink).filter_by(user_id=user.id))
    if (role, is_active) != (user.role, user.is_active):
        user.session_epoch += 1
    before = {"name": user.name, "role": user.role, "is_active": user.is_active}
    user.name, user.role, user.is_active = str(values["name"]), role, is_active
    user.team = str(values["team"])
    after = {"name": user.name, "role": role, "is_active": is_active}
    diary.write(actor, "user.changed", "user", user.id, before=before, after=after)


def change_role(user: User, role: str) -> bool:
    """In the open transaction: change the role and end the sessions. False, and nothing changed, for the last admin."""
    admins = lock_admins()
    if user.role in ADMINS and role not in ADMINS and admins <= {user.id}:
        return False
    before, user.role = user.role, role
    user.session_epoch += 1
    diary.write(user, "user.changed", "user", user.id, before={"role": before}, after={"role": role})
    return True


def list_users() -> list[User]:
    """All users, by name."""
    return list(db.session.scalars(db.select(User).order_by(User.name, User.id)))


def check_may_change(actor: User | None, user: User) -> None:
    """Raise Forbidden when ``actor`` may not change this account now: an admin can't change an owner."""
    permissions.require_now(actor, Permission.ADMINISTER)
    _check_owner(actor, user.role)


def _check_owner(actor: User | None, role: str) -> None:
    # None: the first account, or a command on the server.
    if role == OWNER and actor is not None:
        permissions.require(actor, Permission.OWN)


def _team(text: str) -> str:
    return " ".join(clean_text(text).split())[:60]


def lock_admins(*roles: str) -> set[int]:
    """The admins (or those with one of ``roles``) who can sign in, locked (``permissions.hold_admins``)."""
    wanted = roles or ADMINS
    rows = permissions.hold_admins()
    return {row.id for row in rows if row.role in wanted and row.is_active and not row.is_invited}
