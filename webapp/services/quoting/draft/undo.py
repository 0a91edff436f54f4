"""Put a deleted line back, from what was remembered of it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from webapp.models import Category, Item, QuoteLine, TaxCode, User
from webapp.services.core import records, work
from webapp.services.quoting.draft.lines import COPIED, finish, with_room

# Records that may be gone by then; the line comes back without them.
REFERENCES = {"item_id": Item, "category_id": Category, "tax_code_id": TaxCode}


def remember(line: QuoteLine) -> dict[str, Any]:
    """Everything of a line, as JSON."""
    values = {name: getattr(line, name) for name in COPIED}
    numbers = {name: str(value) for name, value in values.items() if isinstance(value, Decimal)}
    return {
        "uid": line.uid,
        "position": line.position,
        "section": line.section.uid if line.section else "",
        "values": {name: value for name, value in values.items() if name not in numbers},
        "numbers": numbers,
    }


@work.command
def put_back(actor: User, quote_id: int, remembered: Mapping[str, Any]) -> QuoteLine:
    """Put a line back in its place; nothing happens if it is there. Raises Invalid when the quote is full or closed."""
    quote = with_room(quote_id)
    for line in quote.lines:
        if line.uid == remembered["uid"]:
            return line
    values = dict(remembered["values"])
    for name, model in REFERENCES.items():
        values[name] = values[name] if records.find(model, values[name]) else None
    values |= {name: Decimal(text) for name, text in remembered["numbers"].items()}
    line = QuoteLine(uid=remembered["uid"], **values)
    line.section = next(
        (section for section in quote.sections if section.uid == remembered.get("section")), None
    )
    quote.lines.insert(remembered["position"], line)
    finish(actor, quote, line, "quote.line_restored")
    return line
