"""Whether what landed is what was offered: every amount, every line, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from smoke import arithmetic
from smoke.admin import Mapped
from smoke.arithmetic import number
from smoke.landed import BUCKETS, Labels, Landed, Record, size_of
from smoke.rep import Customer
from smoke.wanted import Line, Offer

SMALLEST_PDF = 2000
REFERENCES = {"product": "productID", "service": "serviceID", "labor": "laborID"}


def differences(
    offer: Offer,
    landed: Landed,
    labels: Labels,
    *,
    customer: Customer,
    mapped: Mapped,
    revision: int,
    status: str,
) -> list[str]:
    """A sentence for each thing that is not as it should be; empty when all agrees."""
    if not (landed.company and landed.opportunity and landed.quote):
        return [f"The company “{customer.company}” with its opportunity and quote is not in Autotask (yet)."]
    found = [
        *_customer(landed, labels, customer, mapped),
        *_opportunity(offer, landed, labels, status),
        *_lines(offer, landed, labels, mapped),
    ]
    pdfs = [row for row in landed.attachments if f"revision {revision} " in str(row.get("title"))]
    if not any(size_of(row) > SMALLEST_PDF for row in pdfs):
        found.append(f"The PDF of revision {revision} is not on the opportunity.")
    if mapped.tax_code and str(landed.quote.get("taxRegionID")) != mapped.tax_region:
        found.append(f"The quote's tax region is {landed.quote.get('taxRegionID')}, not {mapped.tax_region}.")
    return found


def _customer(landed: Landed, labels: Labels, customer: Customer, mapped: Mapped) -> Iterator[str]:
    company, contact = landed.company, landed.contact
    kind = labels.picklist("Companies", "companyType", company.get("companyType"))
    yield from _unequal("The company's type", kind, mapped.company_type)
    yield from _unequal("The company's phone", company.get("phone"), customer.phone)
    yield from _unequal("The contact's email", contact.get("emailAddress"), customer.email)
    name = f"{contact.get('firstName')} {contact.get('lastName')}"
    yield from _unequal("The contact's name", name, f"{customer.first_name} {customer.last_name}")


def _opportunity(offer: Offer, landed: Landed, labels: Labels, status: str) -> Iterator[str]:
    row = landed.opportunity
    yield from _unequal("The opportunity's title", row.get("title"), offer.title)
    shown = labels.picklist("Opportunities", "status", row.get("status"))
    yield from _unequal("The opportunity's status", shown, status)
    for word, wanted in (("Revenue", arithmetic.revenue(offer)), ("Cost", arithmetic.cost(offer))):
        for period, name in BUCKETS.items():
            amount = number(row.get(name + word))
            if amount != wanted[period]:
                yield f"The opportunity's {name + word} is {amount:,.2f}; it must be {wanted[period]:,.2f}."


def _lines(offer: Offer, landed: Landed, labels: Labels, mapped: Mapped) -> Iterator[str]:
    shipping = 1 if offer.shipping else 0
    if len(landed.items) != len(offer.lines) + shipping:
        yield f"The quote has {len(landed.items)} items; it must have {len(offer.lines) + shipping}."
        return
    fair = arithmetic.net_amounts(offer)
    total = sum((arithmetic.net_in_autotask(item) for item in landed.items), number(0))
    exact = sum(arithmetic.revenue(offer).values())
    for line, (amount, _) in zip(offer.lines, fair, strict=True):
        exact += number(0) if line.counts else amount
    if total != exact:
        yield f"The quote's items come to {total:,.2f}; they must come to {exact:,.2f}."
    for place, (line, item) in enumerate(zip(offer.lines, landed.items, strict=False)):
        amount, tolerance = fair[place]
        net = arithmetic.net_in_autotask(item)
        if abs(net - amount) > tolerance:
            yield f"Line {place + 1} “{line.name}” comes to {net:,.2f}; it must come to {amount:,.2f}."
        product = landed.products.get(item.get("productID") or 0, {})
        for sentence in [*_line(line, item, labels, mapped), *_product(line, product, labels, mapped)]:
            yield f"Line {place + 1} “{line.name}”: {sentence}"
    if shipping:
        item = landed.items[-1]
        yield from _unequal("The shipping line's type", type_of(item, labels), "shipping")
        yield from _unequal("The shipping line's amount", arithmetic.net_in_autotask(item), offer.shipping)


def _line(line: Line, item: Record, labels: Labels, mapped: Mapped) -> Iterator[str]:
    kind = type_of(item, labels)
    yield from _unequal("its name", item.get("name"), line.name)
    yield from _unequal("its type", kind, line.kind)
    yield from _unequal("its period", labels.period("QuoteItems", item.get("periodType")), line.period)
    yield from _unequal("its quantity", number(item["quantity"]), line.quantity)
    yield from _unequal("its price", number(item["unitPrice"]), line.price)
    yield from _unequal("its cost", number(item["unitCost"]), line.cost)
    yield from _unequal("whether it is optional", bool(item["isOptional"]), not line.counts)
    tax = str(item.get("taxCategoryID") or "")
    yield from _unequal("its tax category", tax, mapped.tax_category if line.taxed else "")
    if line.must_name:
        yield from _unequal(f"the {line.kind} that it names", item.get(REFERENCES[line.kind]), line.must_name)
    if kind == "labor":
        yield from _unequal("its role", labels.record("Roles", item.get("laborID")), mapped.role)
    if sum(bool(item.get(name)) for name in REFERENCES.values()) != 1:
        yield "it must name exactly one product, service or role."


def _product(line: Line, product: Record, labels: Labels, mapped: Mapped) -> Iterator[str]:
    """Where the category mapping sent a product that the push made."""
    if line.kind != "product" or line.must_name or line.pulled:
        return
    code = labels.record("BillingCodes", product.get("productBillingCodeID"))
    wanted = mapped.goods_code if line.from_library else mapped.product_code
    yield from _unequal("its product's billing code", code, wanted)
    if line.from_library and mapped.goods_category:
        label = labels.picklist("Products", "productCategory", product.get("productCategory"))
        yield from _unequal("its product's category", label, mapped.goods_category.rpartition(" > ")[2])


def type_of(item: Record, labels: Labels) -> str:
    """product, service, labor, shipping …, as this Autotask calls the item's type."""
    label = labels.picklist("QuoteItems", "quoteItemType", item.get("quoteItemType")).lower()
    return "labor" if label == "labour" else label


def _unequal(what: str, found: object, wanted: object) -> Iterator[str]:
    if found != wanted:
        yield f"{what} is {found}; it must be {wanted}."
