"""The issues to fix before a draft can be published."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.models import Quote
from webapp.services.company import place
from webapp.services.people import required_fields
from webapp.services.quoting.draft import stages


@dataclass(frozen=True)
class Problem:
    """A sentence that says what to fix. ``place``: ``header``, ``customer``, ``lines``, or the uid of a line."""

    place: str
    sentence: str


def problems(quote: Quote) -> list[Problem]:
    """Everything to fix before ``quote`` can be published; empty when it is ready."""
    issues: list[Problem] = []
    if quote.person is None and quote.organization is None:
        issues.append(Problem("customer", "Choose a customer."))
    else:
        issues += [Problem("customer", sentence) for sentence in required_fields.missing_of_quote(quote)]
    if stages.is_past(quote.expires_on, place.today()):
        issues.append(Problem("header", "The expiration date has passed. Choose a later date."))
    if not quote.lines:
        issues.append(Problem("lines", "Add at least one line."))
    elif all(line.is_optional and not line.is_selected for line in quote.lines):
        issues.append(
            Problem(
                "lines", "Every line is optional. Make at least one line required or selected by default."
            )
        )
    for number, line in enumerate(quote.lines, start=1):
        if line.tax_code is not None and not line.tax_code.is_active:
            name = line.tax_code.name
            sentence = (
                f"Line {number} “{line.name}”: the tax code “{name}” is inactive. Choose another tax code."
            )
            issues.append(Problem(line.uid, sentence))
    return issues
