"""What follows from a change: one primary quote, taxes of items, and opportunities that follow their quote."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal

from sandbox.query import Record
from sandbox.tenants import Tenant

BUCKETS = {
    "one-time": ("onetimeRevenue", "onetimeCost"),
    "monthly": ("monthlyRevenue", "monthlyCost"),
    "quarterly": ("quarterlyRevenue", "quarterlyCost"),
    "semi-annual": ("semiannualRevenue", "semiannualCost"),
    "yearly": ("yearlyRevenue", "yearlyCost"),
}


# Wide enough for the largest quantity at the largest price and rate.
_WIDE = Context(prec=60)


def cents(amount: Decimal) -> Decimal:
    """Rounded to two decimals, as Autotask shows totals."""
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP, _WIDE)


def net(item: Record) -> Decimal:
    """An item's total after its discount: quantity × (price − unit discount), less percentage, less line discount."""
    gross = Decimal(item["quantity"] or 0) * (
        Decimal(item["unitPrice"] or 0) - Decimal(item["unitDiscount"] or 0)
    )
    gross *= 1 - Decimal(item["percentageDiscount"] or 0) / 100
    return cents(gross - Decimal(item["lineDiscount"] or 0))


def period_of(tenant: Tenant, item: Record) -> str:
    """one-time, monthly, quarterly, semi-annual or yearly; one-time where nothing is said."""
    for entry in tenant.picklists["QuoteItems"]["periodType"]:
        if entry["value"] == str(item.get("periodType")):
            label = str(entry["label"]).lower()
            return label if label in BUCKETS else "one-time"
    return "one-time"


def tax_rate(tenant: Tenant, region: int | None, category: int | None) -> Decimal:
    """The sum of the rates (percent) of a region and category."""
    if region is None or category is None:
        return Decimal(0)
    taxes = tenant.store.table("Taxes").where("taxCategoryID", category)
    return sum((Decimal(tax["taxRate"]) for tax in taxes if tax["taxRegionID"] == region), Decimal(0))


def after_change(tenant: Tenant, entity: str, record: Record) -> None:
    """Bring dependent records up to date after ``record`` was stored or removed."""
    if entity == "Quotes":
        _one_primary(tenant, record, there=record["id"] in tenant.store.table("Quotes").rows)
        for item in tenant.store.table("QuoteItems").where("quoteID", record["id"]):
            _tax(tenant, item, record)
        _follow(tenant, record["opportunityID"])
    elif entity == "QuoteItems":
        quote = tenant.store.table("Quotes").rows.get(record["quoteID"])
        if quote is not None:
            if record["id"] in tenant.store.table("QuoteItems").rows:
                _tax(tenant, record, quote)
            if quote["primaryQuote"]:
                _follow(tenant, quote["opportunityID"])
    elif entity == "Opportunities":
        _follow(tenant, record["id"])


def _one_primary(tenant: Tenant, record: Record, *, there: bool) -> None:
    """No second primary quote; and where the primary one is gone, the oldest of the others takes its place."""
    if not record["primaryQuote"]:
        return
    others = tenant.store.table("Quotes").where("opportunityID", record["opportunityID"])
    if there:
        for other in others:
            if other["id"] != record["id"] and other["primaryQuote"]:
                tenant.store.put("Quotes", {**other, "primaryQuote": False})
    elif others and not any(other["primaryQuote"] for other in others):
        tenant.store.put("Quotes", {**others[0], "primaryQuote": True})


def _tax(tenant: Tenant, item: Record, quote: Record) -> None:
    rate = (
        Decimal(0)
        if item.get("isTaxable") is False
        else tax_rate(tenant, quote["taxRegionID"], item["taxCategoryID"])
    )
    tax = cents(net(item) * rate / 100)
    if item["totalEffectiveTax"] != tax:
        tenant.store.put("QuoteItems", {**item, "totalEffectiveTax": tax})


def _follow(tenant: Tenant, opportunity_id: int) -> None:
    opportunity = tenant.store.table("Opportunities").rows.get(opportunity_id)
    if opportunity is None or not opportunity["useQuoteTotals"]:
        return
    quotes = tenant.store.table("Quotes").where("opportunityID", opportunity_id)
    primary = next((quote for quote in quotes if quote["primaryQuote"]), None)
    if primary is None:
        return
    changed = dict(opportunity)
    for revenue, cost in BUCKETS.values():
        changed[revenue] = changed[cost] = Decimal(0)
    for item in tenant.store.table("QuoteItems").where("quoteID", primary["id"]):
        if not item["isOptional"]:
            revenue, cost = BUCKETS[period_of(tenant, item)]
            changed[revenue] += net(item)
            changed[cost] += cents(Decimal(item["quantity"] or 0) * Decimal(item["unitCost"] or 0))
    changed["amount"] = sum((changed[revenue] for revenue, _ in BUCKETS.values()), Decimal(0))
    changed["cost"] = sum((changed[cost] for _, cost in BUCKETS.values()), Decimal(0))
    if changed != opportunity:
        tenant.store.put("Opportunities", changed)
