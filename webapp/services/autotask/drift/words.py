"""Findings in words: the difference, and the effect of choosing each side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from webapp.models import DriftFinding
from webapp.models.drift import ADDED, GONE, OPEN, OURS
from webapp.services.autotask.drift.decide import seen
from webapp.services.autotask.push.wording import ENTITIES, FieldFormatter, label
from webapp.services.core.runtime import Runtime

# Fields that amounts depend on; if Autotask's value is accepted, the totals differ.
AMOUNTS = {
    "isOptional",
    "isTaxable",
    "lineDiscount",
    "percentageDiscount",
    "periodType",
    "quantity",
    "quoteItemType",
    "taxCategoryID",
    "taxRegionID",
    "unitCost",
    "unitDiscount",
    "unitPrice",
}


@dataclass(frozen=True)
class Side:
    """One choice: its name, its value, and the effect of choosing it."""

    name: str
    value: str
    effect: str


@dataclass(frozen=True)
class FindingView:
    """One finding. ``base``: the value as last pushed; ``both``: it has changed here as well since then."""

    finding: DriftFinding
    label: str
    base: str
    both: bool
    ours: Side
    remote: Side
    seen: str

    @property
    def is_open(self) -> bool:
        """True while a person must decide."""
        return self.finding.state == OPEN

    @property
    def decided(self) -> str:
        """The decision; empty while it is open."""
        if self.is_open:
            return ""
        return self.ours.name if self.finding.state == OURS else self.remote.name


@dataclass(frozen=True)
class RecordView:
    """All findings of one record in Autotask."""

    kind: str
    title: str
    remote_id: int
    findings: list[FindingView]


def records(runtime: Runtime, findings: list[DriftFinding]) -> list[RecordView]:
    """Findings by record: the opportunity, the quote, then its lines."""
    words = FieldFormatter(runtime)
    order = ("Opportunities", "Quotes", "QuoteItems")
    views: dict[tuple[int, int], RecordView] = {}
    for finding in sorted(findings, key=lambda finding: (order.index(finding.remote_entity), finding.id)):
        key = (order.index(finding.remote_entity), finding.remote_id)
        kind = ENTITIES[finding.remote_entity]
        record = views.setdefault(key, RecordView(kind, finding.title, finding.remote_id, []))
        record.findings.append(_view(finding, words))
    return list(views.values())


def _view(finding: DriftFinding, words: FieldFormatter) -> FindingView:
    if finding.kind == ADDED:
        return _added(finding, words)
    if finding.kind == GONE:
        return _gone(finding)
    return _changed(finding, words)


def _changed(finding: DriftFinding, words: FieldFormatter) -> FindingView:
    def text(value: Any) -> str:
        return words.value(finding.remote_entity, finding.field, value)

    return FindingView(
        finding,
        label(finding.field),
        text(finding.base),
        finding.base != finding.ours,
        Side("Use the quote's value", text(finding.ours), "Overwrites Autotask's value."),
        Side("Keep Autotask's value", text(finding.theirs), _effect_of_keeping(finding)),
        seen(finding),
    )


def _effect_of_keeping(finding: DriftFinding) -> str:
    if finding.field == "status":
        return "The opportunity keeps its status until the quote's status changes again."
    if finding.field == "externalQuoteNumber":
        return "Autotask's quote keeps its new number. If links are ever lost, it can't be found by number."
    if finding.field == "primaryQuote":
        return "The opportunity's amounts follow a different quote."
    if finding.field == "useQuoteTotals":
        return "The opportunity's amounts no longer follow the quote."
    if finding.field in AMOUNTS:
        return (
            "Your quote doesn't change, so totals stay out of sync until you change the quote and publish it."
        )
    return "Your quote doesn't change. Sync won't write this field again until it changes here."


def _gone(finding: DriftFinding) -> FindingView:
    if finding.remote_entity == "QuoteItems":
        keeping = "The line stays in the quote but not in Autotask, so totals stay out of sync."
        recreating = "Recreates the line in its place."
    else:
        keeping = "Nothing happens now. The next sync with changes recreates it."
        recreating = f"Recreates the {ENTITIES[finding.remote_entity]} with everything attached to it."
    return FindingView(
        finding,
        "Deleted in Autotask",
        "",
        False,
        Side("Recreate it", finding.title, recreating),
        Side("Keep it deleted", "", keeping),
        seen(finding),
    )


def _added(finding: DriftFinding, words: FieldFormatter) -> FindingView:
    row = finding.theirs if isinstance(finding.theirs, dict) else {}
    quantity = words.value("QuoteItems", "quantity", row.get("quantity"))
    price = words.value("QuoteItems", "unitPrice", row.get("unitPrice"))
    return FindingView(
        finding,
        "Added in Autotask",
        "",
        False,
        Side("Delete it in Autotask", "", "Deletes the line from Autotask's quote. This can't be undone."),
        Side(
            "Keep it",
            f"{quantity} × {price}",
            "Sync won't touch it. Autotask's totals include it, your quote's don't.",
        ),
        seen(finding),
    )
