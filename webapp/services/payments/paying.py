"""The deposit of a quote: what is due, what was paid, and noting a payment by hand or by a gateway, once."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlalchemy.exc import IntegrityError

from webapp.models import Payment, Quote, User, db, utc_now
from webapp.models.quote import LOST, PENDING
from webapp.services.catalog.items import MAX_PRICE
from webapp.services.company import place
from webapp.services.core import formatting, records, work
from webapp.services.core.errors import Invalid, NotFound
from webapp.services.core.fields import Reader, clean_text
from webapp.services.core.runtime import Runtime
from webapp.services.diary import diary
from webapp.services.payments import registry
from webapp.services.payments.gateway import Asked, Refused, Told
from webapp.services.quoting.draft import editing
from webapp.services.quoting.money.money import ZERO, rounded, rounding
from webapp.services.quoting.money.totals import Totals
from webapp.services.quoting.revisions import commitments, deposits, pricing, snapshot
from webapp.services.quoting.revisions.snapshot import Snapshot

HAND = "hand"
NOTED, REMOVED = "quote.payment_noted", "quote.payment_removed"
MOST = 50
_OF_QUOTE = (
    db.select(Payment)
    .where(Payment.quote_id == db.bindparam("quote_id"), Payment.removed_at.is_(None))
    .order_by(Payment.id)
)


@dataclass(frozen=True)
class Due:
    """The deposit of a quote, in ``currency``: the live revision's. ``address``: where the customer pays; empty
    when nothing is left to pay, before the acceptance, or without a pay link.
    """

    amount: Decimal
    paid: Decimal
    currency: str
    is_required: bool
    address: str = ""

    @property
    def left(self) -> Decimal:
        """What is still to pay."""
        return max(self.amount - self.paid, ZERO)


def of_quote(quote: Quote, frozen: Snapshot | None = None, computed: Totals | None = None) -> Due | None:
    """The deposit of a published quote; None when it asks for none and nothing was paid.

    ``frozen``: the live revision, and ``computed``: its totals, where the caller has them.
    """
    revision = quote.current_revision
    if revision is None or quote.number is None:
        return None
    frozen, paid = frozen or snapshot.parse(revision.content), sum((one.amount for one in of(quote)), ZERO)
    if not frozen.deposit_value and not paid:
        return None
    amount = deposits.amount(frozen, commitments.of_snapshot(frozen, computed or pricing.of_snapshot(frozen)))
    due = Due(amount, paid, frozen.currency, frozen.deposit_is_required)
    if quote.status in (PENDING, LOST) or not due.left:
        return due
    left = rounded(due.left, rounding(frozen.currency).digits)
    address = registry.chosen().address(Asked(quote.number, left, frozen.currency))
    return replace(due, address=address)


def in_words(quote: Quote, frozen: Snapshot) -> str:
    """The sentence of a mail about the deposit that is left to pay; empty for none."""
    due = of_quote(quote, frozen)
    if due is None or not due.left:
        return ""
    amount = formatting.money(due.left, frozen.currency, frozen.place)
    when = "is due before work starts" if due.is_required else "can be paid now"
    return f"A deposit of {amount} {when}.{f' Pay it here: {due.address}' if due.address else ''}"


def of(quote: Quote) -> list[Payment]:
    """The payments of a quote, in the order in which they were noted, without those that were removed."""
    return list(db.session.scalars(_OF_QUOTE, {"quote_id": quote.id}))


def form(due: Due) -> dict[str, str]:
    """What the form shows when it is opened: what is left to pay."""
    left = rounded(due.left, rounding(due.currency).digits)
    amount = formatting.plain(left, place.of_company()) if left else ""
    return {"key": secrets.token_hex(12), "amount": amount, "reference": ""}


@work.command
def note(actor: User, quote_id: int, values: Mapping[str, object]) -> Payment:
    """Note by hand what was paid. ``values``: ``key``, ``amount``, ``reference``; a form sent twice is one payment.

    Raises Invalid with a sentence for each wrong field; stores nothing then.
    """
    quote = editing.lock(quote_id)
    if quote.number is None:
        raise Invalid("This quote hasn't been published, so nothing is due yet. Nothing was noted.")
    reader, currency = Reader(values, place.of_company()), deposits.currency(quote)
    amount = reader.decimal("amount", maximum=MAX_PRICE, above_zero=True, currency=currency)
    reference = reader.text("reference", 120)
    if "amount" not in reader.errors and amount != rounded(amount, rounding(currency).digits):
        reader.fail("amount", f"{currency} has no such fraction.")
    key = f"{HAND}-{quote.id}-{reader.text('key', 24) or secrets.token_hex(12)}"
    reader.check("Nothing was noted. Fix the highlighted fields.")
    return _keep(
        actor, quote, Payment(key=key, amount=amount, source=HAND, reference=reference, noted_by=actor)
    )


@work.command
def remove(actor: User, quote_id: int, payment_id: int) -> None:
    """Take back a payment that was noted by mistake; the quote's history keeps both. Raises NotFound."""
    quote = editing.lock(quote_id)
    payment = records.find(Payment, payment_id)
    if payment is None or payment.quote_id != quote.id or payment.removed_at is not None:
        raise NotFound("There's no such payment of this quote. Nothing was changed.")
    diary.write(actor, REMOVED, "quote", quote.id, reason=_said(quote, payment))
    # Its key stays taken: a gateway that tells it again isn't believed again.
    payment.removed_at = utc_now()


