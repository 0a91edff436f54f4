"""The issues to fix before a draft can be published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from webapp.models import Item, Quote, QuoteLine, TaxCode, User, db
from webapp.models.line import WHOLE
from webapp.services.catalog import costs, dates, tiers
from webapp.services.company import currencies, place
from webapp.services.company import profile as company_profile
from webapp.services.core import formatting, records
from webapp.services.people import required_fields
from webapp.services.quoting.draft import discounts, margins, one_customer, price_facts, quantities, stages
from webapp.services.quoting.draft.worst import Worst
from webapp.services.quoting.money import terms
from webapp.services.quoting.money.totals import Totals
from webapp.services.quoting.paper import letters
from webapp.services.quoting.revisions import deposits, parts, pricing


@dataclass(frozen=True)
class Problem:
    """A sentence that says what to fix. ``place``: ``header``, ``customer``, ``lines``, or the uid of a line."""

    place: str
    sentence: str


def problems(quote: Quote, totals: Totals | None = None, publisher: User | None = None) -> list[Problem]:
    """Everything to fix before ``quote`` can be published; empty when it is ready.

    ``totals``: its own, if known. ``publisher``: who would publish it, for the limit of discounts.
    """
    issues = _without_seller() + [Problem("customer", sentence) for sentence in _of_customer(quote)]
    if stages.is_past(quote.expires_on, place.today()):
        issues.append(Problem("header", "The expiration date has passed. Choose a later date."))
    issues += _in_another_currency(quote)
    if not quote.lines:
        issues.append(Problem("lines", "Add at least one line."))
    elif not any(line.counts for line in quote.lines):
        issues.append(
            Problem(
                "lines", "Every line is optional. Make at least one line required or selected by default."
            )
        )
    for number, line in enumerate(quote.lines, start=1):
        codes = [records.find(TaxCode, part.tax_code_id) for part in parts.of_line(line)] or [line.tax_code]
        names = dict.fromkeys(code.name for code in codes if code is not None and not code.is_active)
        for name in names:
            sentence = (
                f"Line {number} “{line.name}”: the tax code “{name}” is inactive. Choose another tax code."
            )
            issues.append(Problem(line.uid, sentence))
        wrong = quantities.wrong(line)
        if wrong is not None:
            issues.append(Problem(line.uid, f"Line {number} “{line.name}”: {wrong.sentence}"))
    totals = totals or pricing.of_quote(quote)
    can_be = Worst(quote, totals)
    issues += [Problem("lines", sentence) for sentence in _overdrawn(can_be)]
    if publisher is not None:
        over, low = discounts.problems(publisher, can_be), margins.problems(publisher, can_be)
        issues += [Problem(uid, sentence) for uid, sentence in [*over.items(), *low.items()]]
    return issues


def _overdrawn(can_be: Worst) -> list[str]:
    """A sentence for each billing period whose credits come, or can come, to more than its lines."""
    if not any(line.unit_price < 0 for line in can_be.quote.lines):
        return []
    found = []
    for name in can_be.totals.periods:
        label = formatting.period_label(name).lower()
        if name in can_be.totals.overdrawn:
            found.append(f"The credits come to more than the {label} lines. Reduce them.")
        elif can_be.least(name) < 0:
            found.append(
                f"With what the customer can choose, the credits can come to more than the {label} lines. Reduce them, "
                "or let the customer choose less."
            )
    return found


def _of_customer(quote: Quote) -> list[str]:
    if quote.person is None and quote.organization is None:
        return ["Choose a customer."]
    if quote.person is not None and quote.person.anonymized_at is not None:
        return ["The contact was made anonymous. Choose another customer."]
    another = one_customer.problem(quote)
    return [*required_fields.missing_of_quote(quote), *([another] if another else [])]


def _in_another_currency(quote: Quote) -> list[Problem]:
    """A quote that was paid for in one currency and is in another now: its payments would count as that."""
    if quote.current_revision is None or deposits.currency(quote) == quote.currency:
        return []
    paid = deposits.paid_currency(quote)
    sentence = (
        f"A payment in {paid} was noted, so this quote can't be in {quote.currency}. Set it to {paid} again."
    )
    return [Problem("header", sentence)] if paid else []


def _without_seller() -> list[Problem]:
    """A company that hasn't said who it is can't sell: every paper names the seller and where they are."""
    seller, _ = company_profile.current()
    missing = [name for name in ("name", "address") if not seller[name]]
    if not missing:
        return []
    verb = "is" if len(missing) == 1 else "are"
    sentence = f"Your company's {' and '.join(missing)} {verb} missing on this quote."
    return [Problem("seller", f"{sentence} An admin adds that in Settings > Company.")]


def checks(quote: Quote, totals: Totals | None = None, viewer: User | None = None) -> list[Problem]:
    """What is worth a look before publishing, though it doesn't block it.

    ``totals``: its own, if known. ``viewer``: who reads it; None for everything.
    """
    found: list[Problem] = []
    seller, _ = company_profile.current()
    totals = totals or pricing.of_quote(quote)
    found += _discount_checks(quote, totals)
    unshown = letters.sentence(_printed(quote, seller))
    if unshown:
        found.append(Problem("paper", unshown))
    found += [Problem(uid, sentence) for uid, sentence in margins.checks(viewer, quote, totals).items()]
    if costs.may_see(viewer):
        found += _old_costs(quote)
    found += _unconverted(quote)
    is_taxed = not all(map(_is_untaxed, quote.lines))
    for number, (line, amounts) in enumerate(zip(quote.lines, totals.lines, strict=True), start=1):
        name = f"Line {number} “{line.name}”"
        if line.unit_price == 0:
            found.append(Problem(line.uid, f"{name} has a price of 0."))
        elif is_taxed and line.unit_price > 0 and _is_untaxed(line):
            found.append(Problem(line.uid, f"{name} has no tax code, so it isn't taxed. Other lines are."))
        if (
            amounts.own_discount
            and amounts.own_discount == amounts.gross
            and line.discount_kind in ("unit", "line")
        ):
            found.append(
                Problem(line.uid, f"The discount of {name[0].lower()}{name[1:]} takes off its whole price.")
            )
        found += [Problem(line.uid, f"{name} {words}") for words in _term_checks(line)]
    return found


def _term_checks(line: QuoteLine) -> list[str]:
    """What is odd about the term of a line, after its name."""
    found = []
    months = terms.MONTHS.get(line.recurrence)
    if months and line.term_months % months:
        billed = formatting.period_label(line.recurrence).lower()
        found.append(f"has a term of {line.term_months} months and is billed {billed}.")
    if line.starts_on is not None and line.starts_on < place.today():
        day = formatting.day(line.starts_on, place.of_company())
        found.append(f"starts on {day}, which has passed. It starts with the quote.")
    return found


def _is_untaxed(line: QuoteLine) -> bool:
    """True for a line without tax; of a bundle, where no part has one."""
    made_of = parts.of_line(line)
    return all(part.tax_code_id is None for part in made_of) if made_of else line.tax_code is None


def _old_costs(quote: Quote) -> list[Problem]:
    today = place.today()
    oldest = price_facts.oldest(today)
    return [
        Problem(
            line.uid, f"The cost of line {number} “{line.name}” is from {dates.age(line.cost_date, today)}."
        )
        for number, line in enumerate(quote.lines, start=1)
        if line.cost_date is not None and price_facts.has_old_cost(line, oldest)
    ]


def _unconverted(quote: Quote) -> list[Problem]:
    """Prices of the library, which are in the company's currency, in a quote of another one."""
    own = currencies.of_company()
    if quote.currency == own:
        return []
    ids = {line.item_id for line in quote.lines}
    known = {item.id: item for item in db.session.scalars(db.select(Item).where(Item.id.in_(ids)))}
    return [
        Problem(
            line.uid,
            f"Line {number} “{line.name}” has the library's price, which is in {own}. It wasn't converted to "
            f"{quote.currency}.",
        )
        for number, line in enumerate(quote.lines, start=1)
        if line.item_id in known and _has_price_of(line, known[line.item_id])
    ]


