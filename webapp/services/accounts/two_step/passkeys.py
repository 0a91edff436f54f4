"""Passkeys (WebAuthn): a device signs a challenge of ours, for our address alone, and nothing secret leaves it.

As the second step any passkey of the person is good. As the whole sign-in, and in place of the password before accounts
change, the device must also check who uses it, by a PIN, a finger or a face. The package ``webauthn`` does the
cryptography; it is imported late, since that takes a while.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

import structlog

from config import Config
from webapp.models import Passkey, User, db, utc_now
from webapp.services.accounts.two_step import challenges, changing, factors
from webapp.services.accounts.two_step.challenges import Challenge
from webapp.services.core import work
from webapp.services.core.errors import Invalid, NotFound
from webapp.services.core.fields import clean_text
from webapp.services.diary import diary

# What an answer is good for.
SIGN_IN, SECOND_STEP, ADD, CONFIRM = "sign_in", "second_step", "add", "confirm"
MOST, LONGEST_NAME, LONGEST_ANSWER = 20, 60, 20_000
TIMEOUT_MS = 120_000
NAME = "Quotewright"
INACTIVE = "This account is inactive. Ask an admin for access."
GONE = "This passkey was removed already."
NOT_ADDED = "The passkey wasn't added. Try again, and finish within two minutes."
NOT_ACCEPTED = "The passkey wasn't accepted. Try again, or sign in another way."
NOT_CHECKED = (
    "This passkey doesn't check who uses it, so it can't replace your password. Sign in with your password, and use it "
    "for the second step."
)
CONFIRMS_NOT = "This passkey doesn't check who uses it, so it can't confirm this. Use another one."
TOO_MANY = f"You can have up to {MOST} passkeys. Remove one first."

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Site:
    """The address that passkeys are bound to: ``rp_id`` is its host, ``origin`` what browsers call it."""

    rp_id: str
    origin: str


@dataclass(frozen=True)
class Question:
    """What the browser asks its device, as JSON, and the token of the challenge for the browser's cookie."""

    options: str
    token: str


@dataclass(frozen=True)
class Answer:
    """What the browser's device answered, as JSON, with the token from the browser's cookie."""

    token: str
    text: str
    site: Site


def site(config: Config) -> Site | None:
    """Where passkeys work here; None where browsers know none: without https, and for a number in place of a name."""
    parts = urlsplit(config.public_base_url)
    host, port = (parts.hostname or "").lower(), parts.port
    try:
        ip_address(host)
    except ValueError:
        is_local = host == "localhost" or host.endswith(".localhost")
        usual = {"https": 443, "http": 80}[parts.scheme]
        if parts.scheme == "https" or is_local:
            return Site(host, f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, usual) else ""))
    return None


def ask_to_add(user: User, where: Site) -> Question:
    """For a new passkey. Raises Invalid if there are too many."""
    import webauthn
    from webauthn.helpers import structs

    mine = factors.of_user(user).passkeys
    if len(mine) >= MOST:
        raise Invalid(TOO_MANY)
    handle = mine[0].user_handle if mine else secrets.token_urlsafe(32)
    options = webauthn.generate_registration_options(
        rp_id=where.rp_id,
        rp_name=NAME,
        user_id=webauthn.base64url_to_bytes(handle),
        user_name=user.email,
        user_display_name=user.name,
        timeout=TIMEOUT_MS,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.PREFERRED,
            user_verification=structs.UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=[_descriptor(one) for one in mine],
    )
    token = challenges.issue(options.challenge, ADD, user, note=handle)
    return Question(webauthn.options_to_json(options), token)


def ask(where: Site, user: User | None = None, purpose: str = SECOND_STEP) -> Question:
    """For a passkey of ``user``, or without one for a passkey that says whose it is."""
    import webauthn
    from webauthn.helpers import structs

    need = structs.UserVerificationRequirement
    options = webauthn.generate_authentication_options(
        rp_id=where.rp_id,
        timeout=TIMEOUT_MS,
        allow_credentials=[_descriptor(one) for one in factors.of_user(user).passkeys] if user else [],
        user_verification=need.PREFERRED if user and purpose == SECOND_STEP else need.REQUIRED,
    )
    token = challenges.issue(options.challenge, purpose if user else SIGN_IN, user)
    return Question(webauthn.options_to_json(options), token)


