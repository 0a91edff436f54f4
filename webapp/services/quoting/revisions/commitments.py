"""What a quote with subscriptions bills over its terms (``money.terms``), and the term of a line in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from webapp.models import Quote, QuoteLine
from webapp.models.catalog import ONE_TIME
from webapp.services.company import profile
from webapp.services.core import formatting
from webapp.services.core.place import Place
from webapp.services.quoting.money import terms, totals
from webapp.services.quoting.money.money import ZERO, Rounding, rounded, rounding
from webapp.services.quoting.money.priced import Share
from webapp.services.quoting.money.terms import Charge, Contract, Value
from webapp.services.quoting.money.totals import LineTotals, Totals
from webapp.services.quoting.revisions import deposits
from webapp.services.quoting.revisions.snapshot import FrozenLine, Snapshot

LATER = "What starts later is on a later invoice."
MIXED = "Each line for its own term; a line without a term for one billing period."
LABELS = {ONE_TIME: "One-time", terms.SETUP: "Setup fees", terms.SHIPPING: "Shipping"}


@dataclass(frozen=True)
class Row:
    """A value in words. ``parts``: what adds up to it, each with its amount. ``note``: what else is to know of it."""

    name: str
    amount: Decimal
    parts: tuple[tuple[str, Decimal], ...]
    note: str = ""


def of_snapshot(snapshot: Snapshot, computed: Totals) -> Contract:
    """The values of a revision, which starts on the day it was published."""
    taxes = [(line.tax_rate, line.tax_name) for line in snapshot.lines]
    how = rounding(snapshot.currency, snapshot.tax_rounding)
    charges = _charges(snapshot.lines, computed, taxes, how)
    return terms.reckoned(charges, snapshot.published_on)


def of_quote(quote: Quote, computed: Totals, day: date) -> Contract:
    """The values of a draft that starts on ``day``."""
    codes = [line.tax_code for line in quote.lines]
    taxes = [(code.rate, code.name) if code else (Decimal(0), "") for code in codes]
    how = rounding(quote.currency, profile.tax_rounding())
    return terms.reckoned(_charges(quote.lines, computed, taxes, how), day)


def of_draft(quote: Quote, computed: Totals, place: Place) -> list[Row]:
    """``rows`` of a draft that starts today."""
    return rows(quote, of_quote(quote, computed, place.today()), place.today(), place)


def rows(offer: Quote | Snapshot, contract: Contract, day: date, place: Place) -> list[Row]:
    """The values that say something new: of an offer where something recurs; the contract's where there is a term; the
    deposit where it asks for one.

    ``day``: on which the offer starts.
    """
    return [*_values(contract, day, offer.currency, place), *_deposit(offer, contract, place)]


def _deposit(offer: Quote | Snapshot, contract: Contract, place: Place) -> list[Row]:
    amount = deposits.amount(offer, contract)
    if not amount:
        return []
    return [Row("Deposit", amount, (), deposits.note(offer, contract, place))]


def _values(contract: Contract, day: date, currency: str, place: Place) -> list[Row]:
    if not contract.recurs:
        return []
    later = f", {formatting.day(contract.first_day, place)}" if contract.first_day > day else ""
    named = [
        (f"First invoice{later}", contract.first_invoice, LATER if contract.has_later else ""),
        ("First year", contract.first_year, ""),
    ]
    if contract.has_term:
        months = f"{'up to ' if contract.is_mixed else ''}{formatting.plural(contract.months, 'month')}"
        note = MIXED if contract.is_mixed else ""
        named.append((f"Contract value, {months}", contract.contract, note))
    return [Row(name, value.total, _parts(value, currency, place), note) for name, value, note in named]


def words(snapshot: Snapshot) -> dict[str, str]:
    """The term of each line that has one, in words, by its uid."""
    said = {line.uid: of_line(line, snapshot.currency, snapshot.place) for line in snapshot.lines}
    return {uid: text for uid, text in said.items() if text}


def of_line(line: FrozenLine | QuoteLine, currency: str, place: Place, *, fee: bool = True) -> str:
    """“12-month term. Starts Jan 1, 2027. $22.00 each per month after the term.” ``fee``: with the setup fee."""
    said = []
    if line.term_months:
        can_end = f", can end after {line.min_term_months}" if line.min_term_months else ""
        said.append(f"{line.term_months}-month term{can_end}.")
    if line.starts_on:
        said.append(f"Starts {formatting.day(line.starts_on, place)}.")
    if line.renewal_price is not None:
        price = formatting.unit_money(line.renewal_price, currency, place)
        said.append(f"{price} each {formatting.period_suffix(line.recurrence)} after the term.")
    if fee and line.setup_fee:
        said.append(f"Setup fee {formatting.money(line.setup_fee, currency, place)}, once.")
    return " ".join(said)


def _charges(
    lines: Sequence[FrozenLine | QuoteLine],
    computed: Totals,
    taxes: Sequence[tuple[Decimal, str]],
    how: Rounding,
) -> list[Charge]:
    found = []
    renewals = _renewals(lines, computed, taxes, how)
    for at, (line, amounts) in enumerate(zip(lines, computed.lines, strict=True)):
        if amounts.counts:
            found += [
                _charge(line, name, one, renewals.get(at)) for name, one in amounts.by_period(line.recurrence)
            ]
    shipping = computed.periods[ONE_TIME].shipping
    return [*found, Charge(terms.SHIPPING, shipping)] if shipping else found


def _renewals(
    lines: Sequence[FrozenLine | QuoteLine],
    computed: Totals,
    taxes: Sequence[tuple[Decimal, str]],
    how: Rounding,
) -> dict[int, Decimal]:
    """What each line with a price at renewal is billed then, with tax, by its place."""
    renewed = {}
    for at, (line, amounts) in enumerate(zip(lines, computed.lines, strict=True)):
        if amounts.counts and line.renewal_price is not None:
            gross = rounded(line.quantity * line.renewal_price, how.digits)
            price = line.renewal_price
            renewed[at] = Share(line.recurrence, line.quantity, price, ZERO, ZERO, gross, ZERO, counts=True)
    rates, names = [taxes[at][0] for at in renewed], [taxes[at][1] for at in renewed]
    sums = totals.compute(list(renewed.values()), rates, tax_names=names, rounding=how)
    return {at: one.total for at, one in zip(renewed, sums.lines, strict=True)}


def _charge(line: FrozenLine | QuoteLine, name: str, amounts: LineTotals, renewal: Decimal | None) -> Charge:
    if name == ONE_TIME:
        return Charge(terms.SETUP if amounts.is_fee else ONE_TIME, amounts.total, line.starts_on)
    renewal = renewal if name == line.recurrence else None
    return Charge(name, amounts.total, line.starts_on, line.term_months, renewal)


def _parts(value: Value, currency: str, place: Place) -> tuple[tuple[str, Decimal], ...]:
    found = []
    for part in value.parts:
        label = LABELS.get(part.kind) or formatting.period_label(part.kind)
        if part.is_renewed:
            label = f"{label} after the term"
        if part.times > 1:
            label = f"{label}, {part.times} × {formatting.money(part.amount, currency, place)}"
        found.append((label, part.total))
    return tuple(found)
