"""The desired remote state, as data: what should exist in Autotask for one quote.

A field's value may be a ``Ref`` to another desired record that has no id before it is created.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from webapp.models.local_key import LocalKey
from webapp.services.autotask.wanted.keys import RecordKey

BUCKETS = {
    "one_time": ("onetimeRevenue", "onetimeCost"),
    "monthly": ("monthlyRevenue", "monthlyCost"),
    "quarterly": ("quarterlyRevenue", "quarterlyCost"),
    "semi_annual": ("semiannualRevenue", "semiannualCost"),
    "annual": ("yearlyRevenue", "yearlyCost"),
}

# Billing periods as adjectives: “the six-month total”.
PERIOD_WORDS = {
    "one_time": "one-time",
    "monthly": "monthly",
    "quarterly": "quarterly",
    "semi_annual": "six-month",
    "annual": "annual",
}

# Billing periods of a service: how it is billed, and what is added to its name.
BILLED = {
    "one_time": "once",
    "monthly": "monthly",
    "quarterly": "quarterly",
    "semi_annual": "every 6 months",
    "annual": "annually",
}
PERIOD_NAMES = {**BILLED, "one_time": "one-time", "annual": "annual"}


@dataclass(frozen=True)
class Ref:
    """Stands for the Autotask id of the desired record with this key."""

    key: RecordKey


@dataclass(frozen=True)
class Problem:
    """Something that would make the push fail. ``fix``: where to fix it, for example ``("settings", "tax_code")``."""

    sentence: str
    fix: tuple[str, str] = ("", "")


@dataclass(frozen=True, kw_only=True)
class DesiredRecord:
    """One remote record.

    ``fields`` are kept as they are here. ``initial`` is sent at creation only; after that, these fields belong to
    Autotask's users. ``fill`` is written to an existing record where its fields are empty. ``local``: our record in the
    link. ``opening``: what a create sends instead of ``fields``, which then follow in an update at the very end.
    ``replaces``: values that are written only over values that we wrote earlier, as ``{field: (earlier, value)}``.
    ``parent``: for children, the parent's key. ``chosen_id``: the record that a person picked, so that nothing is
    matched or created. ``where``: the record in a sentence about a failure, if the title isn't enough.
    """

    key: RecordKey
    entity: str
    local: LocalKey
    title: str
    fields: dict[str, Any] = field(default_factory=dict)
    initial: dict[str, Any] = field(default_factory=dict)
    fill: dict[str, Any] = field(default_factory=dict)
    opening: dict[str, Any] = field(default_factory=dict)
    replaces: dict[str, tuple[frozenset[Any], Any]] = field(default_factory=dict)
    parent: RecordKey | None = None
    chosen_id: int | None = None
    where: str = ""


@dataclass(frozen=True, kw_only=True)
class CatalogItem:
    """A product or service that lines need. Matched by ``mpn``, then ``sku``, then exact ``name``, if not empty.

    A service is matched by its billing period too: ``periods`` are Autotask's values that are the same service, and
    ``other_name`` is its name where ``name`` belongs to a service of another period, since names are unique there.
    """

    record: DesiredRecord
    mpn: str
    sku: str
    name: str
    line_titles: tuple[str, ...]
    periods: tuple[int, ...] = ()
    other_name: str = ""

    @property
    def has_billing_code(self) -> bool:
        """False when the record can't be created, because Autotask requires a billing code."""
        return bool(
            self.record.initial.get("productBillingCodeID") or self.record.initial.get("billingCodeID")
        )


@dataclass(frozen=True, kw_only=True)
class LineTotal:
    """The amounts that a quote item must have in Autotask, in cents. ``counts``: it is part of the sums. ``number``: of
    the quote's line.
    """

    key: RecordKey
    title: str
    period: str
    net: Decimal
    tax: Decimal
    cost: Decimal
    counts: bool
    number: int = 0


@dataclass(frozen=True)
class Translation:
    """Why Autotask's sums aren't the quote's. ``amounts``: what it adds to a billing period's sum in Autotask."""

    sentence: str
    amounts: dict[str, Decimal]


@dataclass(frozen=True, kw_only=True)
class Desired:
    """All records of one quote. ``problems`` stop the push before it writes; ``warnings`` are only shown.

    ``acts_as``: the resource that Autotask shall show as the author; None: the API user.
    ``buckets``: what Autotask must have. ``quote_sums``: what the quote shows; ``translations``: all between the two.
    ``is_shared``: other quotes are on the same opportunity; ``rules``: its outcome and amounts are this quote's.
    ``service_periods``: the billing periods of services by Autotask's values, as in “billed annually”.
    ``open_statuses``: the statuses of an opportunity that hasn't ended; empty when they aren't known.
    """

    quote_id: int
    company: DesiredRecord | None
    contact: DesiredRecord | None
    opportunity: DesiredRecord
    locations: tuple[DesiredRecord, ...]
    quote: DesiredRecord
    catalog_items: tuple[CatalogItem, ...]
    items: tuple[DesiredRecord, ...]
    attachment: DesiredRecord
    lines: tuple[LineTotal, ...]
    buckets: dict[str, Decimal]
    quote_sums: dict[str, Decimal]
    translations: tuple[Translation, ...]
    service_periods: dict[int, str]
    follows_quote: bool
    is_shared: bool
    rules: bool
    when_unmatched: str
    inactive_match: str
    match_company: dict[str, Any]
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()
    acts_as: int | None = None
    open_statuses: frozenset[int] = frozenset()
