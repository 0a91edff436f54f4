"""The part of a revision that the customer is shown, as JSON of its own: without costs, suppliers and our own keys.

Its hash is in the event of the acceptance, so that the customer's bundle can be checked without what is internal.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

# Never changed: signed hashes were made with it. Other names need another version beside this one.
LEFT_OUT = frozenset({
    "quote_id", "item_id", "category_id", "parent_category_id", "tax_code_id", "origin_entity", "origin_id",
    "autotask_opportunity_id", "autotask_contact_id", "unit_cost", "cost_date", "price_date", "price_rule",
    "price_percent", "price_ending", "tiers", "supplier", "supplier_sku", "category_path", "brand_id",
})  # fmt: skip


def of_content(content: str) -> str:
    """Canonical JSON of the customer's part of a revision. ``content``: the revision's canonical JSON."""
    return json.dumps(_part(json.loads(content)), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sha256(content: str) -> str:
    """The hex SHA-256 of the customer's part."""
    return hashlib.sha256(of_content(content).encode()).hexdigest()


def _part(value: Any) -> Any:
    if isinstance(value, list):
        return [_part(one) for one in value]
    if not isinstance(value, dict):
        return value
    hidden = set()
    if "unit_price" in value:
        hidden = {
            *(() if value.get("shows_parts") else ("parts",)),
            *(() if value.get("shows_savings") else ("list_price",)),
        }
    return {name: _part(one) for name, one in value.items() if name not in LEFT_OUT and name not in hidden}
