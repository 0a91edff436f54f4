"""The settings of single sign-on: from the environment, which wins, and from the settings page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

from webapp.models import SsoProvider, User, UserSession, db
from webapp.models.account import GIVEN_ROLES, OWNER, REP
from webapp.services.accounts import permissions
from webapp.services.accounts.permissions import Permission, may
from webapp.services.accounts.sso import ONLY, provider_http
from webapp.services.core import merge, records, work
from webapp.services.core.errors import Invalid, ServiceError
from webapp.services.core.fields import Reader
from webapp.services.core.runtime import Runtime
from webapp.services.diary import diary, merging

LABEL = "your provider"
MOST_HOURS = 24 * 7
OF_CONNECTION = ("label", "issuer", "client_id")
FIELDS = (
    *OF_CONNECTION,
    "is_on",
    "trusts_directory",
    "creates_accounts",
    "allowed_domains",
    "default_role",
    "groups_claim",
    "group_roles",
    "requires_group",
    "session_hours",
    "allows_passwords",
)
OWNER_ONLY = "Only an owner can choose the provider or whom it vouches for."
ON_FIRST = "Turn single sign-on on first: otherwise no one but the owner gets in."
ANY_TENANT = ("common", "organizations", "consumers")
MULTI_TENANT = (
    "This is Microsoft's address for every organization. Use https://login.microsoftonline.com/, then your own "
    "tenant's ID, then /v2.0."
)


@dataclass(frozen=True)
class Settings:
    """What is in force. ``from_environment``: the connection is the operator's."""

    is_on: bool
    label: str
    issuer: str
    client_id: str
    secret: str = field(repr=False)
    from_environment: bool
    trusts_directory: bool
    creates_accounts: bool
    allowed_domains: tuple[str, ...]
    default_role: str
    groups_claim: str
    group_roles: Mapping[str, str]
    requires_group: bool
    session_length: timedelta
    allows_passwords: bool

    @property
    def is_ready(self) -> bool:
        """True if the sign-in page offers it."""
        return self.is_on and bool(self.issuer and self.client_id)


def load(runtime: Runtime) -> Settings:
    """What is in force. Raises ServiceError when no key decrypts the stored secret."""
    row, config = stored(), runtime.config
    from_environment = bool(config.oidc_issuer)
    if from_environment:
        secret = config.oidc_client_secret
    else:
        secret = runtime.vault.decrypt(row.client_secret_encrypted) if row.client_secret_encrypted else ""
    return Settings(
        is_on=row.is_on or from_environment,
        label=(config.oidc_label if from_environment else row.label) or LABEL,
        issuer=config.oidc_issuer or row.issuer,
        client_id=config.oidc_client_id if from_environment else row.client_id,
        secret=secret,
        from_environment=from_environment,
        trusts_directory=row.trusts_directory,
        creates_accounts=row.creates_accounts,
        allowed_domains=tuple(map(str, row.allowed_domains)),
        default_role=row.default_role if row.default_role in GIVEN_ROLES else REP,
        groups_claim=row.groups_claim,
        group_roles={str(group): role for group, role in row.group_roles.items() if role in GIVEN_ROLES},
        requires_group=row.requires_group,
        session_length=timedelta(hours=row.session_hours),
        allows_passwords=row.allows_passwords,
    )


def stored() -> SsoProvider:
    """The row of the settings page; with its defaults if it was never saved."""
    return records.only(SsoProvider, ONLY)


def shown(row: SsoProvider) -> dict[str, object]:
    """The values of the page's form."""
    return {
        **{name: getattr(row, name) for name in FIELDS},
        "allowed_domains": ", ".join(row.allowed_domains),
        "group_roles": "\n".join(f"{group} = {role}" for group, role in row.group_roles.items()),
    }


def seen(row: SsoProvider) -> str:
    """The ``seen`` of the page's form (``core.merge``)."""
    return merge.seen({name: getattr(row, name) for name in FIELDS})


@work.command
def save(runtime: Runtime, actor: User, values: Mapping[str, object]) -> None:
    """Store the page. An empty ``secret`` keeps the stored one, unless the issuer or the client is another now.

    Raises Invalid with sentences by field, or Conflict where another admin changed the same.
    """
    permissions.require_now(actor, Permission.ADMINISTER)
    row = stored()
    entered, secret = _read(runtime, values, row)
    if db.session.get(SsoProvider, ONLY) is None:
        db.session.add(row)
        db.session.flush()
    merged = merging.into(actor, row, values, entered, what="page").values
    moved = (merged["issuer"], merged["client_id"]) != (row.issuer, row.client_id)
    if (moved or (merged["trusts_directory"] and not row.trusts_directory)) and not may(
        actor, Permission.OWN
    ):
        # Who chooses the provider chooses whom it vouches for, owners included.
        raise Invalid("Nothing was saved.", {"issuer" if moved else "trusts_directory": OWNER_ONLY})
    if not (merged["allows_passwords"] or merged["is_on"] or runtime.config.oidc_issuer):
        raise Invalid("Nothing was saved.", {"allows_passwords": ON_FIRST})
    if row.allows_passwords and not merged["allows_passwords"]:
        _end_local_sessions(actor)
    for name, value in merged.items():
        setattr(row, name, value)
    if secret or moved:
        # A secret never goes to another provider than the one that it was entered for.
        row.client_secret_encrypted = runtime.vault.encrypt(secret) if secret else ""
    diary.write(actor, "single_sign_on.changed", "single_sign_on", ONLY, new_secret=bool(secret))


