"""Settings > Signing, the seal: the company's key and its time stamp authority, stored, shown, tried and removed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from webapp.models import CompanySeal, User, db, utc_now
from webapp.services.accounts import permissions
from webapp.services.accounts.permissions import Permission
from webapp.services.company.seal import key as keys
from webapp.services.company.seal import loop
from webapp.services.core import merge, urls, work
from webapp.services.core.errors import Invalid, ServiceError
from webapp.services.core.fields import Reader
from webapp.services.core.outward import Allowed
from webapp.services.core.runtime import Runtime
from webapp.services.diary import diary, merging

if TYPE_CHECKING:
    from webapp.services.company.seal.authority import Authority, Stamp

ONLY = 1
VARIABLE = "TIMESTAMP_ALLOWED_HOSTS"
FIELDS = ("stamp_url", "stamp_username")
# Certificate authorities take days to issue the next one.
WARNED_BEFORE = timedelta(days=30)
NO_AUTHORITY = "Enter the URL of a time stamp authority and save it first."
OF_KEY = ("key_encrypted", "certificates", "subject", "issuer", "fingerprint")


@dataclass(frozen=True)
class Seal:
    """What PDFs are sealed with now. ``private`` and ``certificates``: PEM; empty without a key that can sign.

    ``authority``: None without one. ``lacking``: why the key or the authority that is set can't be used, in a sentence.
    """

    private: str = field(default="", repr=False)
    certificates: str = ""
    subject: str = ""
    issuer: str = ""
    fingerprint: str = ""
    authority: Authority | None = None
    lacking: str = ""

    @property
    def is_none(self) -> bool:
        """Nothing is sealed."""
        return not self.private and self.authority is None


def stored() -> CompanySeal:
    """The row; empty if it was never saved."""
    return db.session.get(CompanySeal, ONLY) or CompanySeal(
        id=ONLY, stamp_url="", stamp_username="", stamp_password_encrypted="", **dict.fromkeys(OF_KEY, "")
    )


def shown(row: CompanySeal) -> dict[str, object]:
    """The values of the authority's form."""
    return {name: getattr(row, name) for name in FIELDS}


def seen(row: CompanySeal) -> str:
    """The ``seen`` of the authority's form (``core.merge``)."""
    return merge.seen(shown(row))


def load(runtime: Runtime, now: datetime | None = None) -> Seal:
    """What is in force ``now``. Never raises: what can't be used is named in ``lacking``."""
    row, lacking = stored(), []
    private = ""
    if row.key_encrypted:
        if row.valid_until is not None and (now or utc_now()) >= row.valid_until:
            lacking.append(f"Our certificate expired on {row.valid_until:%Y-%m-%d}.")
        else:
            try:
                private = runtime.vault.decrypt(row.key_encrypted)
            except ServiceError:
                lacking.append("Our key couldn't be read.")
    authority = None
    if row.stamp_url:
        try:
            authority = _authority(runtime, row)
        except ServiceError:
            lacking.append("The time stamp authority's password couldn't be read.")
    return Seal(
        private=private,
        certificates=row.certificates,
        subject=row.subject,
        issuer=row.issuer,
        fingerprint=row.fingerprint,
        authority=authority,
        lacking=" ".join(lacking),
    )


def warning(now: datetime | None = None) -> str:
    """What an admin should do about the certificate, in a sentence; empty while there's nothing."""
    until, now = stored().valid_until, now or utc_now()
    if until is None or until - now > WARNED_BEFORE:
        return ""
    if now >= until:
        return (
            f"The certificate that seals signed PDFs expired on {until:%Y-%m-%d}: they are made without your "
            "signature. Upload a new key in Settings > Signing."
        )
    days = (until - now).days
    when = f"in {days} days" if days > 1 else "tomorrow" if days == 1 else "today"
    return (
        f"The certificate that seals signed PDFs expires {when}, on {until:%Y-%m-%d}. Then they are made without your "
        "signature. Upload a new key in Settings > Signing."
    )


def put_key(runtime: Runtime, actor: User, content: bytes, password: str) -> None:
    """Check a PKCS#12 file and store its key in place of the one before. No transaction is open while it's opened.

    The password isn't kept. Raises Invalid with a sentence by field (``file`` or ``file_password``).
    """
    permissions.require_now(actor, Permission.ADMINISTER)
    if not content:
        raise Invalid("Nothing was saved.", {"file": "Choose the .p12 or .pfx file."})
    work.pause()
    try:
        key = keys.read(content, password, utc_now())
    except keys.Refused as error:
        name = "file_password" if str(error) == keys.WRONG_PASSWORD else "file"
        raise Invalid("Nothing was saved.", {name: str(error)}) from None
    _store_key(runtime, actor, key)


