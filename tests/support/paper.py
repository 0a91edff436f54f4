"""Offers of any length and kind, and what stands alone on their pages."""

from __future__ import annotations

import io
import re
from decimal import Decimal
from typing import Any

from pypdf import PdfReader

from tests.quoting.test_document import line
from tests.quoting.test_snapshot import make
from webapp.models.line import ONE, WHOLE
from webapp.services.quoting.paper import document
from webapp.services.quoting.revisions.snapshot import FrozenOrganization, FrozenSection, Seller, Snapshot

KINDS = ("plain", "terms", "told", "sections", "options", "all")
TERMS = (
    "Thirty days from the date of the invoice.\n\n"
    + "Work outside the scope is agreed in writing first. " * 6
)
ADDRESS = "https://quotes.brightwater.example/q/7KQM4TWD9xYz"
# Three lines of what is read.
LEAST_BEFORE_ACCEPTANCE = 3


def offer(count: int, kind: str = "plain", **more: Any) -> Snapshot:
    """An offer of ``count`` lines with tax and shipping. ``kind``: one of ``KINDS``."""
    is_all = kind == "all"
    sections = [
        FrozenSection(
            uid=f"s{number}", title=f"Section {number}", text="What is in here and why." * (number % 2)
        )
        for number in range((count + 6) // 7 if kind == "sections" or is_all else 0)
    ]
    lines = tuple(
        line(
            f"Firewall {number}",
            tax_name="Sales tax",
            tax_rate=Decimal("8.25"),
            description="Rack-mounted, with two power supplies and a spare. "
            * (number % 4 if kind == "told" or is_all else 0),
            section_uid=sections[number // 7].uid if sections else "",
            recurrence="monthly" if is_all and number % 3 == 2 else "one_time",
        )
        for number in range(count)
    )
    if kind == "options" or is_all:
        sections.append(FrozenSection(uid="plans", title="Choose a care plan", choice=ONE))
        sections.append(FrozenSection(uid="whole", title="Second office", text="Later.", choice=WHOLE))
        lines += tuple(
            line(
                f"Plan {number}",
                section_uid="plans",
                is_optional=True,
                is_selected=number == 1,
                recurrence="monthly",
            )
            for number in range(3)
        )
        lines += (line("Cable clean-up", is_optional=True, unit_price=Decimal(495)),)
        lines += tuple(line(f"Desk {number}", section_uid="whole", is_optional=True) for number in range(2))
    values: dict[str, Any] = {
        "comments": "",
        "terms": TERMS if kind == "terms" or is_all else "",
        "shipping_amount": Decimal("12.50"),
        "organization": FrozenOrganization(id=1, name="Birchwood Legal LLP"),
        "seller": Seller(
            name="Brightwater IT Services", address="48 Harbor Street, Albany", phone="(518) 555-0100"
        ),
        "sections": tuple(sections),
        "lines": lines,
    }
    return make(**{**values, **more})


def pages(offered: Snapshot) -> list[list[str]]:
    """The lines of text of each page, without header and footer."""
    pdf = document.render(offered, link=ADDRESS)
    found = []
    for page in PdfReader(io.BytesIO(pdf)).pages:
        texts = [text.strip() for text in page.extract_text().split("\n")]
        found.append([text for text in texts if text and not _is_frame(text)])
    return found


def alone(count: int, kind: str = "plain") -> list[str]:
    """What of an offer stands alone: a heading without its lines, sums without lines, an acceptance by itself."""
    found = pages(offer(count, kind))
    faults = [
        f"a page ends with “{page[-1]}”"
        for page in found[:-1]
        if page
        and re.match(r"One-time|Monthly|Section \d+|Totals|Terms|Acceptance|Options|Choose|Amount", page[-1])
    ]
    for page in found:
        sums = [
            index for index, text in enumerate(page) if re.match(r"Subtotal|Total(, one-time| per)", text)
        ]
        lines = [index for index, text in enumerate(page) if re.match(r"(Firewall|Plan) \d+", text)]
        if sums and not any(index < sums[0] for index in lines):
            faults.append("sums stand without a line")
        words = " ".join(page)
        if words.count("Subtotal") != len(re.findall(r"Subtotal.*?Total(?:, one-time| per month)", words)):
            faults.append("sums are torn")
    acceptance = next(page for page in found if "Acceptance" in page)
    if acceptance.index("Acceptance") < LEAST_BEFORE_ACCEPTANCE and acceptance.index("Acceptance") < count:
        faults.append("the acceptance stands alone")
    if not any("Signature" in text for text in acceptance):
        faults.append("the signature stands alone")
    if any(len(page) < LEAST_BEFORE_ACCEPTANCE for page in found):
        faults.append("a page is all but empty")
    return [f"{count} lines, {kind}: {fault}" for fault in faults]


def _is_frame(text: str) -> bool:
    return bool(
        re.match(r"Page \d+ of \d+$|Quote 1001$|Brightwater IT Services ·|Birchwood Legal LLP · ", text)
    )
