"""The quote items: one for each line, one for shipping, one for a discount that is an item of its own. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from webapp.models import local_key
from webapp.models.catalog import ONE_TIME
from webapp.services.autotask.wanted import catalog_items, keys, positions
from webapp.services.autotask.wanted.amounts import discounts
from webapp.services.autotask.wanted.context import Context, Notes
from webapp.services.autotask.wanted.desired import CatalogItem, DesiredRecord, LineTotal, Ref
from webapp.services.autotask.wanted.keys import RecordKey
from webapp.services.autotask.wanted.line import (
    BUNDLE,
    DISCOUNT,
    LABOR,
    PRODUCT,
    SERVICE,
    SHIPPING,
    Line,
    lines_of,
)
from webapp.services.autotask.wanted.line_taxes import LineTaxes
from webapp.services.autotask.wanted.picklists import item_type, period_type
from webapp.services.quoting.money.money import ZERO, percent_of, to_cents
from webapp.services.quoting.revisions import commitments

ENTITY = "QuoteItems"
REFERENCES = {PRODUCT: "productID", SERVICE: "serviceID", BUNDLE: "serviceBundleID"}


@dataclass(frozen=True)
class Lines:
    """The compiled lines. ``totals``: one for each of ``items``. ``tax_region``: of the whole quote."""

    items: tuple[DesiredRecord, ...]
    catalog_items: tuple[CatalogItem, ...]
    totals: tuple[LineTotal, ...]
    tax_region: int | None


def compile_lines(context: Context, notes: Notes) -> Lines:
    """Compile the lines in their order, then shipping, then the discount item."""
    lines = lines_of(context)
    taxes = LineTaxes(context.settings.tax_code, context.facts)
    catalog: dict[RecordKey, CatalogItem] = {}
    items: list[DesiredRecord] = []
    totals: list[LineTotal] = []
    for line in lines:
        if line.kind == LABOR and line.frozen.recurrence != ONE_TIME:
            notes.warn(f"{line.name} is labor, so it becomes one-time in Autotask.")
        if line.kind == DISCOUNT:
            items.append(_item(context, line.frozen.uid, line.title, _credit_fields(context, notes, line)))
            totals.append(_total(context, line))
            continue
        fields = _line_fields(context, notes, line)
        fields |= _reference(context, notes, line, catalog)
        fields |= taxes.fields(line.number, line.frozen)
        items.append(_item(context, line.frozen.uid, line.title, fields))
        totals.append(_total(context, line))
    discount = sum((line.on_discount_item for line in lines), ZERO)
    for item, total in _extras(context, notes, len(lines) + 1, discount):
        items.append(item)
        totals.append(total)
    for sentence in taxes.problems():
        notes.problem(sentence, "settings", "tax_code")
    notes.warnings += taxes.warnings()
    return Lines(tuple(items), tuple(catalog.values()), tuple(totals), taxes.region)


def _line_fields(context: Context, notes: Notes, line: Line) -> dict[str, Any]:
    frozen, send_cost = line.frozen, context.settings.products_services.send_cost
    # Exactly one of the three discount fields is set. The line's own kind stays when it gives the exact amount.
    discount_fields = discounts(
        {"quantity": frozen.quantity, "unitPrice": frozen.unit_price},
        frozen.discount_kind,
        frozen.discount_value,
        off=line.amounts.own_discount + line.shared,
        own=not line.shared,
    )
    description = _description(context, notes, line)
    return {
        "quoteItemType": item_type(context, notes, line.kind),
        "name": context.text(ENTITY, "name", catalog_items.name_of(context, frozen)),
        "description": description or None,
        "quantity": frozen.quantity,
        "unitPrice": frozen.unit_price,
        "unitCost": frozen.unit_cost if send_cost else None,
        "isOptional": frozen.is_optional and not frozen.is_selected,
        "periodType": period_type(context, notes, ENTITY, line.period),
        positions.FIELD: positions.first(line.place),
        **discount_fields,
    }


def _credit_fields(context: Context, notes: Notes, line: Line) -> dict[str, Any]:
    """A credit as one of Autotask's discount items, which take an amount off and stand for no product."""
    return {
        **_extra_fields(context, notes, DISCOUNT, line.place),
        "name": context.text(ENTITY, "name", catalog_items.name_of(context, line.frozen)),
        "description": _description(context, notes, line) or None,
        "isOptional": line.frozen.is_optional and not line.frozen.is_selected,
        "unitPrice": ZERO,
        "lineDiscount": -line.amounts.net,
    }