def add(user: User, answer: Answer, asked: Challenge | None, name: str) -> list[str]:
    """In the open transaction: add the passkey that a browser created for ``asked``. Ends all sessions.

    Returns recovery codes if this is the person's first second step. Raises Invalid.
    """
    import webauthn
    from webauthn.helpers import bytes_to_base64url

    if asked is None:
        raise Invalid(NOT_ADDED)
    try:
        made = webauthn.verify_registration_response(
            credential=answer.text[:LONGEST_ANSWER],
            expected_challenge=asked.challenge,
            expected_rp_id=answer.site.rp_id,
            expected_origin=answer.site.origin,
        )
    except _wrong() as error:
        log.warning("passkey.refused", user=user.id, error=str(error))
        raise Invalid(NOT_ADDED) from error
    factors.lock(user)
    found, key = factors.of_user(user), bytes_to_base64url(made.credential_id)
    if db.session.scalar(db.select(Passkey.id).filter_by(credential_id=key)):
        raise Invalid(NOT_ADDED)
    if len(found.passkeys) >= MOST:
        raise Invalid(TOO_MANY)
    label = clean_text(name)[:LONGEST_NAME] or f"Passkey {len(found.passkeys) + 1}"
    row = Passkey(
        user_id=user.id,
        name=label,
        credential_id=key,
        public_key=made.credential_public_key,
        user_handle=asked.note,
        sign_count=made.sign_count,
    )
    db.session.add(row)
    diary.write(user, "user.passkey_added", "user", user.id, name=label)
    return changing.added(user, was_on=found.is_on)


def whose(answer: Answer) -> Passkey | None:
    """The passkey that the answer says it is from; None for anything that isn't one of ours."""
    try:
        said = json.loads(answer.text[:LONGEST_ANSWER])
        key = said["id"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if not isinstance(key, str) or not key.isascii() or not key.isprintable():
        return None
    found: Passkey | None = db.session.scalar(db.select(Passkey).filter_by(credential_id=key))
    return found


def use(answer: Answer, asked: Challenge | None, user: User | None, *, confirms: bool = False) -> User:
    """In the open transaction: note that a passkey was used, and return whose it is. Raises Invalid with a sentence.

    ``user``: whose passkey it must be. None for the whole sign-in: then, and where it ``confirms`` in place of the
    password, the device must have checked who uses it.
    """
    import webauthn
    from webauthn.helpers import base64url_to_bytes, parse_authentication_credential_json

    passkey = whose(answer)
    if asked is None or passkey is None or (user is not None and passkey.user_id != user.id):
        raise Invalid(NOT_ACCEPTED)
    try:
        read = parse_authentication_credential_json(answer.text[:LONGEST_ANSWER])
        done = webauthn.verify_authentication_response(
            credential=read,
            expected_challenge=asked.challenge,
            expected_rp_id=answer.site.rp_id,
            expected_origin=answer.site.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
        )
    except _wrong() as error:
        log.warning("passkey.refused", user=passkey.user_id, error=str(error))
        raise Invalid(NOT_ACCEPTED) from error
    if user is None and not passkey.user.is_active:
        raise Invalid(INACTIVE)
    if user is None and not done.user_verified:
        raise Invalid(NOT_CHECKED)
    if confirms and not done.user_verified:
        raise Invalid(CONFIRMS_NOT)
    handle = read.response.user_handle
    if (user is None or handle) and handle != base64url_to_bytes(passkey.user_handle):
        raise Invalid(NOT_ACCEPTED)
    # Of several with one count at once the database lets one through, and of a passkey that was just removed none.
    noted = db.session.execute(
        db.update(Passkey)
        .where(Passkey.id == passkey.id, Passkey.sign_count == passkey.sign_count)
        .values(sign_count=done.new_sign_count, used_at=utc_now())
        .returning(Passkey.id)
    )
    if noted.first() is None:
        raise Invalid(NOT_ACCEPTED)
    return passkey.user


def of(user: User, passkey_id: int) -> Passkey:
    """One of the user's passkeys. Raises NotFound with a sentence."""
    row = next((one for one in factors.of_user(user).passkeys if one.id == passkey_id), None)
    if row is None:
        raise NotFound(GONE)
    return row


@work.command
def remove(user: User, passkey_id: int) -> None:
    """Remove a passkey; something else stays for the second step. Ends all sessions. Raises NotFound, or Invalid."""
    factors.lock(user)
    row = of(user, passkey_id)
    changing.check_another(factors.of_user(user))
    db.session.delete(row)
    diary.write(user, "user.passkey_removed", "user", user.id, name=row.name)
    user.session_epoch += 1


def _descriptor(passkey: Passkey):  # type: ignore[no-untyped-def]
    from webauthn import base64url_to_bytes
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

    return PublicKeyCredentialDescriptor(id=base64url_to_bytes(passkey.credential_id))


def _wrong() -> tuple[type[Exception], ...]:
    """What the package raises for an answer that is wrong, or isn't one at all."""
    from webauthn.helpers.exceptions import WebAuthnException

    return (WebAuthnException, ValueError, TypeError, KeyError, AttributeError, RecursionError)