@work.command
def hear(runtime: Runtime, key: str, headers: Mapping[str, str], body: bytes) -> Payment:
    """Note what a gateway tells, once however often it does.

    Raises NotFound for a gateway or quote that there isn't, or Refused with a sentence.
    """
    gateway = registry.by_key(key)
    told = gateway.told(runtime, headers, body)
    found = db.session.scalar(db.select(Quote.id).filter_by(number=told.number))
    if found is None:
        raise NotFound(f"There's no quote {told.number}. Nothing was noted.")
    quote = editing.lock(found)
    currency = deposits.currency(quote)
    if told.currency != currency:
        raise Refused(f"Quote {told.number} is in {currency}, not {told.currency}. Nothing was noted.")
    if told.amount != rounded(told.amount, rounding(currency).digits):
        raise Refused(f"{told.amount:f} isn't an amount in {currency}. Nothing was noted.")
    return _keep(None, quote, _payment(gateway.key, told))


def _payment(source: str, told: Told) -> Payment:
    reference = clean_text(told.reference or told.payment)[:120]
    return Payment(key=f"{source}-{told.payment}", amount=told.amount, source=source, reference=reference)


def _keep(actor: User | None, quote: Quote, payment: Payment) -> Payment:
    """Store the payment of a locked quote, or find the one that it is."""
    before = _known(payment.key)
    if before is not None:
        return _the_same(before, quote, payment)
    if len(of(quote)) >= MOST:
        raise Refused(f"{MOST} payments were noted for this quote, which is the most. Nothing was noted.")
    payment.quote_id = quote.id
    try:
        with work.unit():
            db.session.add(payment)
            db.session.flush()
    except IntegrityError:
        # Told for two quotes at the same moment.
        before = _known(payment.key)
        if before is None:
            raise
        return _the_same(before, quote, payment)
    diary.write(actor, NOTED, "quote", quote.id, reason=_said(quote, payment), source=payment.source)
    return payment


def _known(key: str) -> Payment | None:
    found: Payment | None = db.session.scalar(db.select(Payment).filter_by(key=key))
    return found


def _the_same(before: Payment, quote: Quote, payment: Payment) -> Payment:
    """The payment that was noted ``before``. Raises Refused where it says something else, or was removed."""
    if before.removed_at is not None:
        raise Refused("This payment was noted before, and a person removed it. Nothing was changed.")
    if (before.quote_id, before.amount) != (quote.id, payment.amount):
        raise Refused("This payment was noted with another amount or quote. Nothing was changed.")
    return before


def _said(quote: Quote, payment: Payment) -> str:
    amount = formatting.money(payment.amount, deposits.currency(quote), place.of_company())
    return f"{amount}, {payment.reference}" if payment.reference else amount
