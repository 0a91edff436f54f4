"""The products, services and bundles that lines need in Autotask's catalog. Pure."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any

from webapp.models import local_key
from webapp.services.autotask.wanted import keys, user_defined
from webapp.services.autotask.wanted.context import Context, Notes, given
from webapp.services.autotask.wanted.desired import PERIOD_NAMES, CatalogItem, DesiredRecord
from webapp.services.autotask.wanted.keys import RecordKey
from webapp.services.autotask.wanted.line import ENTITIES, PRODUCT, Line
from webapp.services.autotask.wanted.picklists import period_type
from webapp.services.autotask.wanted.texts import truncate_name
from webapp.services.quoting.money.money import to_cents
from webapp.services.quoting.revisions.snapshot import FrozenLine

MONTHS = {"monthly": 1, "quarterly": 3, "semi_annual": 6, "annual": 12}


def name_of(context: Context, line: FrozenLine) -> str:
    """The line's name, with the part number in front where the settings want it."""
    part = line.mpn or line.sku
    wanted = context.settings.products_services.mpn_in_name and part
    return f"{part} {line.name}" if wanted else line.name


def key_of(context: Context, line: Line) -> RecordKey:
    """The key of the line's catalog item; lines for the same product or service have the same key."""
    frozen, entity = line.frozen, ENTITIES[line.kind]
    pulled = _pulled_id(line)
    if pulled:
        identity = f"{entity}|{pulled}"
    else:
        # Autotask keeps names of services unique, whatever else distinguishes two lines.
        name = _unique_name(context, line).strip()
        parts = (frozen.mpn, frozen.sku, name_of(context, frozen)) if line.kind == PRODUCT else (name,)
        identity = "|".join((entity, *parts)).casefold()
    if line.kind != PRODUCT:
        # What is billed monthly and what is billed annually are two services.
        identity += f"|{_period(context, line)[0]}"
    return keys.goods(hashlib.sha256(identity.encode()).hexdigest()[:24])


def catalog_item(context: Context, notes: Notes, line: Line, key: RecordKey) -> CatalogItem:
    """The desired catalog item for the first line that needs it."""
    frozen, chosen = line.frozen, context.settings.products_services
    name = _unique_name(context, line)
    record = DesiredRecord(
        key=key,
        entity=ENTITIES[line.kind],
        local=local_key.goods(key.id),
        title=frozen.name,
        fields=_updated(context, notes, line) if chosen.update_existing == "overwrite" else {},
        initial=_initial(context, notes, line, name),
        fill=_filled(context, notes, line),
        chosen_id=_pulled_id(line),
        where=f"the {line.kind.replace('_', ' ')} of {line.title}",
    )
    return CatalogItem(
        record=record,
        mpn=frozen.mpn if chosen.match_mpn else "",
        sku=frozen.sku if chosen.match_sku else "",
        name=name if chosen.match_name or line.kind != PRODUCT else "",
        line_titles=(line.title,),
        periods=_periods(context, line),
        other_name=_other_name(context, line),
    )


def _periods(context: Context, line: Line) -> tuple[int, ...]:
    """Autotask's periods of the same service: the line's, and the one that new services get; none of a product."""
    if line.kind == PRODUCT:
        return ()
    known = context.facts.periods["Services"]
    values = (known.get(line.frozen.recurrence), known.get(_period(context, line)[0]))
    return tuple(dict.fromkeys(value for value in values if value is not None))


def _other_name(context: Context, line: Line) -> str:
    """A service's name where its own belongs to a service of another period; empty for a product."""
    if line.kind == PRODUCT:
        return ""
    name = f"{name_of(context, line.frozen)} ({PERIOD_NAMES[_period(context, line)[0]]})"
    return truncate_name(context.facts, ENTITIES[line.kind], name)


def _pulled_id(line: Line) -> int | None:
    return line.frozen.origin_id if line.frozen.origin_entity == ENTITIES[line.kind] else None


def _unique_name(context: Context, line: Line) -> str:
    return truncate_name(context.facts, ENTITIES[line.kind], name_of(context, line.frozen))


def _filled(context: Context, notes: Notes, line: Line) -> dict[str, Any]:
    """Fields that are written to an existing record where they are empty."""
    chosen = context.settings.products_services
    fields = _updated(context, notes, line) if chosen.update_existing == "fill_empty" else {}
    # An inactive record may be matched too, and is activated then.
    return fields | ({"isActive": True} if chosen.inactive_match == "activate" else {})


