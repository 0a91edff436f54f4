"""The desired remote state, as data: what should exist in Autotask for one quote.

A field's value may be a ``Ref`` to another wish whose id is not known before that one exists.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

BUCKETS = {
    "one_time": ("onetimeRevenue", "onetimeCost"),
    "monthly": ("monthlyRevenue", "monthlyCost"),
    "quarterly": ("quarterlyRevenue", "quarterlyCost"),
    "semi_annual": ("semiannualRevenue", "semiannualCost"),
    "annual": ("yearlyRevenue", "yearlyCost"),
}


@dataclass(frozen=True)
class Ref:
    """Stands for the Autotask id of the wish with this key."""

    key: str


@dataclass(frozen=True)
class Problem:
    """Something that would make the push fail. ``fix``: where to go, for example ``("settings", "tax_code")``."""

    sentence: str
    fix: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class DesiredRecord:
    """One remote record.

    ``fields`` are kept as they are here; ``initial`` are sent at creation only, and belong to Autotask's users
    afterwards. ``fill``: written to a record that was found, where it has nothing yet. ``local``: our record that
    the link names. ``parent``: for children, the parent's key.
    ``chosen_id``: the record that a person picked, so that nothing is matched or made. ``where``: in a sentence about
    a failure, where in the quote to look, if the title does not tell.
    """

    key: str
    entity: str
    local: tuple[str, str]
    title: str
    fields: dict[str, Any]
    initial: dict[str, Any] = field(default_factory=dict)
    fill: dict[str, Any] = field(default_factory=dict)
    parent: str = ""
    chosen_id: int | None = None
    where: str = ""


@dataclass(frozen=True)
class CatalogItem:
    """A product or service that lines name. Matched by ``mpn``, then ``sku``, then exact ``name``, if not empty."""

    wish: DesiredRecord
    mpn: str
    sku: str
    name: str
    line_titles: tuple[str, ...]

    @property
    def has_billing_code(self) -> bool:
        """False when the record could not be made, since Autotask demands a billing code."""
        return bool(self.wish.initial.get("productBillingCodeID") or self.wish.initial.get("billingCodeID"))


@dataclass(frozen=True)
class LineTotal:
    """What a quote item must come to in Autotask, in cents."""

    key: str
    title: str
    period: str
    net: Decimal
    tax: Decimal
    counts: bool


@dataclass(frozen=True)
class Desired:
    """Everything of one quote. ``warnings`` are told but stop nothing; ``problems`` stop the push before it writes."""

    quote_id: int
    company: DesiredRecord | None
    contact: DesiredRecord | None
    opportunity: DesiredRecord
    locations: tuple[DesiredRecord, ...]
    quote: DesiredRecord
    goods: tuple[CatalogItem, ...]
    items: tuple[DesiredRecord, ...]
    attachment: DesiredRecord
    lines: tuple[LineTotal, ...]
    buckets: dict[str, Decimal]
    follows_quote: bool
    when_unmatched: str
    inactive_match: str
    match_company: dict[str, Any]
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()
