"""Six digits by mail, which prove that a signer reads the address; where Settings > Signing demands it.

The web process only stores that a code is wanted. The worker makes it when it mails it, so that it is nowhere else; the
database has a slow hash. How often one is sent and entered is counted there too, under the quote's lock.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import timedelta

from webapp.models import Quote, SigningCode, db, utc_now
from webapp.services.company import mail_server
from webapp.services.core import work
from webapp.services.core.errors import Invalid
from webapp.services.core.fields import Reader
from webapp.services.core.formatting import plural
from webapp.services.core.runtime import Runtime
from webapp.services.diary import diary
from webapp.services.quoting.answer import acceptance, opened, turns
from webapp.services.quoting.answer.opened import Opened
from webapp.services.quoting.draft import editing

LASTS = timedelta(minutes=10)
TRIES = 5
SENDS, OF_QUOTE, HOUR, KEPT = 5, 20, timedelta(hours=1), timedelta(days=1)
DIGITS = 6
NO_CODE = "Send a code first. Nothing was confirmed."
EXPIRED = "That code has expired: a code works for 10 minutes. Send a new one."
USED_UP = "Too many incorrect codes, so this one doesn't work anymore. Send a new one."


@work.command
def ask(runtime: Runtime, token: str, values: Mapping[str, object]) -> SigningCode:
    """Someone who is about to sign wants a code. ``values``: ``email``, unless the link is a named signer's.

    Raises Invalid with a sentence where none can be sent now, or Conflict where the link can't sign.
    """
    quote, link = _lock(token)
    reader = Reader(values)
    email = _email(reader, link)
    reader.check("No code was sent. Fix the highlighted field.")
    owner = f"{quote.owner.name} ({quote.owner.email})"
    if not mail_server.is_configured(runtime):
        raise Invalid(f"Email isn't set up here, so no code could be sent. Contact {owner} to sign.")
    now = utc_now()
    recent = db.select(db.func.count(SigningCode.id)).where(
        SigningCode.quote_id == quote.id, SigningCode.created_at > now - HOUR
    )
    to_this = db.session.scalar(recent.where(SigningCode.email == email)) or 0
    if to_this >= SENDS or (db.session.scalar(recent) or 0) >= OF_QUOTE:
        raise Invalid(
            f"Too many codes were sent within an hour, so no other was. Use the newest one, wait an hour, or contact "
            f"{owner}."
        )
    code = SigningCode(quote_id=quote.id, email=email)
    db.session.add(code)
    db.session.flush()
    live = quote.current_revision
    diary.write(
        None,
        "quote.code_sent",
        "quote",
        quote.id,
        label=_name(reader, link),
        revision=live.number if live else None,
        reason=f"to {email}",
        code=code.id,
    )
    return code


@work.command
def new_code(code_id: int) -> tuple[SigningCode, str] | None:
    """For the worker: the digits to mail, of which only the hash is kept. None where they aren't wanted any more."""
    found = db.session.get(SigningCode, code_id, with_for_update=True)
    if found is None or found.confirmed_at is not None or found.created_at < utc_now() - LASTS:
        return None
    digits = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    found.salt = secrets.token_hex(16)
    found.code_sha256 = _hash(digits, found.salt)
    found.expires_at = utc_now() + LASTS
    return found, digits


def confirm(token: str, values: Mapping[str, object], session: str) -> str:
    """The code that was entered. Returns the address that it proves, for the browser's ``session``.

    ``values``: ``code``, and ``email`` as for ``ask``. Raises Invalid with a sentence; the try is counted all the same.
    """
    # A try is stored before it is checked, so that many at once can't all pass.
    code_id = _count(token, values)
    return _check(token, code_id, values, session)


@work.command
def _count(token: str, values: Mapping[str, object]) -> int:
    quote, link = _lock(token)
    reader = Reader(values)
    email = _email(reader, link)
    # Nothing entered is no try.
    reader.text("code", 40, missing="Enter the code from the email.")
    reader.check("Nothing was confirmed. Fix the highlighted field.")
    found = _newest(quote, email)
    if found is None:
        raise Invalid("Nothing was confirmed.", {"code": NO_CODE})
    found.tries += 1
    return found.id


@work.command
def _check(token: str, code_id: int, values: Mapping[str, object], session: str) -> str:
    quote, link = _lock(token)
    found = db.session.get_one(SigningCode, code_id, populate_existing=True)
    if found.tries > TRIES:
        raise Invalid("Nothing was confirmed.", {"code": USED_UP})
    if not found.code_sha256 or found.expires_at is None:
        raise Invalid("Nothing was confirmed.", {"code": "The code is still on its way. Wait for the email."})
    if found.expires_at < utc_now():
        raise Invalid("Nothing was confirmed.", {"code": EXPIRED})
    reader = Reader(values)
    entered = "".join(sign for sign in reader.raw("code") if sign.isalnum())
    if not hmac.compare_digest(_hash(entered, found.salt), found.code_sha256):
        left = TRIES - found.tries
        what = f"{plural(left, 'try', 'tries')} left. " if left else "No tries left. "
        sentence = f"That code didn't match. {what}Check the latest email, or send a new code."
        raise Invalid("Nothing was confirmed.", {"code": sentence})
    if found.confirmed_at is None:
        live = quote.current_revision
        diary.write(
            None,
            "quote.code_confirmed",
            "quote",
            quote.id,
            label=_name(reader, link),
            revision=live.number if live else None,
            reason=found.email,
        )
    found.confirmed_at, found.session = utc_now(), session[:80]
    return found.email


@work.command
def forget() -> None:
    """Delete what is older than a day. A signature keeps that its code was right (``confirmed_email``)."""
    db.session.execute(db.delete(SigningCode).where(SigningCode.created_at < utc_now() - KEPT))


def asked(link: Opened, email: str) -> SigningCode | None:
    """The newest code that was sent to the address and isn't confirmed or expired."""
    reader = Reader({"email": email})
    address = _email(reader, link)
    found = None if reader.errors else _newest(link.quote, address)
    if found is None or found.confirmed_at is not None or found.created_at < utc_now() - LASTS * 2:
        return None
    return found


def works(code: SigningCode) -> bool:
    """Whether it can still be entered: it hasn't expired, and there are tries left."""
    is_over = code.expires_at is not None and code.expires_at < utc_now()
    return not is_over and code.tries < TRIES


def _lock(token: str) -> tuple[Quote, Opened]:
    quote = editing.lock(opened.by_token(token).quote.id)
    link = opened.by_token(token)
    if reason := acceptance.closed_reason(quote):
        raise Invalid(reason)
    acceptance.check_turn(quote, link, turns.round_of(quote))
    return quote, link


def _newest(quote: Quote, email: str) -> SigningCode | None:
    query = db.select(SigningCode).filter_by(quote_id=quote.id, email=email).order_by(SigningCode.id.desc())
    found: SigningCode | None = db.session.scalars(query.limit(1)).first()
    return found


def _email(reader: Reader, link: Opened) -> str:
    """The address to prove: whose link it is, or else as entered."""
    if link.person is not None and link.person.email:
        return link.person.email
    if not reader.raw("email"):
        reader.fail("email", "Enter your email, to which the code is sent.")
    return opened.read_email(reader, "email")


def _name(reader: Reader, link: Opened) -> str:
    return link.person.name if link.person else reader.raw("name")[:120] or "Someone"


def _hash(digits: str, salt: str) -> str:
    return hashlib.scrypt(digits.encode(), salt=salt.encode(), n=2**14, r=8, p=1, dklen=32).hex()