def _end_local_sessions(actor: User) -> None:
    """Sessions that began with a password or passkey end, but for those of owners and of ``actor``."""
    kept = db.select(User.id).where(db.or_(User.role == OWNER, User.id == actor.id))
    db.session.execute(
        db.delete(UserSession).where(UserSession.renew_by.is_(None), UserSession.user_id.not_in(kept))
    )


@work.command
def allow_passwords() -> None:
    """For the operator, when the provider is away for good: everyone may sign in with a password again."""
    row = stored()
    row.allows_passwords = True
    db.session.add(row)
    diary.write(None, "single_sign_on.passwords_allowed", "single_sign_on", ONLY)


def check_issuer(runtime: Runtime, text: str) -> str:
    """The issuer, if it can be one. Raises ValueError with a sentence."""
    provider_http.check_url(runtime, text)
    parts = urlsplit(text)
    tenant = parts.path.strip("/").split("/")[0].lower()
    if (parts.hostname or "").startswith("login.microsoftonline.") and tenant in ANY_TENANT:
        raise ValueError(MULTI_TENANT)
    if parts.query:
        raise ValueError("Remove the part after the question mark. An issuer has none.")
    return text.removesuffix("/.well-known/openid-configuration")


def _read(runtime: Runtime, values: Mapping[str, object], row: SsoProvider) -> tuple[dict[str, object], str]:
    reader = Reader(values)
    from_environment = bool(runtime.config.oidc_issuer)
    entered: dict[str, object] = {name: getattr(row, name) for name in OF_CONNECTION}
    is_on, secret = reader.flag("is_on"), ""
    if not from_environment:
        entered["label"] = reader.text("label", 60)
        entered["client_id"] = reader.text(
            "client_id", 255, missing="Enter the client ID that the provider gave you." if is_on else ""
        )
        entered["issuer"] = reader.text("issuer", 500, missing="Enter the issuer." if is_on else "")
        secret = str(values.get("secret") or "").strip()
        if entered["issuer"]:
            try:
                entered["issuer"] = check_issuer(runtime, str(entered["issuer"]))
            except ValueError as error:
                reader.fail("issuer", str(error))
        if len(secret) > 1000:
            reader.fail("secret", "Use up to 1,000 characters.")
    domains = [
        word.lower().removeprefix("@") for word in re.split(r"[\s,]+", reader.raw("allowed_domains")) if word
    ]
    wrong = [word for word in domains if not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", word)]
    if wrong or len(domains) > 50:
        reader.fail("allowed_domains", "Enter up to 50 domains like example.com, separated by commas.")
    creates = reader.flag("creates_accounts")
    if creates and not domains:
        reader.fail("allowed_domains", "Enter the domains whose people get an account.")
    roles = _group_roles(reader)
    requires = reader.flag("requires_group")
    if requires and not roles:
        reader.fail("group_roles", "Enter the groups whose people may sign in.")
    hours = reader.raw("session_hours")
    if not (hours.isascii() and hours.isdigit() and 1 <= int(hours[:6]) <= MOST_HOURS):
        reader.fail("session_hours", f"Enter a number of hours from 1 to {MOST_HOURS}.")
        hours = "8"
    entered |= {
        "is_on": is_on,
        "trusts_directory": reader.flag("trusts_directory"),
        "creates_accounts": creates,
        "allowed_domains": domains,
        "default_role": reader.choice("default_role", GIVEN_ROLES, REP),
        "groups_claim": reader.text("groups_claim", 100) or "groups",
        "group_roles": roles,
        "requires_group": requires,
        "session_hours": int(hours),
        "allows_passwords": reader.flag("allows_passwords"),
    }
    if not (entered["allows_passwords"] or is_on or from_environment):
        reader.fail("allows_passwords", ON_FIRST)
    reader.check()
    return entered, secret


def _group_roles(reader: Reader) -> dict[str, str]:
    """One group a line: its ID or name, “=”, and the role."""
    found: dict[str, str] = {}
    for line in reader.raw("group_roles").splitlines():
        if not line.strip():
            continue
        group, sign, role = (part.strip() for part in line.rpartition("="))
        if not sign or not group or len(group) > 200 or role.lower() not in GIVEN_ROLES:
            reader.fail(
                "group_roles",
                f"“{line[:60]}” isn't a group and a role. Write one a line, like Sales team = {REP}. "
                f"Roles: {', '.join(GIVEN_ROLES)}.",
            )
            break
        found[group] = role.lower()
    if len(found) > 100:
        reader.fail("group_roles", "Use up to 100 groups.")
    return found


def secret_is_stored(row: SsoProvider) -> bool:
    """True if the page has a secret; it is never shown."""
    return bool(row.client_secret_encrypted)


def offered(runtime: Runtime) -> str:
    """The name on the button of the sign-in page; empty if there is none."""
    try:
        settings = load(runtime)
    except ServiceError:
        return ""
    return settings.label if settings.is_ready else ""