def _updated(context: Context, notes: Notes, line: Line) -> dict[str, Any]:
    """Fields of an existing record that follow ours, as the settings select them."""
    chosen, entity = context.settings.products_services, ENTITIES[line.kind]
    prices = _prices(context, notes, line)
    fields: dict[str, Any] = {}
    if chosen.update_price:
        fields["unitPrice"] = prices["unitPrice"]
    if chosen.update_cost and "unitCost" in prices:
        fields["unitCost"] = prices["unitCost"]
    if chosen.update_description and chosen.description_target in ("record", "both"):
        fields["description"] = context.text(entity, "description", line.frozen.description)
    return fields


def _period(context: Context, line: Line) -> tuple[str, Decimal]:
    """The billing period of a new record, and which share of the line's price that is.

    The line's own, or a service's that the settings name.
    """
    period, chosen = line.frozen.recurrence, context.settings.products_services
    if ENTITIES[line.kind] == "Services" and chosen.service_period is not None and period in MONTHS:
        periods = context.facts.periods["Services"]
        named = next((name for name, value in periods.items() if value == chosen.service_period), "")
        if named in MONTHS:
            return named, Decimal(MONTHS[named]) / MONTHS[period]
    return period, Decimal(1)


def _prices(context: Context, notes: Notes, line: Line) -> dict[str, Any]:
    """Period, price and cost of a record."""
    frozen, entity, chosen = line.frozen, ENTITIES[line.kind], context.settings.products_services
    period, share = _period(context, line)
    price, cost = frozen.unit_price, frozen.unit_cost
    if share != 1:
        price, cost = to_cents(price * share), to_cents(cost * share)
    # Bundles have the periods of services.
    list_of = entity if entity in ("Products", "Services") else "Services"
    prices = {"periodType": period_type(context, notes, list_of, period), "unitPrice": price}
    return prices | ({"unitCost": cost} if chosen.send_cost else {})


def _initial(context: Context, notes: Notes, line: Line, name: str) -> dict[str, Any]:
    """All fields of a new record."""
    frozen, rule, chosen = line.frozen, line.rule, context.settings.products_services
    entity = ENTITIES[line.kind]
    description = frozen.description if chosen.description_target in ("record", "both") else ""
    fields: dict[str, Any] = {
        "name": name,
        "description": context.text(entity, "description", description) or None,
        "isActive": True,
        "markupRate": _markup(context, frozen),
        **_prices(context, notes, line),
    }
    if line.kind == PRODUCT:
        fields |= user_defined.fields(context, chosen.product_udfs)
        fields |= {
            "productBillingCodeID": rule.billing_code_id or chosen.product_billing_code_id,
            "isSerialized": False,
            "productCategory": rule.product_category or _product_category(context, frozen),
            "sku": context.text(entity, "sku", frozen.sku) or None,
            "manufacturerProductName": context.text(entity, "manufacturerProductName", frozen.mpn) or None,
            "manufacturerName": context.text(entity, "manufacturerName", frozen.manufacturer) or None,
            "vendorProductNumber": context.text(entity, "vendorProductNumber", frozen.supplier_sku) or None,
            "msrp": frozen.list_price,
            "defaultVendorID": chosen.default_vendor_id,
        }
    else:
        fields |= {
            "billingCodeID": rule.service_billing_code_id or chosen.service_billing_code_id,
            "vendorCompanyID": chosen.default_vendor_id,
        }
    return given(fields)


def _markup(context: Context, line: FrozenLine) -> Decimal | None:
    """The markup rate of a new record, in percent; None: Autotask's default markup."""
    chosen = context.settings.products_services
    if chosen.markup == "fixed":
        return chosen.markup_percent
    if chosen.markup == "computed" and chosen.send_cost and line.unit_cost > 0:
        return to_cents((line.unit_price - line.unit_cost) * 100 / line.unit_cost)
    return None


def _product_category(context: Context, line: FrozenLine) -> int | None:
    """Autotask's product category with the same name; None when there is none."""
    categories = context.facts.product_categories
    path = line.category_path.strip().lower()
    parent, _, last = path.rpartition(" > ")
    category = categories.get(path) or (categories.get(last) if last else None)
    # A subcategory of the same name under a different parent is a different category.
    elsewhere = (
        parent
        and path not in categories
        and any(label.endswith(f" > {last}") for label, value in categories.items() if value == category)
    )
    return None if elsewhere else category