def _has_price_of(line: QuoteLine, item: Item) -> bool:
    """Whether an amount of the line is still the item's."""
    if line.tiers and line.tiers == tiers.of_line(item):
        return True
    amounts = ("unit_price", "setup_fee", "renewal_price", "list_price")
    return any(getattr(line, name) and getattr(line, name) == getattr(item, name) for name in amounts)


def _printed(quote: Quote, seller: Mapping[str, Any]) -> list[str]:
    """The texts that people wrote and the PDF prints."""
    texts = [str(seller[name]) for name in ("name", "address", "terms")]
    texts += [quote.title, quote.comments, quote.owner.name, quote.purchase_order_number]
    if quote.organization:
        texts += [quote.organization.name, quote.organization.billing_line1, quote.organization.billing_city]
    if quote.person:
        texts += [quote.person.full_name, quote.person.title]
    for line in quote.lines:
        texts += [line.name, line.description, line.manufacturer, line.mpn, line.sku]
        texts += [part.name for part in parts.listed(line)]
    for section in quote.sections:
        texts += [section.title, section.text]
    return texts


def _discount_checks(quote: Quote, totals: Totals) -> list[Problem]:
    """A discount of a section or of the whole quote that can't take effect, or only in part."""
    return _section_discount_checks(quote, totals) + _quote_discount_checks(quote, totals)


def _section_discount_checks(quote: Quote, totals: Totals) -> list[Problem]:
    found = []
    for section in quote.sections:
        off = sum(
            (
                one.section_discount
                for line, amounts in zip(quote.lines, totals.lines, strict=True)
                if line.section is section and (amounts.counts or section.choice == WHOLE)
                for _, one in amounts.by_period(line.recurrence)
            ),
            Decimal(0),
        )
        if section.discount_kind == "amount" and off < section.discount_value:
            here = place.of_company()
            wanted = formatting.money(section.discount_value, quote.currency, here)
            taken = formatting.money(off, quote.currency, here)
            sentence = (
                f"The section “{section.title}” has a discount of {wanted}, of which {taken} is taken off."
            )
            found.append(Problem("lines", f"{sentence} Its lines add up to no more."))
    return found


def _quote_discount_checks(quote: Quote, totals: Totals) -> list[Problem]:
    if quote.discount_kind != "amount" or not quote.discount_value:
        return []
    pairs = zip(quote.lines, totals.lines, strict=True)
    every = (one for line, amounts in pairs for _, one in amounts.by_period(line.recurrence))
    off = sum((one.quote_discount for one in every), Decimal(0))
    if off >= quote.discount_value:
        return []
    amount = formatting.money(quote.discount_value, quote.currency, place.of_company())
    if not off:
        return [
            Problem("header", f"The discount of {amount} has no effect, because there are no one-time lines.")
        ]
    rest = formatting.money(off, quote.currency, place.of_company())
    return [
        Problem(
            "header", f"The one-time lines come to {rest}, so only that much of the {amount} is taken off."
        )
    ]