@work.command
def _store_key(runtime: Runtime, actor: User, key: keys.Key) -> None:
    permissions.require_now(actor, Permission.ADMINISTER)
    row = _locked()
    row.key_encrypted = runtime.vault.encrypt(key.private)
    row.certificates = key.certificates
    row.subject, row.issuer, row.fingerprint = key.subject, key.issuer, key.fingerprint
    row.valid_from, row.valid_until = key.valid_from, key.valid_until
    diary.write(actor, "company_seal.key_added", "company_seal", ONLY, fingerprint=key.fingerprint)


@work.command
def remove_key(actor: User, fingerprint: str) -> None:
    """Forget the key, unless it was replaced since ``fingerprint`` was shown. PDFs that it sealed stay as they are."""
    permissions.require_now(actor, Permission.ADMINISTER)
    row = _locked()
    if not row.key_encrypted or row.fingerprint != fingerprint:
        return
    for name in OF_KEY:
        setattr(row, name, "")
    row.valid_from = row.valid_until = None
    diary.write(actor, "company_seal.key_removed", "company_seal", ONLY, fingerprint=fingerprint)


@work.command
def put_authority(runtime: Runtime, actor: User, values: Mapping[str, object]) -> None:
    """Store ``stamp_url``, ``stamp_username`` and ``stamp_password``; an empty URL asks for no time stamps.

    An empty password keeps the stored one, unless it would go to another server or user. Raises Invalid with sentences
    by field, or Conflict where another admin changed the same.
    """
    permissions.require_now(actor, Permission.ADMINISTER)
    reader = Reader(values)
    url = reader.raw("stamp_url").strip()
    username, password = reader.text("stamp_username", 255), str(values.get("stamp_password") or "")
    try:
        if url:
            url = urls.check(
                url,
                allowed(runtime),
                missing="",
                example="https://timestamp.example.com",
                credentials="Enter them below.",
            )
    except ValueError as error:
        reader.fail("stamp_url", str(error))
    if ":" in username:
        reader.fail("stamp_username", "A user name for this has no colon.")
    reader.check()
    row = _locked()
    entered = {"stamp_url": url, "stamp_username": username if url else ""}
    merged = merging.into(actor, row, values, entered, what="page").values
    moved = any(getattr(row, name) != merged[name] for name in FIELDS)
    if merged["stamp_username"] and not password and (moved or not row.stamp_password_encrypted):
        raise Invalid("Nothing was saved.", {"stamp_password": "Enter the password of this user."})
    for name in FIELDS:
        setattr(row, name, merged[name])
    if password or moved:
        # A password never goes to another server than the one that it was entered for.
        keeps = password and merged["stamp_username"]
        row.stamp_password_encrypted = runtime.vault.encrypt(password) if keeps else ""
    diary.write(actor, "company_seal.authority_changed", "company_seal", ONLY, new_password=bool(password))


def try_authority(runtime: Runtime) -> Stamp:
    """Obtain a real token from the stored authority. No transaction is open meanwhile.

    Raises ServiceError with a sentence.
    """
    from webapp.services.company.seal import authority

    row = stored()
    if not row.stamp_url:
        raise Invalid(NO_AUTHORITY)
    asked = _authority(runtime, row)
    work.pause()
    return loop.run(authority.try_out(asked))


def allowed(runtime: Runtime) -> Allowed:
    """The authorities that may be internal and use plain HTTP."""
    return Allowed(runtime.config.timestamp_allowed_hosts, VARIABLE)


def _authority(runtime: Runtime, row: CompanySeal) -> Authority:
    from webapp.services.company.seal.authority import Authority

    password = runtime.vault.decrypt(row.stamp_password_encrypted) if row.stamp_password_encrypted else ""
    return Authority(row.stamp_url, row.stamp_username, password, allowed(runtime))


def _locked() -> CompanySeal:
    """The row, for a change; it is made if it was never saved."""
    row = db.session.get(CompanySeal, ONLY, with_for_update=True, populate_existing=True)
    if row is None:
        row = stored()
        db.session.add(row)
        db.session.flush()
    return row
