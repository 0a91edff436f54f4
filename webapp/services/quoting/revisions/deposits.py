"""The deposit that a quote asks for when it is accepted: one rule for editor, page, paper, mail and payments."""

from __future__ import annotations

from decimal import Decimal

from webapp.models import Quote
from webapp.services.company.payments import FIXED, PERCENT
from webapp.services.core import formatting
from webapp.services.core.place import Place
from webapp.services.quoting.money.money import ZERO, rounded, rounding
from webapp.services.quoting.money.terms import Contract
from webapp.services.quoting.revisions.snapshot import Snapshot

REQUIRED = "Due when you accept. Work starts when it's paid."
WELCOME = "Can be paid when you accept."


def amount(offer: Quote | Snapshot, contract: Contract) -> Decimal:
    """The deposit in the offer's currency, 0 for none: never more than the first invoice, tax included."""
    first, digits = max(contract.first_invoice.total, ZERO), rounding(offer.currency).digits
    if offer.deposit_kind == PERCENT:
        return rounded(first * offer.deposit_value / 100, digits)
    return min(rounded(offer.deposit_value, digits), first) if offer.deposit_kind == FIXED else ZERO


def note(offer: Quote | Snapshot, contract: Contract, place: Place) -> str:
    """What it is reckoned from and when it is due, as “30% of the first invoice, $1,200.00. Due when you accept.”"""
    due = REQUIRED if offer.deposit_is_required else WELCOME
    if offer.deposit_kind != PERCENT:
        return due
    first = formatting.money(contract.first_invoice.total, offer.currency, place)
    return f"{formatting.plain(offer.deposit_value, place)}% of the first invoice, {first}. {due}"
