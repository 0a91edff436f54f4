"""The deposit that a quote asks for when it is accepted: one rule for editor, page, paper, mail and payments."""

from __future__ import annotations

from decimal import Decimal

from webapp.models import Payment, Quote, db
from webapp.services.company.payments import FIXED, PERCENT
from webapp.services.core import formatting
from webapp.services.core.place import Place
from webapp.services.quoting.money.money import ZERO, rounded, rounding
from webapp.services.quoting.money.terms import Contract
from webapp.services.quoting.revisions import snapshot
from webapp.services.quoting.revisions.snapshot import Snapshot

REQUIRED = "Due when you accept. Work starts when it's paid."
WELCOME = "Can be paid when you accept."


def amount(offer: Quote | Snapshot, contract: Contract) -> Decimal:
    """The deposit in the offer's currency, 0 for none: never more than the first invoice, tax included."""
    first, digits = max(contract.first_invoice.total, ZERO), rounding(offer.currency).digits
    if offer.deposit_kind == PERCENT:
        return rounded(first * offer.deposit_value / 100, digits)
    return min(rounded(offer.deposit_value, digits), first) if offer.deposit_kind == FIXED else ZERO


def currency(quote: Quote) -> str:
    """The currency that the customer pays in: the live revision's, whatever the draft is in; the draft's before any."""
    revision = quote.current_revision
    return snapshot.parse(revision.content).currency if revision else quote.currency


def paid_currency(quote: Quote) -> str:
    """The currency of the payments that stand, which a draft of the quote can't leave; empty without any."""
    stands = db.select(Payment.id).where(Payment.quote_id == quote.id, Payment.removed_at.is_(None)).limit(1)
    return currency(quote) if db.session.scalar(stands) else ""


def note(offer: Quote | Snapshot, contract: Contract, place: Place) -> str:
    """What it is reckoned from and when it is due, as “30% of the first invoice, $1,200.00. Due when you accept.”"""
    due = REQUIRED if offer.deposit_is_required else WELCOME
    if offer.deposit_kind != PERCENT:
        return due
    first = formatting.money(contract.first_invoice.total, offer.currency, place)
    return f"{formatting.plain(offer.deposit_value, place)}% of the first invoice, {first}. {due}"