def _description(context: Context, notes: Notes, line: Line) -> str:
    target = context.settings.products_services.description_target
    text = line.frozen.description if target in ("item", "both") else ""
    term = commitments.of_line(line.frozen, context.frozen.currency, context.frozen.place, fee=False)
    if term and context.settings.products_services.terms_in_description:
        # Quote items have no fields for it; whoever creates the contract reads it here, uncut.
        text = f"{term}\n{text}".strip()
    elif term:
        notes.warn(f"{line.name} has a term that isn't sent, because Autotask has no field for it: {term}")
    if line.kind == LABOR:
        # Quote items have no field for a work type; the person who creates the ticket or project reads it here.
        work_type = context.facts.work_types.get(line.rule.work_type_id or 0)
        text = f"{text}\nWork type: {work_type}".strip() if work_type else text
    cut = context.text(ENTITY, "description", text)
    if cut != text:
        notes.warn(
            f"The description of line {line.number} “{line.frozen.name[:60]}” has {len(text):,} characters. Autotask "
            f"allows {context.facts.lengths[ENTITY, 'description']:,}, so it is cut off there. The PDF has the full "
            "text."
        )
    return cut


def _reference(
    context: Context, notes: Notes, line: Line, catalog: dict[RecordKey, CatalogItem]
) -> dict[str, Any]:
    """The labor role, or the product or service, which is added to ``catalog``; equal lines share it."""
    if line.kind == LABOR:
        role = line.rule.role_id or context.settings.products_services.labor_role_id
        if role is None:
            notes.problem(
                f"{line.name} is labor, but neither its category nor the settings have a role.",
                "settings",
                "item_category",
            )
        return {"laborID": role}
    key = catalog_items.key_of(context, line)
    if key in catalog:
        shared = catalog[key]
        catalog[key] = replace(shared, line_titles=(*shared.line_titles, line.title))
    else:
        catalog[key] = catalog_items.catalog_item(context, notes, line, key)
    return {REFERENCES[line.kind]: Ref(key)}


def _total(context: Context, line: Line) -> LineTotal:
    amounts = line.amounts
    return LineTotal(
        key=line.key,
        title=line.title,
        period=line.period,
        net=amounts.net + line.on_discount_item,
        # Autotask rounds tax on each line, whatever the company does.
        tax=percent_of(amounts.net, line.frozen.tax_rate),
        cost=amounts.cost if context.settings.products_services.send_cost and line.kind != DISCOUNT else ZERO,
        counts=amounts.counts,
        number=line.number,
    )


def _extras(
    context: Context, notes: Notes, place: int, discount: Decimal
) -> list[tuple[DesiredRecord, LineTotal]]:
    """The items that stand for no line, from ``place`` on."""
    extras = []
    if context.frozen.shipping_amount:
        amount = to_cents(context.frozen.shipping_amount)
        fields = {"unitPrice": amount, "shippingID": _shipping_type(context, notes)}
        extras.append(_extra(context, notes, SHIPPING, place, amount, fields))
        place += 1
    if discount:
        fields = {"unitPrice": ZERO, "lineDiscount": discount}
        extras.append(_extra(context, notes, DISCOUNT, place, -discount, fields))
    return extras


def _shipping_type(context: Context, notes: Notes) -> int | None:
    shipping_type = context.settings.products_services.shipping_type_id
    if shipping_type is None:
        notes.problem(
            "The quote has shipping, but no Autotask shipping type is selected.",
            "settings",
            "products_services",
        )
    return shipping_type


def _extra(
    context: Context, notes: Notes, kind: str, place: int, net: Decimal, fields: dict[str, Any]
) -> tuple[DesiredRecord, LineTotal]:
    item = _item(context, kind, kind, _extra_fields(context, notes, kind, place) | fields)
    total = LineTotal(key=item.key, title=kind, period=ONE_TIME, net=net, tax=ZERO, cost=ZERO, counts=True)
    return item, total


def _extra_fields(context: Context, notes: Notes, kind: str, place: int) -> dict[str, Any]:
    """What shipping, the discount item and credits have in common."""
    return {
        "quoteItemType": item_type(context, notes, kind),
        "name": kind.capitalize(),
        "quantity": Decimal(1),
        "isOptional": False,
        "isTaxable": False,
        "periodType": period_type(context, notes, ENTITY, ONE_TIME),
        positions.FIELD: positions.first(place),
        "unitDiscount": Decimal(0),
        "percentageDiscount": Decimal(0),
        "lineDiscount": Decimal(0),
    }


def _item(context: Context, uid: str, title: str, fields: dict[str, Any]) -> DesiredRecord:
    return DesiredRecord(
        key=keys.item(uid),
        entity=ENTITY,
        local=local_key.line(context.frozen.quote_id, uid),
        title=title,
        fields=fields,
        parent=keys.QUOTE,
    )
