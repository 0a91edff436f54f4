"""Whose account it is that the provider vouches for, and which role its groups give.

An account is found by issuer and subject. The first time, and never again, by an address that the provider vouches for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from webapp.models import AccountLink, SsoIdentity, User, db
from webapp.models.account import ADMIN, GIVEN_ROLES, NO_PASSWORD, OWNER
from webapp.services.accounts import users
from webapp.services.accounts.sso.settings import Settings
from webapp.services.core import work
from webapp.services.core.errors import Invalid, ServiceError
from webapp.services.diary import diary

INACTIVE = "Your account here is inactive. Ask an admin to make it active."
UNVERIFIED = (
    "The provider doesn't say that your email address is verified, so it wasn't linked to an account. Ask your "
    "admin."
)
UNKNOWN = "No account here has your email address. Ask an admin for an invitation."
OTHER_PERSON = (
    "The account with your email address is linked to another person at the provider. Ask an admin to remove the "
    "link."
)
NO_GROUP = "You're in none of the groups whose people may sign in here. Ask your admin."
TOO_MANY_GROUPS = (
    "You're in more groups than Entra sends, so your role isn't known. Your admin can fix it in Entra: in the token "
    "configuration, choose groups assigned to the application."
)


class Refused(ServiceError):
    """No session is opened. ``reason``: in a word, for the diary; ``user``: the account, if one is known."""

    def __init__(self, sentence: str, reason: str, user: User | None = None) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.user = user


def find(settings: Settings, claims: Mapping[str, Any]) -> User:
    """In the open transaction: the active account of the person, linked or created now if need be. Raises Refused."""
    role = role_of(settings, claims)
    identity: SsoIdentity | None = db.session.scalar(
        db.select(SsoIdentity).filter_by(issuer=settings.issuer, subject=claims["sub"])
    )
    user = identity.user if identity else _first_time(settings, claims, role)
    if role not in (None, user.role):
        users.lock_admins()  # before the account, in the order in which admins change accounts
    db.session.refresh(user, with_for_update={"key_share": True})
    if not user.is_active:
        raise Refused(INACTIVE, "inactive", user)
    if identity is None:
        _link(settings, claims, user)
    if role is not None:
        _give(user, role)
    return user


def role_of(settings: Settings, claims: Mapping[str, Any]) -> str | None:
    """The highest role that the person's groups give; None if groups don't matter. Raises Refused."""
    if not settings.group_roles:
        return None
    names = claims.get("_claim_names")
    if settings.groups_claim not in claims and isinstance(names, dict) and settings.groups_claim in names:
        raise Refused(TOO_MANY_GROUPS, "too many groups")
    listed = claims.get(settings.groups_claim)
    groups = {str(group) for group in (listed if isinstance(listed, list) else [listed])}
    given = [role for group, role in settings.group_roles.items() if group in groups]
    if not given and settings.requires_group:
        raise Refused(NO_GROUP, "group")
    return min(given, key=GIVEN_ROLES.index) if given else settings.default_role


@work.command
def unlink(actor: User, user: User) -> None:
    """Forget whom the provider calls this account; its sessions end. The next sign-in links it by address again.

    Raises Forbidden when an admin would change an owner.
    """
    users.check_may_change(actor, user)
    db.session.execute(db.delete(SsoIdentity).filter_by(user_id=user.id))
    user.session_epoch += 1
    if user.password_hash == NO_PASSWORD:
        user.password_hash = ""  # invited again: a link lets them choose one
    diary.write(actor, "user.single_sign_on_unlinked", "user", user.id)


def is_linked(user: User) -> bool:
    """True if a provider's person is linked to the account."""
    return db.session.scalar(db.select(SsoIdentity.id).filter_by(user_id=user.id).limit(1)) is not None


def _first_time(settings: Settings, claims: Mapping[str, Any], role: str | None) -> User:
    address = _vouched_address(settings, claims)
    if not address:
        raise Refused(UNVERIFIED, "unverified address")
    try:
        address = users.normalize_email(address)
    except Invalid as error:
        raise Refused(UNVERIFIED, "address") from error
    user: User | None = db.session.scalar(db.select(User).filter_by(email=address))
    if user is not None:
        taken = db.session.scalar(
            db.select(SsoIdentity.id).filter_by(user_id=user.id, issuer=settings.issuer)
        )
        if taken is not None:
            raise Refused(OTHER_PERSON, "another subject", user)
        return user
    if not settings.creates_accounts or address.rpartition("@")[2] not in settings.allowed_domains:
        raise Refused(UNKNOWN, "unknown account")
    name = " ".join(str(claims.get("name") or address.partition("@")[0]).split())[:120]
    return users.create_user(
        None, email=address, name=name, password=None, role=role or settings.default_role
    )


def _vouched_address(settings: Settings, claims: Mapping[str, Any]) -> str:
    """The address that the provider vouches for; empty if it vouches for none."""
    email = claims.get("email")
    if isinstance(email, str) and claims.get("email_verified") in (True, "true"):
        return email
    # Entra never says so. Its token names the directory and the person in it, and a guest's own directory beside.
    tenant, person = claims.get("tid"), claims.get("oid")
    own = urlsplit(settings.issuer)
    is_entra = own.hostname in ("login.microsoftonline.com", "login.microsoftonline.us")
    is_ours = bool(person) and bool(tenant) and own.path.strip("/").split("/")[0] == tenant
    is_guest = claims.get("idp", settings.issuer) != settings.issuer or claims.get("acct") == 1
    if settings.trusts_directory and is_entra and is_ours and not is_guest and "email_verified" not in claims:
        # Of the two, a person's name in the directory has a domain that the company has proved to be its own.
        named = claims.get("preferred_username")
        return named if isinstance(named, str) and "@" in named and "#" not in named else ""
    return ""


def _link(settings: Settings, claims: Mapping[str, Any], user: User) -> None:
    db.session.add(SsoIdentity(user_id=user.id, issuer=settings.issuer, subject=claims["sub"]))
    if user.is_invited:
        user.password_hash = NO_PASSWORD
        db.session.execute(db.delete(AccountLink).filter_by(user_id=user.id))
    named = {name: str(claims[name]) for name in ("tid", "oid") if name in claims}
    diary.write(user, "user.single_sign_on_linked", "user", user.id, issuer=settings.issuer, named=named)


def _give(user: User, role: str) -> None:
    if role == user.role:
        return
    if user.role == OWNER:
        diary.write(user, "user.kept_as_owner", "user", user.id, groups_give=role, kept=OWNER)
    elif not users.change_role(user, role):
        diary.write(user, "user.kept_as_last_admin", "user", user.id, groups_give=role, kept=ADMIN)
