"""What Autotask must hold in the end: what one push, which nothing disturbs, writes of the newest revision.

A twin of the quote, for a customer of its own, is pushed once. Both are compared field by field, and the calls that
took effect are read revision by revision: nothing old may follow something newer.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.push.remote_shape import shape
from tests.support.connected_desk import Desk, newest_entry, newest_run
from webapp.models import Person, Quote, QuoteLine, Revision, RevisionDocument, db, utc_now
from webapp.models.quote import LOST, WON_STATUSES
from webapp.services.quoting.answer import acceptance
from webapp.services.quoting.lifecycle import publishing, transitions
from webapp.services.quoting.paper import unsigned

# The price of this line names the revision: 1,003 in revision 3.
ANCHOR, ANCHOR_PRICE = "Anchor", 1000
# After the create these belong to Autotask's users, so they are as one of the revisions had them.
THEIRS = {
    "opportunities": {"title", "startDate", "projectedCloseDate", "description"},
    "items": {"sortOrderID"},
}
LINE = ("recurrence", "quantity", "unit_price", "unit_cost", "category_id", "tax_code_id", "is_optional")
HEADER = ("comments", "purchase_order_number", "shipping_amount", "discount_kind", "discount_value")
# The calls that say when a revision was written.
ORDERED = {("QuoteItems", "create"), ("QuoteItems", "update"), ("Opportunities", "create")}
PDF = b"%PDF-1.4\n%%EOF"


@dataclass(frozen=True)
class Case:
    """A quote whose every name holds ``mark``. ``days``: how many days ahead its newest revision was published."""

    quote_id: int
    mark: str
    days: int = 0

    @property
    def quote(self) -> Quote:
        """The row."""
        return db.session.get_one(Quote, self.quote_id)


def publish(desk: Desk, case: Case, days: int = 0) -> Revision:
    """Publish ``days`` ahead, with a PDF that needs no rendering."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publishing, "utc_now", lambda: utc_now() + timedelta(days=days))
        revision = publishing.publish(desk.rep, case.quote_id).revision
    keep_pdf(desk, revision)
    return revision


def keep_pdf(desk: Desk, revision: Revision) -> None:
    """Store a PDF of the revision, as if it was rendered."""
    if db.session.get(RevisionDocument, revision.id) is None:
        base = desk.runtime.config.public_base_url
        unsigned.store(revision.id, base, PDF, unsigned.mark(revision, base))


def new_case(desk: Desk, mark: str, lines: list[dict[str, Any]], **header: Any) -> Case:
    """A draft for a customer of its own."""
    organization = desk.organization(f"Nimbus {mark}")
    organization.billing_line2 = f"Floor {mark}"
    person = Person(organization=organization, first_name="Ida", last_name="Ott", email=f"ida@{mark}.example")
    quote = desk.quote(*lines, organization=organization, person=person, **header)
    if header.pop("without_person", False):
        quote.person = None
        db.session.commit()
    return Case(quote.id, mark)


def twin_of(desk: Desk, case: Case, mark: str) -> Case:
    """A quote that is as ``case`` is now, published and not yet pushed."""
    quote = case.quote
    lines = [
        {"name": line.name.replace(case.mark, mark), **{name: getattr(line, name) for name in LINE}}
        for line in quote.lines
    ]
    header = {name: getattr(quote, name) for name in HEADER}
    twin = new_case(desk, mark, lines, title=quote.title.replace(case.mark, mark), **header)
    if quote.person is None:
        twin.quote.person = None
        db.session.commit()
    publish(desk, twin, case.days)
    if quote.status == LOST:
        transitions.advance(desk.rep, twin.quote_id, "lost", reason=quote.lost_reason)
    elif quote.status in WON_STATUSES:
        acceptance.record_for_customer(desk.rep, twin.quote_id, {"name": "Ida Ott"})
    return twin


def assert_synced(case: Case) -> None:
    """The newest push is done, and found nothing that differs."""
    entry, run = newest_entry(case.quote_id), newest_run(case.quote_id)
    found = (entry.state, run.state if run else "", run.sentence if run else "")
    assert found == ("done", "synced", ""), f"{found} {entry.outcome}"


def differences(desk: Desk, case: Case, twin: Case) -> list[str]:
    """Where Autotask holds something else of ``case`` than of its twin; empty when the worlds agree."""
    found, wanted = shape(desk, case.quote, case.mark), shape(desk, twin.quote, twin.mark)
    wrong: list[str] = []
    for part in ("companies", "opportunities", "quotes", "places", "locations", "items"):
        mine, other = _kept(part, found[part]), _kept(part, wanted[part])
        if len(mine) != len(other):
            wrong.append(f"{part}: {len(mine)} instead of {len(other)}: {found[part]}")
        wrong += [
            f"{part}: {one} instead of {two}" for one, two in zip(mine, other, strict=False) if one != two
        ]
    for part in ("products", "services", "files"):
        wrong += [f"{part}: {name} stands {n} times" for name, n in Counter(found[part]).items() if n > 1]
    for part in ("products", "services"):
        wrong += [f"{part}: {name} is missing" for name in wanted[part] if name not in found[part]]
    if len(found["contacts"]) > 1:
        wrong.append(f"contacts: {found['contacts']}")
    revisions = case.quote.revisions
    if not any(f"revision {revisions[-1].number} " in name for name in found["files"]):
        wrong.append(f"files: none of revision {revisions[-1].number} among {found['files']}")
    titles = {json.loads(one.content)["title"].replace(case.mark, "*") for one in revisions}
    wrong += [
        f"title: {row['title']} is none of {titles}"
        for row in found["opportunities"]
        if row["title"] not in titles
    ]
    return wrong


def _kept(part: str, rows: list[Any]) -> list[Any]:
    theirs = THEIRS.get(part, set())
    return [
        {name: value for name, value in row.items() if name not in theirs} if isinstance(row, dict) else row
        for row in rows
    ]


def disorder(desk: Desk, case: Case, calls: Iterable[dict[str, Any]]) -> list[str]:
    """What took effect in a wrong order: an older revision after a newer one, or an opportunity that begins closed.

    ``calls``: those of this quote, the oldest first.
    """
    wrong: list[str] = []
    opened = desk.pick("Opportunities", "status", "Active")
    written: list[int] = []
    for call in calls:
        if not call["committed"] or (call["entity"], call["verb"]) not in ORDERED:
            continue
        sent = json.loads(call["request"])
        if call["entity"] == "Opportunities" and sent["status"] != opened:
            wrong.append("an opportunity was closed before its quote was complete")
        price = float(sent.get("unitPrice") or 0)
        if ANCHOR_PRICE < price < 2 * ANCHOR_PRICE:
            written.append(round(price) - ANCHOR_PRICE)
    # A file's call isn't kept with its content, but ids grow.
    titles = [row["title"] for row in desk.tenant.state()["OpportunityAttachments"]]
    numbered = [re.search(rf"^\D*{case.quote.number} .*revision (\d+) ", title) for title in titles]
    filed = [int(found[1]) for found in numbered if found is not None]
    for what, numbers in (("line", written), ("file", filed)):
        if numbers != sorted(numbers):
            wrong.append(f"a {what} of an older revision was written after a newer one: {numbers}")
    return wrong


def name_the_revision(lines: list[QuoteLine], number: int) -> None:
    """Give the anchor the price that names the next revision."""
    for line in lines:
        if line.name.startswith(ANCHOR):
            line.unit_price = Decimal(ANCHOR_PRICE + number)
