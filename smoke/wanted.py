"""What the rep is going to offer: lines of every kind, and how the quote changes before it is published again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

PERIODS = ("one_time", "monthly", "quarterly", "semi_annual", "annual")


@dataclass(frozen=True)
class Section:
    """A heading of the quote. ``choice``: the customer takes its lines as a ``whole``, takes ``one``, or ``none``."""

    title: str
    choice: str = "none"


@dataclass(frozen=True)
class Line:
    """One line, and what it must become in Autotask.

    ``kind``: product, service or labor. ``must_name``: the id of the product or service that it must name there.
    ``pulled``: the record of Autotask, (entity, id), that the rep fetches. ``from_library``: it is made an item of the
    library first. ``optional``: it counts only when ``chosen``, as do those of a section with a choice. ``in_bundle``:
    it is a part of the bundle, with ``own_price`` in the library; its price is its share. ``setup_fee``: of the line,
    which is an item of its own behind it (``is_fee``). ``most``: what the customer can raise the quantity to.
    """

    name: str
    quantity: Decimal
    price: Decimal
    cost: Decimal = Decimal(0)
    recurrence: str = "one_time"
    kind: str = "product"
    discount_kind: str = "none"
    discount: Decimal = Decimal(0)
    taxed: bool = False
    optional: bool = False
    chosen: bool = False
    mpn: str = ""
    must_name: int | None = None
    pulled: tuple[str, int] | None = None
    from_library: bool = False
    description: str = ""
    in_bundle: bool = False
    own_price: Decimal | None = None
    section: Section | None = None
    setup_fee: Decimal = Decimal(0)
    is_fee: bool = False
    term: int = 0
    most: int = 0

    @property
    def is_choice(self) -> bool:
        """Whether the customer says if it counts."""
        return self.optional or (self.section is not None and self.section.choice != "none")

    @property
    def counts(self) -> bool:
        return self.chosen or not self.is_choice

    @property
    def period(self) -> str:
        """Labor is always one-time in Autotask, whatever it is in the quote."""
        return "one_time" if self.kind == "labor" else self.recurrence


@dataclass(frozen=True)
class Bundle:
    """An item with a fixed price, and how many of it are offered."""

    name: str
    quantity: int
    price: Decimal


@dataclass(frozen=True)
class Offer:
    """The quote. ``discount_kind``: none, percent (of every line) or amount (off the one-time lines)."""

    title: str
    lines: tuple[Line, ...]
    discount_kind: str = "none"
    discount: Decimal = Decimal(0)
    shipping: Decimal = Decimal(0)


@dataclass(frozen=True)
class Known:
    """A product or service that Autotask had before. ``recurrence``: as the record says, one_time where it does not."""

    entity: str
    record_id: int
    name: str
    mpn: str = ""
    recurrence: str = "one_time"

    @property
    def key(self) -> tuple[str, int]:
        return self.entity, self.record_id


@dataclass
class Stock:
    """What this Autotask offers to use: its periods, and records to match and to pull. ``notes``: what it lacks."""

    periods: set[str]
    products: list[Known] = field(default_factory=list)
    services: list[Known] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def take(self, known: list[Known], what: str) -> Known | None:
        """The next record, or None and a note."""
        if known:
            return known.pop(0)
        self.notes.append(f"this Autotask has no {what}, so such a line was left out")
        return None


def first_offer(stamp: str, stock: Stock, *, taxed: bool) -> Offer:
    """Lines of every kind that this Autotask can take. ``stamp`` makes new names unique."""
    lines = [
        *_products(stamp, stock, taxed=taxed),
        *_services(stamp),
        *_labor(stamp),
        *_optional(stamp, taxed=taxed),
        *_pulled(stock),
        *_in_sections(stamp),
        *_parts(stamp),
    ]
    usable = [line for line in lines if {line.period, line.recurrence} <= stock.periods]
    for period in PERIODS:
        if period not in stock.periods:
            stock.notes.append(f"this Autotask knows no {period} period, so such lines were left out")
    return Offer(f"Smoke {stamp}", tuple(usable), "percent", Decimal("2.5"), Decimal("49.90"))


def second_offer(offer: Offer, stamp: str) -> Offer:
    """Another price and quantity, a line less, a new one at the end, and the other kind of discount."""
    kept = [line for line in offer.lines if line.name != f"Cable tray {stamp}"]
    first = replace(kept[0], price=kept[0].price + Decimal("10.01"), quantity=kept[0].quantity + 1)
    section = kept[-1].section  # a new line goes to the end
    added = _line(f"Cable duct {stamp}", 4, "11.35", "6.10", from_library=True, section=section)
    return replace(offer, lines=(first, *kept[1:], added), discount_kind="amount", discount=Decimal(250))


def chosen_offer(offer: Offer) -> Offer:
    """The offer as accepted: the first optional line, the last of several, a section as a whole, the most of a line."""
    wanted = next((line for line in offer.lines if line.optional), None)
    last = [line for line in offer.lines if line.section and line.section.choice == "one"][-1:]

    def chosen(line: Line) -> bool:
        choice = line.section.choice if line.section else ""
        return choice == "whole" or line is wanted or line in last

    lines = (
        replace(line, chosen=chosen(line), quantity=Decimal(line.most) or line.quantity)
        for line in offer.lines
    )
    return replace(offer, lines=tuple(lines))


def _line(name: str, quantity: Any, price: Any, cost: Any, **more: Any) -> Line:
    more["discount"] = Decimal(str(more.get("discount", 0)))
    return Line(name, Decimal(str(quantity)), Decimal(str(price)), Decimal(str(cost)), **more)


def _products(stamp: str, stock: Stock, *, taxed: bool) -> list[Line]:
    words = "Four posts, 42 units.\nAvec les longues vis, très utiles — 長いネジ付き."
    percent = {"discount_kind": "percent", "discount": 10}
    lines = [
        _line(f"Rack kit {stamp}", 3, "19.99", "11.50", from_library=True, description=words, **percent),
        _line(f"Cable tray {stamp}", 7, "4.25", 0, discount_kind="unit", discount="0.25"),
        _line(f"UPS 1500 {stamp}", 1, 499, 410, discount_kind="line", discount=50, taxed=taxed),
        _line(f"Cable ties {stamp}", 1000, "0.0375", "0.0125"),
    ]
    known = stock.take(stock.products, "product with a part number to match")
    if known:
        matched = {"mpn": known.mpn, "must_name": known.record_id, "taxed": taxed}
        lines.insert(0, _line(known.name, 2, "1234.56", 900, **matched))
    return lines


def _services(stamp: str) -> list[Line]:
    percent = {"discount_kind": "percent", "discount": 4}
    return [
        *_subscription(stamp),
        _line(f"Review {stamp}", 1, 300, 120, recurrence="quarterly", kind="service"),
        _line(f"Penetration test {stamp}", 1, 2400, 1500, recurrence="semi_annual", kind="service"),
        _line(f"Domain {stamp}", 2, 25, 9, recurrence="annual", kind="service", **percent),
    ]


def _subscription(stamp: str) -> list[Line]:
    """Seats with a term and a setup fee, of which the customer can take more."""
    name, fee = f"Workstation care {stamp}", Decimal("249.50")
    more: dict[str, Any] = {
        "recurrence": "monthly",
        "kind": "service",
        "setup_fee": fee,
        "term": 12,
        "most": 40,
    }
    return [_line(name, 25, 45, 18, **more), _line(f"Setup fee: {name}", 1, fee, 0, is_fee=True)]


def _labor(stamp: str) -> list[Line]:
    return [
        _line(f"Installation {stamp}", "7.5", 150, 70, kind="labor"),
        _line(f"Care hours {stamp}", 2, 95, 40, recurrence="monthly", kind="labor"),
    ]


def _optional(stamp: str, *, taxed: bool) -> list[Line]:
    return [
        _line(f"Second monitor {stamp}", 2, 199, 150, taxed=taxed, optional=True),
        _line(f"Gold cables {stamp}", 5, 80, 10, optional=True),
    ]


def _works(stamp: str) -> Section:
    return Section(f"Works {stamp}")


def _in_sections(stamp: str) -> list[Line]:
    """One of three plans, a backup that is taken as a whole, and a plain section."""
    plans, backup = Section(f"Plans {stamp}", "one"), Section(f"Backup {stamp}", "whole")
    works = _works(stamp)
    monthly: dict[str, Any] = {"recurrence": "monthly", "kind": "service"}
    return [
        _line(f"Bronze {stamp}", 10, 20, 8, section=plans, chosen=True, **monthly),
        _line(f"Silver {stamp}", 10, "29.99", 12, section=plans, **monthly),
        _line(f"Gold {stamp}", 10, 45, 15, section=plans, **monthly),
        _line(f"Backup box {stamp}", 1, "899.95", 640, section=backup),
        _line(f"Backup care {stamp}", 1, "79.90", 30, section=backup, **monthly),
        _line(f"Wall bracket {stamp}", 2, "33.33", 14, section=works),
    ]


def bundle(stamp: str) -> Bundle:
    """The bundle of ``_parts``: 126 instead of 140 each."""
    return Bundle(f"Desk kit {stamp}", 2, Decimal(126))


def _parts(stamp: str) -> list[Line]:
    """One lamp and two mats in each of two bundles, with their shares of its price."""
    common = {"from_library": True, "in_bundle": True, "section": _works(stamp)}
    return [
        _line(f"Desk lamp {stamp}", 2, 54, 31, own_price=Decimal(60), **common),
        _line(f"Desk mat {stamp}", 4, 36, "17.50", own_price=Decimal(40), **common),
    ]


def _pulled(stock: Stock) -> list[Line]:
    """A recurring product stays a product, a service stays one, and a service made one-time becomes a product."""
    lines = []
    product = stock.take(stock.products, "further product to pull")
    if product:
        same = {"pulled": product.key, "must_name": product.record_id}
        lines.append(_line(product.name, 2, 240, 200, recurrence="annual", **same))
    service = stock.take(stock.services, "service to pull")
    if service:
        same = {"pulled": service.key, "must_name": service.record_id, "recurrence": service.recurrence}
        lines.append(_line(service.name, 3, 150, 60, kind="service", **same))
    other = stock.take(stock.services, "further service to pull")
    if other:
        lines.append(_line(other.name, 1, "79.95", 20, pulled=other.key))
    return lines
