"""Settings > Payments: the deposit that new quotes ask for, and where customers pay it. No card is ever seen here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from webapp.models import PaymentSettings, User, db
from webapp.services.accounts import permissions
from webapp.services.accounts.permissions import Permission
from webapp.services.company import currencies, place, shares
from webapp.services.core import formatting, merge, records, signatures, work
from webapp.services.core.fields import Reader
from webapp.services.core.place import Place
from webapp.services.core.runtime import Runtime
from webapp.services.diary import diary, merging

ONLY = 1
NONE, PERCENT, FIXED = "none", shares.PERCENT, "fixed"
KINDS = (PERCENT, FIXED)
MAX_LINK = 500
# What each word in braces of a pay link stands for, as the page explains it.
WORDS = {"quote": "the quote's number", "amount": "what is left to pay, like 1250.00", "currency": "like USD"}
WORD = re.compile(r"\{([^{}]*)\}")
DEPOSIT = ("deposit_kind", "deposit_value", "deposit_is_required")
FIELDS = ("pay_link", *DEPOSIT)


def stored() -> PaymentSettings:
    """The row of the settings page; with its defaults if it was never saved."""
    return records.only(PaymentSettings, ONLY)


def deposit_of_new_quotes() -> dict[str, object]:
    """The deposit that a new quote starts with, by its columns."""
    row = stored()
    return {name: getattr(row, name) for name in DEPOSIT}


def shown(row: PaymentSettings, here: Place) -> dict[str, object]:
    """The values of the page's form."""
    return {
        "pay_link": row.pay_link,
        "deposit_kind": row.deposit_kind if row.deposit_kind in KINDS else PERCENT,
        "deposit_value": formatting.plain(row.deposit_value, here) if row.deposit_value else "",
        "deposit_is_required": row.deposit_is_required,
    }


def seen(row: PaymentSettings) -> str:
    """The ``seen`` of the page's form (``core.merge``)."""
    return merge.seen({name: getattr(row, name) for name in FIELDS})


@work.command
def save(actor: User, values: Mapping[str, object]) -> None:
    """Store the page. Raises Invalid with sentences by field, or Conflict where another admin changed the same."""
    permissions.require_now(actor, Permission.ADMINISTER)
    reader = Reader(values, place.of_company())
    entered = {"pay_link": _read_link(reader), **read_deposit(reader, currencies.of_company())}
    reader.check()
    row = _row()
    for name, value in merging.into(
        actor, row, values, entered, what="page", together=(DEPOSIT,)
    ).values.items():
        setattr(row, name, value)
    diary.write(actor, "payment_settings.changed", "payment_settings", ONLY)


@work.command
def renew_secret(runtime: Runtime, actor: User) -> str:
    """Make a new secret for messages about payments, in place of the one before. Returns it, to be shown once."""
    permissions.require_now(actor, Permission.ADMINISTER)
    secret = signatures.new_secret()
    _row().secret_encrypted = runtime.vault.encrypt(secret)
    diary.write(actor, "payment_settings.secret_renewed", "payment_settings", ONLY)
    return secret


def secret(runtime: Runtime) -> str:
    """The secret that signs messages about payments; empty without one. Raises ServiceError if no key decrypts it."""
    encrypted = stored().secret_encrypted
    return runtime.vault.decrypt(encrypted) if encrypted else ""


def read_deposit(reader: Reader, currency: str) -> dict[str, object]:
    """The deposit of a form. A percent sign in the amount is its unit; without an amount there is none."""
    kind, value = shares.read(reader, "deposit", KINDS, PERCENT, currency)
    is_required = bool(value) and reader.flag("deposit_is_required")
    return {
        "deposit_kind": kind if value else NONE,
        "deposit_value": value,
        "deposit_is_required": is_required,
    }


def filled(link: str, values: Mapping[str, str]) -> str:
    """The address of ``link`` for ``values``, which has all words of WORDS."""
    return WORD.sub(lambda found: quote(values[found.group(1)], safe=""), link)


def _row() -> PaymentSettings:
    row = stored()
    if db.session.get(PaymentSettings, ONLY) is None:
        db.session.add(row)
        db.session.flush()
    return row


def _read_link(reader: Reader) -> str:
    text = reader.text("pay_link", MAX_LINK)
    if not text:
        return ""
    unknown = [word for word in WORD.findall(text) if word not in WORDS]
    if unknown:
        known = ", ".join(f"{{{word}}}" for word in WORDS)
        reader.fail("pay_link", f"{{{unknown[0]}}} stands for nothing. Use {known}.")
        return text
    try:
        parts = urlsplit(WORD.sub("1", text))
        host = parts.hostname or ""
    except ValueError:
        host = ""
    is_fixed = bool(host) and host == (urlsplit(text).hostname or "")
    if not is_fixed or parts.scheme != "https" or parts.username is not None or " " in text:
        reader.fail(
            "pay_link", "Enter an address like https://pay.example.com/?invoice={quote}&amount={amount}."
        )
    return text
