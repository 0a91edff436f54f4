"""One line of a quote with everything that is decided before its fields: rule, kind, discount share. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from webapp.models.catalog import ONE_TIME
from webapp.services.autotask.settings.model import CategoryRule
from webapp.services.autotask.wanted import keys
from webapp.services.autotask.wanted.context import Context
from webapp.services.autotask.wanted.keys import RecordKey
from webapp.services.quoting.money.money import ZERO
from webapp.services.quoting.money.totals import LineTotals
from webapp.services.quoting.revisions import pricing
from webapp.services.quoting.revisions.parts import FlatLine
from webapp.services.quoting.revisions.snapshot import FrozenLine

PRODUCT, SERVICE, BUNDLE, LABOR = "product", "service", "service_bundle", "labor"
SHIPPING, DISCOUNT = "shipping", "discount"
ENTITIES = {PRODUCT: "Products", SERVICE: "Services", BUNDLE: "ServiceBundles"}
KIND_OF_ORIGIN = {entity: kind for kind, entity in ENTITIES.items()}


@dataclass(frozen=True)
class Line:
    """A line at its place. ``kind``: what it becomes in Autotask.

    ``number``: of the quote's line, which several parts of a bundle have in common. ``on_discount_item``: the share of
    the quote's discount that a discount item carries instead of this line.
    """

    place: int
    frozen: FrozenLine
    amounts: LineTotals
    rule: CategoryRule
    kind: str
    on_discount_item: Decimal
    number: int

    @property
    def title(self) -> str:
        """The line in a sentence."""
        part_of = self.frozen.bundle_name if isinstance(self.frozen, FlatLine) else ""
        inside = f"“{self.frozen.name}” in “{part_of}”" if part_of else f"“{self.frozen.name}”"
        return f"line {self.number} {inside}"

    @property
    def name(self) -> str:
        """``title`` as the beginning of a sentence."""
        return f"L{self.title[1:]}"

    @property
    def key(self) -> RecordKey:
        """The key of its quote item."""
        return keys.item(self.frozen.uid)

    @property
    def period(self) -> str:
        """Its billing period in Autotask, where labor is always one-time."""
        return ONE_TIME if self.kind == LABOR else self.frozen.recurrence

    @property
    def shared(self) -> Decimal:
        """What the line itself carries of the discounts of its section and of the quote."""
        return self.amounts.section_discount + self.amounts.quote_discount - self.on_discount_item


def lines_of(context: Context) -> list[Line]:
    """All lines of the revision, in their order."""
    frozen = context.frozen
    amounts = pricing.of_snapshot(frozen).lines
    shares = _discount_item_shares(context, amounts)
    lines = []
    for place, (line, line_amounts, share) in enumerate(
        zip(frozen.lines, amounts, shares, strict=True), start=1
    ):
        rule = _rule_of(context, line)
        # The setup fee of labor is an amount, and no hour of work.
        is_fee = isinstance(line, FlatLine) and line.is_fee
        kind = kind_of(line, is_labor=bool(rule.is_labor) and not is_fee)
        number = line.number if isinstance(line, FlatLine) else place
        lines.append(Line(place, line, line_amounts, rule, kind, share, number))
    return lines


def kind_of(line: FrozenLine, *, is_labor: bool) -> str:
    """What a line becomes in Autotask.

    A credit is a discount item. Labor by its category. A pulled line stays what it was, but a service or bundle that is
    one-time here becomes a product. Every other line: a product when one-time, a service when recurring.
    """
    if line.unit_price < 0:
        return DISCOUNT
    if is_labor:
        return LABOR
    if line.origin_id is not None and line.origin_entity in KIND_OF_ORIGIN:
        kind = KIND_OF_ORIGIN[line.origin_entity]
        if kind == PRODUCT or line.recurrence != ONE_TIME:
            return kind
    return PRODUCT if line.recurrence == ONE_TIME else SERVICE


def _rule_of(context: Context, line: FrozenLine) -> CategoryRule:
    """The category's rule; each part that isn't set is inherited from the parent category."""
    rules = context.settings.item_category.rules
    own = rules.get(line.category_id or 0, CategoryRule()).model_dump()
    parent = rules.get(line.parent_category_id or 0, CategoryRule()).model_dump()
    return CategoryRule(**{name: parent[name] if value is None else value for name, value in own.items()})


def _discount_item_shares(context: Context, amounts: tuple[LineTotals, ...]) -> list[Decimal]:
    """For each line, the share of the quote's discount that goes on a discount item, if the settings want one."""
    wanted = context.settings.products_services.discount_as == "item"
    if not wanted or DISCOUNT not in context.facts.item_types:
        return [ZERO for _ in amounts]
    shares = [
        _discount_item_share(line, line_amounts)
        for line, line_amounts in zip(context.frozen.lines, amounts, strict=True)
    ]
    return shares if sum(shares, ZERO) else [ZERO for _ in amounts]


def _discount_item_share(line: FrozenLine, amounts: LineTotals) -> Decimal:
    """A taxed line keeps its share, because Autotask computes a line's tax from the line's own amount."""
    untaxed = line.tax_code_id is None or not line.tax_rate
    return amounts.quote_discount if line.recurrence == ONE_TIME and amounts.counts and untaxed else ZERO
