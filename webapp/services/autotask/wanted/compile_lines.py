"""Lines to quote items and the products and services that they name. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from decimal import Decimal
from typing import Any

from webapp.models.catalog import ONE_TIME
from webapp.services.autotask.settings.model import AutotaskSettings, CategoryRule
from webapp.services.autotask.wanted.amounts import discounts
from webapp.services.autotask.wanted.desired import CatalogItem, DesiredRecord, LineTotal, Problem, Ref
from webapp.services.autotask.wanted.facts import RemoteFacts
from webapp.services.autotask.wanted.line_taxes import LineTaxes
from webapp.services.autotask.wanted.texts import truncate, truncate_name
from webapp.services.quoting.money.money import ZERO, to_cents
from webapp.services.quoting.money.totals import LineTotals, Totals
from webapp.services.quoting.revisions.snapshot import FrozenLine, Snapshot

PRODUCT, SERVICE, BUNDLE, LABOR = "product", "service", "service_bundle", "labor"
SHIPPING, DISCOUNT = "shipping", "discount"
ENTITIES = {PRODUCT: "Products", SERVICE: "Services", BUNDLE: "ServiceBundles"}
REFERENCES = {PRODUCT: "productID", SERVICE: "serviceID", BUNDLE: "serviceBundleID"}
MONTHS = {"monthly": 1, "quarterly": 3, "semi_annual": 6, "annual": 12}
KIND_OF_ORIGIN = {"Products": PRODUCT, "Services": SERVICE, "ServiceBundles": BUNDLE}


def kind_of(line: FrozenLine, *, is_labor: bool) -> str:
    """What a line becomes in Autotask.

    Labor by its category. What was pulled stays what it was, except that a service or bundle that is one-time here
    becomes a product. All else: a product when one-time, a service when recurring.
    """
    if is_labor:
        return LABOR
    if line.origin_id is not None and line.origin_entity in KIND_OF_ORIGIN:
        kind = KIND_OF_ORIGIN[line.origin_entity]
        if kind == PRODUCT or line.recurrence != ONE_TIME:
            return kind
    return PRODUCT if line.recurrence == ONE_TIME else SERVICE


class LineCompiler:
    """Compiles all lines of one revision; the results are its attributes."""

    def __init__(
        self, frozen: Snapshot, totals: Totals, settings: AutotaskSettings, facts: RemoteFacts
    ) -> None:
        self.frozen = frozen
        self.settings = settings
        self.facts = facts
        self._amounts = totals.lines
        self.items: list[DesiredRecord] = []
        self.goods: dict[str, CatalogItem] = {}
        self.totals: list[LineTotal] = []
        self.costs: dict[str, Decimal] = {}
        self.problems: list[Problem] = []
        self.warnings: list[str] = []
        self._taxes = LineTaxes(settings.tax_code, facts)

    def run(self) -> None:
        """Compile the lines in their order, then shipping."""
        as_item = self._discount_item_amount()
        for place, (line, amounts) in enumerate(zip(self.frozen.lines, self._amounts, strict=True), start=1):
            self._line(place, line, amounts, spread=not as_item)
        place = len(self.frozen.lines) + 1
        if self.frozen.shipping_amount:
            self._shipping(place)
            place += 1
        if as_item:
            self._discount(place, as_item)
        for sentence in self._taxes.problems():
            self._problem(sentence, "settings", "tax_code")
        self.warnings += self._taxes.warnings()

    @property
    def tax_region(self) -> int | None:
        """The tax region of the quote, once ``run`` is through."""
        return self._taxes.region

    def rule_of(self, line: FrozenLine) -> CategoryRule:
        """The category's rule, each part inherited from the parent category where it is not set."""
        rules = self.settings.item_category.rules
        own = rules.get(line.category_id or 0, CategoryRule()).model_dump()
        above = rules.get(line.parent_category_id or 0, CategoryRule()).model_dump()
        return CategoryRule(**{name: above[name] if value is None else value for name, value in own.items()})

    def _problem(self, sentence: str, area: str, name: str) -> None:
        problem = Problem(sentence, (area, name))
        if problem not in self.problems:
            self.problems.append(problem)

    def _line(self, place: int, line: FrozenLine, amounts: LineTotals, *, spread: bool) -> None:
        rule = self.rule_of(line)
        kind = kind_of(line, is_labor=bool(rule.is_labor))
        period = ONE_TIME if kind == LABOR else line.recurrence
        if kind == LABOR and line.recurrence != ONE_TIME:
            self.warnings.append(f"Line {place} “{line.name}” is labor and goes to Autotask as one-time.")
        key = f"item:{line.uid}"
        fields = self._common(kind, place, line, amounts, period, spread=spread)
        fields |= self._reference(kind, place, line, rule)
        fields |= self._taxes.fields(place, line)
        self.items.append(self._item(key, line.uid, f"line {place} “{line.name}”", fields))
        net = amounts.net if spread else amounts.net + self._item_share(line, amounts)
        self.totals.append(
            LineTotal(key, f"line {place} “{line.name}”", period, net, amounts.tax, amounts.counts)
        )
        self.costs[key] = amounts.cost if self.settings.products_services.send_cost else ZERO

    def _common(
        self, kind: str, place: int, line: FrozenLine, amounts: LineTotals, period: str, *, spread: bool
    ) -> dict[str, Any]:
        chosen = self.settings.products_services
        description = line.description if chosen.description_target in ("item", "both") else ""
        if kind == LABOR:
            description = self._with_work_type(description, self.rule_of(line))
        length = self.facts.lengths.get(("QuoteItems", "description"), 0)
        if length and len(description) > length:
            self.warnings.append(
                f"The description of line {place} “{line.name[:60]}” has {len(description):,} characters; Autotask's "
                f"quote item takes {length:,}, so it is cut there. The PDF has it whole."
            )
            description = description[: length - 1].rstrip() + "…"
        name = self._fit("QuoteItems", "name", self._name(line))
        return {
            "quoteItemType": self._type(kind),
            "name": name,
            "description": description or None,
            "quantity": line.quantity,
            "unitPrice": line.unit_price,
            "unitCost": line.unit_cost if chosen.send_cost else None,
            "isOptional": line.is_optional and not line.is_selected,
            "periodType": self._period("QuoteItems", period),
            "sortOrderID": place,
            **self._discounts(line, amounts, spread=spread),
        }

    def _with_work_type(self, description: str, rule: CategoryRule) -> str:
        """Quote items have no field for a work type, so that whoever makes the ticket or project reads it here."""
        work_type = self.facts.work_types.get(rule.work_type_id or 0)
        return f"{description}\nWork type: {work_type}".strip() if work_type else description

    def _name(self, line: FrozenLine) -> str:
        part = line.mpn or line.sku
        wanted = self.settings.products_services.mpn_in_name and part
        return f"{part} {line.name}" if wanted else line.name

    def _fit(self, entity: str, name: str, text: str) -> str:
        return truncate(self.facts, entity, name, text)

    def _type(self, kind: str) -> int | None:
        value = self.facts.item_types.get(kind)
        if value is None:
            self._problem(
                f"This Autotask has no active quote item type for a {kind.replace('_', ' ')}.",
                "autotask",
                "quoteItemType",
            )
        return value

    def _period(self, entity: str, recurrence: str) -> int | None:
        value = self.facts.periods.get(entity, {}).get(recurrence)
        if value is None and recurrence != ONE_TIME:
            self._problem(
                f"This Autotask has no {recurrence.replace('_', '-')} period for {entity}.",
                "autotask",
                "periodType",
            )
        return value

    @staticmethod
    def _item_share(line: FrozenLine, amounts: LineTotals) -> Decimal:
        """The share of the quote's discount that a discount item carries instead of the line.

        A taxed line keeps its share, since Autotask reckons a line's tax from what the line itself comes to.
        """
        untaxed = line.tax_code_id is None or not line.tax_rate
        return amounts.quote_discount if line.recurrence == ONE_TIME and amounts.counts and untaxed else ZERO

    def _discounts(self, line: FrozenLine, amounts: LineTotals, *, spread: bool) -> dict[str, Decimal]:
        """Exactly one kind above zero. The line's own kind stays when it alone gives the line's amount exactly."""
        share = amounts.quote_discount if spread else amounts.quote_discount - self._item_share(line, amounts)
        gross = {"quantity": line.quantity, "unitPrice": line.unit_price}
        return discounts(
            gross, line.discount_kind, line.discount_value, off=amounts.own_discount + share, own=not share
        )

    def _reference(self, kind: str, place: int, line: FrozenLine, rule: CategoryRule) -> dict[str, Any]:
        if kind == LABOR:
            role = rule.role_id or self.settings.products_services.labor_role_id
            if role is None:
                self._problem(
                    f"Line {place} “{line.name}” is labor, but neither its category nor the settings name a role.",
                    "settings",
                    "item_category",
                )
            return {"laborID": role}
        goods = self._goods(kind, place, line, rule)
        return {REFERENCES[kind]: Ref(goods)}

    def _goods(self, kind: str, place: int, line: FrozenLine, rule: CategoryRule) -> str:
        """The wish for the line's product or service; lines of the same one share it."""
        chosen = self.settings.products_services
        entity = ENTITIES[kind]
        pulled = line.origin_id if line.origin_entity == entity else None
        name = truncate_name(self.facts, entity, self._name(line))
        # Autotask keeps names of services unique, whatever else tells two lines apart.
        parts = (line.mpn, line.sku, self._name(line)) if kind == PRODUCT else (name.strip(),)
        identity = f"{entity}|{pulled}" if pulled else "|".join((entity, *parts)).casefold()
        key = f"goods:{hashlib.sha256(identity.encode()).hexdigest()[:24]}"
        title = f"line {place} “{line.name}”"
        if key in self.goods:
            old = self.goods[key]
            self.goods[key] = replace(old, line_titles=(*old.line_titles, title))
            return key
        wish = DesiredRecord(
            key,
            entity,
            ("goods", key.removeprefix("goods:")),
            line.name,
            self._kept(entity, line),
            self._made(kind, line, rule, name),
            self._filled(entity, line),
            chosen_id=pulled,
            where=f"the {kind.replace('_', ' ')} of {title}",
        )
        by_name = chosen.match_name or kind != PRODUCT
        self.goods[key] = CatalogItem(
            wish,
            line.mpn if chosen.match_mpn else "",
            line.sku if chosen.match_sku else "",
            name if by_name else "",
            (title,),
        )
        return key

    def _kept(self, entity: str, line: FrozenLine) -> dict[str, Any]:
        """Fields of an existing record that follow ours, where the settings say so."""
        overwrite = self.settings.products_services.update_existing == "overwrite"
        return self._followed(entity, line) if overwrite else {}

    def _filled(self, entity: str, line: FrozenLine) -> dict[str, Any]:
        """Fields of an existing record that are written where it has nothing."""
        chosen = self.settings.products_services
        fields = self._followed(entity, line) if chosen.update_existing == "fill_empty" else {}
        # A record that may be matched although it is inactive is made active.
        return fields | ({"isActive": True} if chosen.inactive_match == "activate" else {})

    def _followed(self, entity: str, line: FrozenLine) -> dict[str, Any]:
        chosen = self.settings.products_services
        amounts = self._amounts_of(entity, line)
        fields: dict[str, Any] = {}
        if chosen.update_price:
            fields["unitPrice"] = amounts["unitPrice"]
        if chosen.update_cost and "unitCost" in amounts:
            fields["unitCost"] = amounts["unitCost"]
        if chosen.update_description and chosen.description_target in ("record", "both"):
            fields["description"] = self._fit(entity, "description", line.description)
        return fields

    def _amounts_of(self, entity: str, line: FrozenLine) -> dict[str, Any]:
        """Period, price and cost of a record: the line's, those of a service at the period that the settings name."""
        chosen = self.settings.products_services
        periods = self.facts.periods["Services"]
        period, share = line.recurrence, Decimal(1)
        if entity == "Services" and chosen.service_period is not None and line.recurrence in MONTHS:
            named = next((name for name, value in periods.items() if value == chosen.service_period), "")
            if named in MONTHS:
                period, share = named, Decimal(MONTHS[named]) / MONTHS[line.recurrence]
        kind = entity if entity in ("Products", "Services") else "Services"
        price, cost = line.unit_price, line.unit_cost
        if share != 1:
            price, cost = to_cents(price * share), to_cents(cost * share)
        amounts: dict[str, Any] = {"periodType": self._period(kind, period), "unitPrice": price}
        return amounts | ({"unitCost": cost} if chosen.send_cost else {})

    def _made(self, kind: str, line: FrozenLine, rule: CategoryRule, name: str) -> dict[str, Any]:
        """All fields of a new record."""
        chosen = self.settings.products_services
        entity = ENTITIES[kind]
        description = line.description if chosen.description_target in ("record", "both") else ""
        fields: dict[str, Any] = {
            "name": name,
            "description": self._fit(entity, "description", description) or None,
            "isActive": True,
            "markupRate": self._markup(line),
            **self._amounts_of(entity, line),
        }
        if kind == PRODUCT:
            code = rule.billing_code_id or chosen.product_billing_code_id
            fields |= {
                "productBillingCodeID": code,
                "isSerialized": False,
                "productCategory": rule.product_category or self._category(line),
                "sku": self._fit(entity, "sku", line.sku) or None,
                "manufacturerProductName": self._fit(entity, "manufacturerProductName", line.mpn) or None,
                "manufacturerName": self._fit(entity, "manufacturerName", line.manufacturer) or None,
                "defaultVendorID": chosen.default_vendor_id,
            }
        else:
            code = rule.service_billing_code_id or chosen.service_billing_code_id
            fields |= {
                "billingCodeID": code,
                "vendorCompanyID": chosen.default_vendor_id,
            }
        return {field: value for field, value in fields.items() if value is not None}

    def _markup(self, line: FrozenLine) -> Decimal | None:
        """The markup rate of a new record, in percent; None leaves it to Autotask."""
        chosen = self.settings.products_services
        if chosen.markup == "fixed":
            return chosen.markup_percent
        if chosen.markup == "computed" and chosen.send_cost and line.unit_cost > 0:
            return to_cents((line.unit_price - line.unit_cost) * 100 / line.unit_cost)
        return None

    def _category(self, line: FrozenLine) -> int | None:
        """The Autotask product category of the same name; unset when there is none."""
        known = self.facts.product_categories
        path = line.category_path.strip().lower()
        above, _, last = path.rpartition(" > ")
        found = known.get(path) or (known.get(last) if last else None)
        # A subcategory of the same name below another category is another one.
        elsewhere = (
            above
            and path not in known
            and any(label.endswith(f" > {last}") for label, value in known.items() if value == found)
        )
        return None if elsewhere else found

    def _shipping(self, place: int) -> None:
        shipping_type = self.settings.products_services.shipping_type_id
        if shipping_type is None:
            self._problem(
                "The quote has shipping, but no Autotask shipping type is chosen for it.",
                "settings",
                "products_services",
            )
        amount = to_cents(self.frozen.shipping_amount)
        self._extra(
            "shipping",
            SHIPPING,
            place,
            "Shipping",
            amount,
            {"unitPrice": amount, "shippingID": shipping_type},
        )

    def _discount(self, place: int, amount: Decimal) -> None:
        self._extra(
            "discount", DISCOUNT, place, "Discount", -amount, {"unitPrice": ZERO, "lineDiscount": amount}
        )

    def _extra(
        self, name: str, kind: str, place: int, title: str, net: Decimal, fields: dict[str, Any]
    ) -> None:
        common = {
            "quoteItemType": self._type(kind),
            "name": title,
            "quantity": Decimal(1),
            "isOptional": False,
            "isTaxable": False,
            "periodType": self._period("QuoteItems", ONE_TIME),
            "sortOrderID": place,
            "unitDiscount": Decimal(0),
            "percentageDiscount": Decimal(0),
            "lineDiscount": Decimal(0),
        }
        key = f"item:{name}"
        self.items.append(self._item(key, name, title.lower(), common | fields))
        self.totals.append(LineTotal(key, title.lower(), ONE_TIME, net, ZERO, counts=True))
        self.costs[key] = ZERO

    def _item(self, key: str, uid: str, title: str, fields: dict[str, Any]) -> DesiredRecord:
        return DesiredRecord(
            key, "QuoteItems", ("line", f"{self.frozen.quote_id}:{uid}"), title, fields, parent="quote"
        )

    def _discount_item_amount(self) -> Decimal:
        """What a discount item carries: the quote's discount on the one-time lines, where the settings want one."""
        wanted = self.settings.products_services.discount_as == "item" and DISCOUNT in self.facts.item_types
        if not wanted:
            return ZERO
        pairs = zip(self.frozen.lines, self._amounts, strict=True)
        return sum((self._item_share(line, amounts) for line, amounts in pairs), ZERO)
