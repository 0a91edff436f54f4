"""Change several lines of a draft in one command, which is one step to undo."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial

from webapp.models import Quote, QuoteLine, TaxCode, User, utc_now
from webapp.models.catalog import RECURRENCES
from webapp.models.line import NO_CHOICE
from webapp.models.quote import DISCOUNT_KINDS
from webapp.services.accounts import permissions
from webapp.services.accounts.permissions import Permission
from webapp.services.catalog import dates, price_rules, tax_codes
from webapp.services.catalog.items import MAX_PRICE
from webapp.services.company import place
from webapp.services.core import records
from webapp.services.core.errors import Invalid
from webapp.services.core.fields import Reader
from webapp.services.diary import diary
from webapp.services.quoting.draft import bundles, discounts, editing, lines, sections, steps
from webapp.services.quoting.money import prices
from webapp.services.quoting.money.money import rounding

NAMED = 3


@dataclass
class Changed:
    """``uids``: the lines that were changed. ``left``: a sentence for each reason why some weren't."""

    uids: list[str] = field(default_factory=list)
    left: dict[str, list[str]] = field(default_factory=dict)

    def leave(self, line: QuoteLine, why: str) -> None:
        """Note that ``line`` stays as it is."""
        self.left.setdefault(why, []).append(line.name)

    def sentences(self, what: str = "not changed") -> list[str]:
        """“2 lines not changed: without a cost (Cable, Rack).” ``what``: other words for it."""
        said = []
        for why, names in self.left.items():
            more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
            count = "1 line" if len(names) == 1 else f"{len(names)} lines"
            said.append(f"{count} {what}: {why} ({', '.join(names[:NAMED])}{more}).")
        return said


@steps.undoable
def change(
    actor: User, quote_id: int, uids: Collection[str], what: str, values: Mapping[str, object]
) -> Changed:
    """Set the margin, markup, discount, tax code or billing period of these lines, or turn Optional on or off.

    Lines that can't take it stay as they are and are named. Raises Invalid with a sentence beside the field, or when
    none of the lines is there any more.
    """
    quote = editing.lock_editable(quote_id)
    changed = apply(actor, quote, uids, what, values)
    _note(actor, quote, changed.uids, "quote.lines_changed")
    return changed


def apply(
    actor: User, quote: Quote, uids: Collection[str], what: str, values: Mapping[str, object]
) -> Changed:
    """What ``change`` does to the lines, without locking or storing them. Raises what it raises."""
    chosen = chosen_of(quote, uids)
    before = discounts.before(actor, quote)
    reader = Reader(values, place.of_company())
    setter = SETTERS[what](actor, quote, chosen, reader) if what in SETTERS else None
    if setter is None:
        raise Invalid("Choose what to change. Nothing was changed.")
    reader.check("Nothing was changed. Fix the highlighted field.")
    changed = Changed()
    for line in chosen:
        why = bundles.refuses(line, what) or setter(line)
        if why:
            changed.leave(line, why)
        else:
            bundles.follow(line, ["tax_code"] if what == "tax" else [])
            bundles.settle_terms(line)
            changed.uids.append(line.uid)
    sections.settle(quote)
    discounts.check(actor, quote, before)
    return changed


@steps.undoable
def remove(actor: User, quote_id: int, uids: Collection[str]) -> list[str]:
    """Delete these lines. Returns the uids of those that were there."""
    quote = editing.lock_editable(quote_id)
    chosen = chosen_of(quote, uids)
    for line in chosen:
        quote.lines.remove(line)
    sections.arrange(quote)
    gone = [line.uid for line in chosen]
    _note(actor, quote, gone, "quote.lines_removed")
    return gone


@steps.undoable
def duplicate(actor: User, quote_id: int, uids: Collection[str]) -> list[str]:
    """Insert a copy of each of these lines behind the last of them. Returns the copies' uids."""
    quote = editing.lock_editable(quote_id)
    chosen = chosen_of(quote, uids)
    if len(quote.lines) + len(chosen) > lines.MAX_LINES:
        raise Invalid(f"A quote can have up to {lines.MAX_LINES:,} lines, so nothing was copied.")
    at = quote.lines.index(chosen[-1]) + 1
    copies = [QuoteLine(uid=lines.new_uid(), section=line.section, **lines.copied(line)) for line in chosen]
    quote.lines[at:at] = copies
    sections.arrange(quote)
    made = [line.uid for line in copies]
    _note(actor, quote, made, "quote.lines_added")
    return made


