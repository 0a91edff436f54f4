"""Offers of any length, and what stands alone on their pages."""

from __future__ import annotations

import io
import re
from decimal import Decimal

from pypdf import PdfReader

from tests.quoting.test_document import line
from tests.quoting.test_snapshot import make
from webapp.services.quoting.paper import document
from webapp.services.quoting.revisions.snapshot import Snapshot


def offer(count: int, terms: str = "") -> Snapshot:
    """An offer of ``count`` lines with tax and shipping."""
    lines = tuple(
        line(f"Firewall {number}", tax_name="Sales tax", tax_rate=Decimal("8.25")) for number in range(count)
    )
    return make(lines=lines, comments="", terms=terms, shipping_amount=Decimal("12.50"))


def alone(count: int, terms: str = "") -> list[str]:
    """What of the offer's sums and signature stands without its last line or, for the signature, its terms."""
    pdf = document.render(offer(count, terms))
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]
    (sums,) = (page for page in pages if "Subtotal" in page)
    (signature,) = (page for page in pages if "SIGNATURE" in page)
    last = f"Firewall {count - 1}"
    found = {
        "the sums stand alone": last not in sums,
        "the sums are torn": not re.search(r"Total\s+\$", sums),
        "the signature stands alone": (terms or last) not in signature,
    }
    return [f"{count} lines: {what}" for what, is_so in found.items() if is_so]
