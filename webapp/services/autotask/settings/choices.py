"""The choices on the settings page: values of the connected Autotask, never assumed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from webapp.services.autotask.connection import metadata
from webapp.services.autotask.connection.metadata import Choice
from webapp.services.core.errors import ServiceError
from webapp.services.core.runtime import Runtime


def _values(entity: str, field: str, records: str = "") -> Callable[[Runtime], list[Choice]]:
    """The values of the field that a setting fills, as the connected Autotask has them."""
    return lambda runtime: metadata.values(runtime, entity, field, records)


def _reference(name: str) -> Callable[[Runtime], list[Choice]]:
    return lambda runtime: metadata.reference(runtime, name)


def _codes(*words: str) -> Callable[[Runtime], list[Choice]]:
    """Billing codes whose use type has one of ``words`` in its label; all codes if no label fits."""

    def load(runtime: Runtime) -> list[Choice]:
        codes = metadata.reference(runtime, "BillingCodes")
        fitting = [code for code in codes if any(word in code.extra["useType"].lower() for word in words)]
        return fitting or codes

    return load


SOURCES: dict[str, Callable[[Runtime], list[Choice]]] = {
    "resources": _values("Opportunities", "ownerResourceID", "Resources"),
    "company_types": _values("Companies", "companyType"),
    "classifications": _values("Companies", "classification", "ClassificationIcons"),
    "stages": _values("Opportunities", "stage"),
    "statuses": _values("Opportunities", "status"),
    "lead_sources": _values("Opportunities", "leadSource"),
    "opportunity_categories": _values("Opportunities", "opportunityCategoryID"),
    "win_reasons": _values("Opportunities", "winReason"),
    "loss_reasons": _values("Opportunities", "lossReason"),
    "quote_templates": _values("Quotes", "quoteTemplateID", "QuoteTemplates"),
    "payment_terms": _values("Quotes", "paymentTerm", "PaymentTerms"),
    "product_codes": _codes("material"),
    "service_codes": _codes("recurring", "contract service"),
    "work_types": _codes("general allocation", "work type", "labor"),
    "service_periods": _values("Services", "periodType"),
    "product_categories": _values("Products", "productCategory"),
    "vendors": _reference("Vendors"),
    "roles": _values("QuoteItems", "laborID", "Roles"),
    "shipping_types": _values("QuoteItems", "shippingID", "ShippingTypes"),
    "tax_categories": _values("QuoteItems", "taxCategoryID", "TaxCategories"),
    "tax_regions": _values("Quotes", "taxRegionID", "TaxRegions"),
}


class Choices:
    """The lists, each loaded on first use.

    ``problem`` is a sentence when a list was never cached and couldn't be read from Autotask. Lists that aren't cached
    are then empty, and stored values are kept unchecked.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._loaded: dict[str, list[Choice]] = {}
        self._by_value: dict[str, dict[int, Choice]] = {}
        self.problem = ""

    def of(self, source: str) -> list[Choice]:
        """The list (one of ``SOURCES``) with its inactive values; nested values follow their parent."""
        if source not in self._loaded:
            self._loaded[source] = self._load(source)
        return self._loaded[source]

    def find(self, source: str, value: int | None) -> Choice | None:
        """The choice of this value, or None."""
        if value is None:
            return None
        if source not in self._by_value:
            self._by_value[source] = {choice.value: choice for choice in reversed(self.of(source))}
        return self._by_value[source].get(value)

    def label(self, source: str, value: int | None) -> str:
        """The name of a value, marked if it is inactive in Autotask or no longer there."""
        if value is None:
            return ""
        choice = self.find(source, value)
        if choice is None:
            return f"#{value}" if self.problem else f"#{value} (no longer in Autotask)"
        return choice.label if choice.is_active else f"{choice.label} (inactive in Autotask)"

    def flaw(self, source: str, value: int | None) -> str:
        """A sentence when the value can't be used: it is inactive in Autotask or no longer there."""
        if value is None or (not self.of(source) and self.problem):
            return ""
        choice = self.find(source, value)
        if choice is None:
            return f"The saved value (#{value}) is no longer in Autotask. Choose another."
        return "" if choice.is_active else f"“{choice.label}” is inactive in Autotask. Choose another."

    def _load(self, source: str) -> list[Choice]:
        if self.problem and not self._runtime.offline:
            return []
        try:
            return _nested(SOURCES[source](self._runtime))
        except ServiceError as error:
            self.problem = str(error)
            return []


def by_words(choices: Sequence[Choice], *words: str) -> int | None:
    """The first active choice whose label has one of ``words``, tried in order; None when there is none."""
    for word in words:
        for choice in choices:
            if choice.is_active and word in choice.label.lower():
                return choice.value
    return None


def preselected(choices: Sequence[Choice], *words: str) -> int | None:
    """Autotask's default, else a choice by words, else the only active choice."""
    usable = [choice for choice in choices if choice.is_active]
    default = next((choice.value for choice in usable if choice.is_default), None)
    if default is not None:
        return default
    match = by_words(usable, *words)
    return match if match is not None or len(usable) != 1 else usable[0].value


def _nested(choices: list[Choice]) -> list[Choice]:
    """Each nested value after its parent, otherwise in the given order; labeled “Hardware > Firewalls”."""
    tops = {choice.value: choice for choice in choices if choice.parent is None}
    children: dict[int, list[Choice]] = {}
    for choice in choices:
        if choice.parent is not None and choice.parent in tops:
            children.setdefault(choice.parent, []).append(_under(tops[choice.parent], choice))
    ordered = []
    for choice in choices:
        if choice.parent is None or choice.parent not in tops:
            ordered += [choice, *children.get(choice.value, [])]
    return ordered


def _under(top: Choice, choice: Choice) -> Choice:
    return Choice(
        choice.value,
        f"{top.label} > {choice.label}",
        choice.is_active,
        choice.is_default,
        choice.parent,
        choice.extra,
    )
