"""The facts about the connected Autotask that compiling needs, gathered once from the cached lists."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

from webapp.models import utc_now
from webapp.models.names import folded
from webapp.services.autotask.api.errors import AutotaskError, ConnectionRefused, NotConnected
from webapp.services.autotask.connection import metadata, stored_lists
from webapp.services.autotask.desk.lookup import PERIODS
from webapp.services.company import currencies
from webapp.services.core.addresses import country_code
from webapp.services.core.runtime import Runtime

ITEM_TYPES = {
    "product": ("product", "products"),
    "labor": ("labor", "labour"),
    "service": ("service", "services"),
    "service_bundle": ("service bundle", "servicebundle", "service bundles"),
    "shipping": ("shipping",),
    "discount": ("discount", "one-time discount", "one-time item discount"),
}
TEXT_FIELDS = (
    "Companies",
    "Contacts",
    "Opportunities",
    "QuoteLocations",
    "Quotes",
    "QuoteItems",
    "Products",
    "Services",
    "ServiceBundles",
)
REFERENCES = ("BillingCodes", "Roles", "Resources", "TaxCategories", "TaxRegions", "ShippingTypes")
LISTS = {
    *(f"fields:{entity}" for entity in (*TEXT_FIELDS, "BillingCodes", "OpportunityAttachments")),
    *(f"reference:{name}" for name in (*REFERENCES, "Countries")),
}


@dataclass(frozen=True)
class RemoteFacts:
    """Ids by meaning. ``lengths``: ``(entity, field)`` to characters. ``active``: values that can be written.

    ``countries``: ids by two-letter code, or by name where there is none. ``currency``: what Autotask's amounts are in,
    which is the company's own. ``open_statuses``: what an opportunity's status is while it is Active.
    ``work_types``: names of billing codes by id. ``read_only``: fields that this Autotask doesn't allow writing.
    ``tax_rates``: the sum of the taxes of a region and category, in percent; empty when they couldn't be read.
    """

    item_types: dict[str, int]
    periods: dict[str, dict[str, int]]
    lengths: dict[tuple[str, str], int]
    resources: dict[str, int]
    countries: dict[str, int]
    product_categories: dict[str, int]
    active: dict[tuple[str, str], frozenset[int]] = field(default_factory=dict)
    publish: int = 1
    work_types: dict[int, str] = field(default_factory=dict)
    read_only: frozenset[tuple[str, str]] = frozenset()
    tax_rates: dict[tuple[int, int], Decimal] = field(default_factory=dict)
    currency: str = "USD"
    open_statuses: frozenset[int] = frozenset()

    def country(self, text: str) -> int | None:
        """The id of a country, however it is written; None when this Autotask doesn't have it."""
        return self.countries.get(country_code(text) or folded(text))


def gather(runtime: Runtime) -> RemoteFacts:
    """Gather the facts, from the cache while it is fresh. Raises AutotaskError or NotConnected."""
    runtime = _with_fresh_lists(runtime)
    stored_lists.preload({*LISTS, "reference:Taxes"})
    return RemoteFacts(
        item_types=_item_types(runtime),
        periods={entity: _periods(runtime, entity) for entity in ("QuoteItems", "Products", "Services")},
        lengths={
            (entity, entry["name"]): int(entry.get("length") or 0)
            for entity in TEXT_FIELDS
            for entry in metadata.fields(runtime, entity)
            if entry.get("length")
        },
        resources={
            str(choice.extra.get("email") or "").lower(): choice.value
            for choice in metadata.reference(runtime, "Resources")
            if choice.is_active and choice.extra.get("email")
        },
        countries=_countries(runtime),
        currency=currencies.of_company(),
        product_categories=_categories(runtime),
        active=_active(runtime),
        publish=_publish(runtime),
        work_types={choice.value: choice.label for choice in metadata.reference(runtime, "BillingCodes")},
        read_only=frozenset(
            ("Opportunities", entry["name"])
            for entry in metadata.fields(runtime, "Opportunities")
            if entry.get("isReadOnly")
        ),
        tax_rates=_tax_rates(runtime),
        open_statuses=frozenset(metadata.active_opportunities(runtime)),
    )


