"""Findings of drift in words: what differs, and what choosing a side means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from webapp.models import DriftFinding
from webapp.models.drift import ADDED, GONE, OPEN, OURS
from webapp.services.autotask.drift.decide import seen
from webapp.services.autotask.push.wording import ENTITIES, FieldFormatter, label
from webapp.services.core.runtime import Runtime

# Fields from which amounts follow, so that accepting theirs leaves the sums different.
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
    """One choice: its name, the value there, and what follows from choosing it."""

    name: str
    value: str
    means: str


@dataclass(frozen=True)
class Shown:
    """One finding. ``both``: it was changed here as well since the last push; ``base`` is what was pushed then."""

    finding: DriftFinding
    label: str
    base: str
    both: bool
    ours: Side
    theirs: Side
    seen: str

    @property
    def is_open(self) -> bool:
        """True while a person must decide."""
        return self.finding.state == OPEN

    @property
    def decided(self) -> str:
        """What was decided; empty while it is open."""
        if self.is_open:
            return ""
        return self.ours.name if self.finding.state == OURS else self.theirs.name


@dataclass(frozen=True)
class Record:
    """All findings of one record in Autotask."""

    kind: str
    title: str
    remote_id: int
    findings: list[Shown]


def records(runtime: Runtime, findings: list[DriftFinding]) -> list[Record]:
    """Findings by record: the opportunity, the quote, then its lines."""
    words = FieldFormatter(runtime)
    order = ("Opportunities", "Quotes", "QuoteItems")
    found: dict[tuple[int, int], Record] = {}
    for finding in sorted(findings, key=lambda one: (order.index(one.remote_entity), one.id)):
        key = (order.index(finding.remote_entity), finding.remote_id)
        kind = ENTITIES[finding.remote_entity]
        record = found.setdefault(key, Record(kind, finding.title, finding.remote_id, []))
        record.findings.append(_shown(finding, words))
    return list(found.values())


def _shown(finding: DriftFinding, words: FieldFormatter) -> Shown:
    if finding.kind == ADDED:
        return _added(finding, words)
    if finding.kind == GONE:
        return _gone(finding)
    return _changed(finding, words)


def _changed(finding: DriftFinding, words: FieldFormatter) -> Shown:
    def value(one: Any) -> str:
        return words.value(finding.remote_entity, finding.field, one)

    return Shown(
        finding,
        label(finding.field),
        value(finding.base),
        finding.base != finding.ours,
        Side("Push ours again", value(finding.ours), "Autotask's value is written over."),
        Side("Keep theirs", value(finding.theirs), _keeping(finding)),
        seen(finding),
    )


def _keeping(finding: DriftFinding) -> str:
    if finding.field == "status":
        return (
            "The opportunity keeps its status there; the next change of the quote's status is written again."
        )
    if finding.field == "externalQuoteNumber":
        return (
            "The quote there bears another number from now on, so that it can't be found again by its number, should "
            "the links be lost."
        )
    if finding.field == "primaryQuote":
        return "The opportunity's amounts follow another quote from now on."
    if finding.field == "useQuoteTotals":
        return "The opportunity's amounts no longer follow the quote."
    if finding.field in AMOUNTS:
        return (
            "The quote and what the customer sees stay as they are, so the sums differ and each push says so, until "
            "you change the quote and publish it again."
        )
    return "The quote here stays as it is. It is written again only when it changes here."


def _gone(finding: DriftFinding) -> Shown:
    if finding.remote_entity == "QuoteItems":
        means = (
            "It stays in the quote and in what the customer sees, but is not made again in Autotask, so the sums "
            "differ and each push says so."
        )
        again = "The line is made again at its place."
        leave = "Leave it away"
    else:
        means = "Nothing is made now. The next push that has something to write makes it again."
        again = f"The {ENTITIES[finding.remote_entity]} is made again, with everything that hung on it."
        leave = "Leave it deleted"
    return Shown(
        finding,
        "Deleted in Autotask",
        "",
        False,
        Side("Create it again", finding.title, again),
        Side(leave, "", means),
        seen(finding),
    )


def _added(finding: DriftFinding, words: FieldFormatter) -> Shown:
    row = finding.theirs if isinstance(finding.theirs, dict) else {}
    quantity = words.value("QuoteItems", "quantity", row.get("quantity"))
    price = words.value("QuoteItems", "unitPrice", row.get("unitPrice"))
    return Shown(
        finding,
        "Added in Autotask",
        "",
        False,
        Side("Delete it in Autotask", "", "It is removed from Autotask's quote, and cannot be brought back."),
        Side(
            "Leave it there",
            f"{quantity} × {price}",
            "No push touches it. Autotask's sums hold it, the quote here does not.",
        ),
        seen(finding),
    )
