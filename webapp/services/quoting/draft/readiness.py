"""What stands between a working copy and its customer."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.models import Quote
from webapp.services.people import required_fields
from webapp.services.quoting.draft import stages


@dataclass(frozen=True)
class Problem:
    """A sentence that says what to mend. ``place``: ``header``, ``customer``, ``lines``, or the uid of a line."""

    place: str
    sentence: str


def problems(quote: Quote) -> list[Problem]:
    """Everything that must be mended before ``quote`` can be published; empty when it is ready."""
    found: list[Problem] = []
    if quote.person is None and quote.organization is None:
        found.append(Problem("customer", "Choose the person or the organization that this quote is for."))
    else:
        found += [Problem("customer", sentence) for sentence in required_fields.missing_of_quote(quote)]
    if stages.is_expired(quote.expires_on, stages.today()):
        found.append(Problem("header", "The expiry date has passed. Choose a day that lies ahead."))
    if not quote.lines:
        found.append(Problem("lines", "The quote has no lines yet. Add at least one."))
    elif all(line.is_optional and not line.is_selected for line in quote.lines):
        found.append(Problem("lines", "Every line is optional. At least one must be part of the offer."))
    for number, line in enumerate(quote.lines, start=1):
        if line.tax_code is not None and not line.tax_code.is_active:
            name = line.tax_code.name
            about = f"Line {number} “{line.name}” has the tax code “{name}”"
            found.append(Problem(line.uid, f"{about}, which is no longer in use. Choose another."))
    return found