def _tax_rates(runtime: Runtime) -> dict[tuple[int, int], Decimal]:
    """The taxes as last read, without a call: only a warning depends on them, so they may be missing."""
    try:
        return metadata.tax_rates(metadata.taxes(replace(runtime, offline=True)))
    except NotConnected:
        return {}


def _with_fresh_lists(runtime: Runtime) -> Runtime:
    """Refresh all outdated lists at once, and return an offline runtime. Raises like ``gather``."""
    outdated = (
        []
        if runtime.offline
        else [n for n in stored_lists.due(utc_now() - stored_lists.MAX_AGE) if n in LISTS]
    )
    if not outdated:
        return runtime
    try:
        stored_lists.refresh(runtime, outdated)
    except (AutotaskError, NotConnected, ConnectionRefused):
        if set(stored_lists.unread()) & LISTS:
            raise
    return replace(runtime, offline=True)


def _item_types(runtime: Runtime) -> dict[str, int]:
    by_label = {
        choice.label.strip().lower(): choice.value
        for choice in metadata.picklist(runtime, "QuoteItems", "quoteItemType")
        if choice.is_active
    }
    return {
        kind: by_label[label]
        for kind, labels in ITEM_TYPES.items()
        for label in reversed(labels)
        if label in by_label
    }


def _periods(runtime: Runtime, entity: str) -> dict[str, int]:
    return {
        PERIODS[choice.label.strip().lower()]: choice.value
        for choice in metadata.picklist(runtime, entity, "periodType")
        if choice.is_active and choice.label.strip().lower() in PERIODS
    }


def _countries(runtime: Runtime) -> dict[str, int]:
    known: dict[str, int] = {}
    for choice in metadata.reference(runtime, "Countries"):
        for name in (choice.label, choice.extra.get("displayName"), choice.extra.get("countryCode")):
            if name:
                known.setdefault(country_code(str(name)) or folded(str(name)), choice.value)
    return known


def _categories(runtime: Runtime) -> dict[str, int]:
    """Active product categories by label, nested ones also by “parent > label”. A label used twice matches nothing."""
    choices = [c for c in metadata.picklist(runtime, "Products", "productCategory") if c.is_active]
    by_value = {choice.value: choice for choice in choices}
    categories: dict[str, int] = {}
    seen: set[str] = set()
    for choice in choices:
        parent = by_value.get(choice.parent) if choice.parent is not None else None
        if parent:
            categories[f"{parent.label.strip()} > {choice.label.strip()}".lower()] = choice.value
        label = choice.label.strip().lower()
        if label in seen:
            categories.pop(label, None)
        else:
            categories[label] = choice.value
        seen.add(label)
    return categories


def _active(runtime: Runtime) -> dict[tuple[str, str], frozenset[int]]:
    picklists = (
        ("Companies", "companyType"),
        ("Opportunities", "stage"),
        ("Opportunities", "status"),
        ("Opportunities", "leadSource"),
        ("Opportunities", "opportunityCategoryID"),
        ("Opportunities", "winReason"),
        ("Opportunities", "lossReason"),
        ("Products", "productCategory"),
    )
    active = {
        (entity, name): frozenset(c.value for c in metadata.picklist(runtime, entity, name) if c.is_active)
        for entity, name in picklists
    }
    for name in REFERENCES:
        active["reference", name] = frozenset(
            c.value for c in metadata.reference(runtime, name) if c.is_active
        )
    return active


def _publish(runtime: Runtime) -> int:
    """The value that shows an attachment to all Autotask users; else the first value."""
    choices = [c for c in metadata.picklist(runtime, "OpportunityAttachments", "publish") if c.is_active]
    for choice in choices:
        if "all" in choice.label.lower():
            return choice.value
    return choices[0].value if choices else 1
