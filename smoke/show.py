"""What landed, for a person to read."""

from __future__ import annotations

from collections.abc import Iterator

from smoke import arithmetic
from smoke.arithmetic import number
from smoke.compare import type_of
from smoke.landed import BUCKETS, Labels, Landed, size_of
from smoke.wanted import Offer


def lines(offer: Offer, landed: Landed, labels: Labels) -> Iterator[str]:
    """The report, line by line; beside what Autotask holds, what was worked out from the offer."""
    revenues, costs = arithmetic.revenue(offer), arithmetic.cost(offer)
    company, contact, opportunity, quote = landed.company, landed.contact, landed.opportunity, landed.quote
    kind = labels.picklist("Companies", "companyType", company.get("companyType"))
    yield f"Company      {company.get('companyName')} ({kind}), {company.get('phone')}, {company.get('city')}"
    yield f"Contact      {contact.get('firstName')} {contact.get('lastName')}, {contact.get('emailAddress')}"
    status = labels.picklist("Opportunities", "status", opportunity.get("status"))
    stage = labels.picklist("Opportunities", "stage", opportunity.get("stage"))
    yield f"Opportunity  {opportunity.get('title')}: {status}, stage {stage}, {opportunity.get('probability')} %"
    yield f"             {'':<12}{'revenue':>12}{'as offered':>12}{'cost':>12}{'as offered':>12}"
    for period, name in BUCKETS.items():
        revenue, cost = number(opportunity.get(f"{name}Revenue")), number(opportunity.get(f"{name}Cost"))
        yield (
            f"             {_words(period):<12}{revenue:>12,.2f}{revenues[period]:>12,.2f}"
            f"{cost:>12,.2f}{costs[period]:>12,.2f}"
        )
    region = labels.record("TaxRegions", quote.get("taxRegionID"))
    yield f"Quote        {quote.get('externalQuoteNumber')}: {quote.get('name')}, tax region {region}"
    yield f"             {'':>2} {'type':<9} {'period':<12} {'quantity':>9} {'price':>11} {'amount':>11}  name"
    for place, item in enumerate(landed.items, start=1):
        period = labels.period("QuoteItems", item.get("periodType"))
        marks = [
            "optional" if item.get("isOptional") else "",
            labels.record("TaxCategories", item["taxCategoryID"]) if item.get("taxCategoryID") else "",
        ]
        note = ", ".join(mark for mark in marks if mark)
        yield (
            f"             {place:>2} {type_of(item, labels):<9} {_words(period):<12} "
            f"{_short(item['quantity']):>9} {_short(item['unitPrice']):>11} "
            f"{arithmetic.net_in_autotask(item):>11,.2f}  {item.get('name')}{f' ({note})' if note else ''}"
        )
    for row in landed.attachments:
        yield f"Attachment   {row.get('title')}, {size_of(row):,} bytes"


def _words(period: str) -> str:
    return period.replace("_", "-") or "none"


def _short(value: object) -> str:
    text = f"{number(value):,.4f}"
    whole, _, decimals = text.partition(".")
    decimals = decimals.rstrip("0")
    return f"{whole}.{decimals:<02}" if decimals else whole