def chosen_of(quote: Quote, uids: Collection[str]) -> list[QuoteLine]:
    """Those of these lines that are there, in order. Raises Invalid when none is."""
    wanted = set(uids)
    chosen = [line for line in quote.lines if line.uid in wanted]
    if not chosen:
        raise Invalid(
            "The selected lines were deleted by someone else or in another tab. Nothing was changed."
        )
    return chosen


def _note(actor: User, quote: Quote, uids: list[str], action: str) -> None:
    if uids:
        quote.updated_at = utc_now()
        diary.write(actor, action, "quote", quote.id, lines=len(uids))


# Each reads the form once, and returns what sets one line: empty, or why that line can't take it.
Setter = Callable[[QuoteLine], str]


def _on_cost(rule: str, actor: User, quote: Quote, _chosen: list[QuoteLine], reader: Reader) -> Setter:
    """``rule``: the margin or the markup, which leads the prices from then on."""
    permissions.require(actor, Permission.SEE_COST)
    typed = Reader({"value": reader.raw("value").removesuffix("%")}, place.of_company())
    minimum, maximum = price_rules.LIMITS[rule]
    percent = typed.decimal("value", minimum=minimum, maximum=maximum, example="Enter a percentage, like 25.")
    for name, sentence in typed.errors.items():
        reader.fail(name, sentence)
    digits = rounding(quote.currency).digits
    priced = {prices.MARGIN: prices.with_margin, prices.MARKUP: prices.with_markup}[rule]

    def set_one(line: QuoteLine) -> str:
        why = price_rules.why_not(rule, line.unit_price, line.unit_cost, line.discount_value)
        if why:
            return why
        price = priced(line.unit_cost, percent, price_rules.ending_of(line.price_ending), digits)
        if price > MAX_PRICE or line.quantity * price > bundles.MAX_AMOUNT:
            return "the price would be too high"
        amounts = dates.amounts(line)
        line.unit_price = price
        if not line.bundle:
            line.price_rule, line.price_percent = rule, percent
        dates.follow(line, amounts)
        return ""

    return set_one


def _discount(_actor: User, quote: Quote, _chosen: list[QuoteLine], reader: Reader) -> Setter:
    read = editing.read_discount(reader, DISCOUNT_KINDS, quote.currency)

    def set_one(line: QuoteLine) -> str:
        if line.unit_price < 0 and read["discount_value"]:
            return "a credit can't be discounted"
        line.discount_kind, line.discount_value = (
            str(read["discount_kind"]),
            Decimal(str(read["discount_value"])),
        )
        price_rules.settle(line)
        return ""

    return set_one


def _tax(_actor: User, _quote: Quote, _chosen: list[QuoteLine], reader: Reader) -> Setter:
    number = reader.identifier("value")
    code = records.find(TaxCode, number)
    if number is not None and (code is None or code not in tax_codes.usable()):
        reader.fail("value", "This tax code was deleted or is inactive. Choose another.")

    def set_one(line: QuoteLine) -> str:
        if line.unit_price < 0 and code is not None:
            return "a credit has no tax"
        line.tax_code = code
        return ""

    return set_one


def _billing(_actor: User, _quote: Quote, _chosen: list[QuoteLine], reader: Reader) -> Setter:
    recurrence = reader.choice("value", RECURRENCES, "")
    if not recurrence:
        reader.fail("value", "Choose a billing period.")

    def set_one(line: QuoteLine) -> str:
        if line.unit_price < 0 and recurrence != RECURRENCES[0]:
            return "a credit is one-time"
        line.recurrence = recurrence
        return ""

    return set_one


def _optional(_actor: User, _quote: Quote, chosen: list[QuoteLine], _reader: Reader) -> Setter:
    """On for all, unless all are optional already. A line that is made optional stays selected."""
    is_on = not all(line.is_optional for line in chosen)

    def set_one(line: QuoteLine) -> str:
        if line.section is not None and line.section.choice != NO_CHOICE:
            return "their section says what the customer chooses"
        if line.is_optional != is_on:
            line.is_optional = line.is_selected = is_on
        return ""

    return set_one


SETTERS: dict[str, Callable[[User, Quote, list[QuoteLine], Reader], Setter]] = {
    prices.MARGIN: partial(_on_cost, prices.MARGIN),
    prices.MARKUP: partial(_on_cost, prices.MARKUP),
    "discount": _discount,
    "tax": _tax,
    "billing": _billing,
    "optional": _optional,
}
