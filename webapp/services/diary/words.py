"""The diary in words: actions, fields and values as a person reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from webapp.services.company import place
from webapp.services.core import formatting

# Actions that need other words than their own.
ACTIONS = {
    "brand.made_default": "Default brand chosen",
    "quote.answered": "Customer's comment answered",
    "quote.changed": "Details changed",
    "quote.changes_discarded": "Changes discarded",
    "quote.payment_noted": "Payment noted",
    "quote.payment_removed": "Payment removed",
    "quote.colleague_viewed": "Viewed by a colleague of the customer",
    "quote.commented": "Comment by the customer",
    "quote.mail_bounced": "Email bounced",
    "quote.mail_delivered": "Email delivered",
    "quote.mail_sent": "Email sent",
    "quote.opportunity_chosen": "Opportunity changed",
    "quote.pending": "Reopened",
    "quote.code_confirmed": "Signer's email confirmed by code",
    "quote.code_sent": "Code to confirm an email sent",
    "quote.countersigned": "Countersigned",
    "quote.sign_asked": "Asked to sign",
    "quote.signed": "Signed by one of several",
    "quote.signers_changed": "Signers changed",
    "quote.signing_restarted": "Signing started over",
    "quote.sealed_without": "Signed PDF made without its whole seal",
    "quote.share_ended": "Colleague's link turned off",
    "quote.reminded": "Reminder queued",
    "quote.send_canceled": "Email canceled",
    "quote.sent": "Email to the customer queued",
    "quote.shared": "Shared with a colleague",
    "quote.viewed": "Viewed by the customer",
    "view.default_set": "Default view chosen",
    "view.deleted": "Saved view deleted",
    "view.exported": "Quotes exported",
    "view.renamed": "Saved view renamed",
    "view.saved": "View saved",
}
FIELDS = {
    "autotask_contact_id": "Autotask contact",
    "autotask_opportunity_id": "Autotask opportunity",
    "brand_id": "brand",
    "deposit_is_required": "deposit required",
    "deposit_kind": "deposit type",
    "deposit_value": "deposit",
    "discount_kind": "discount type",
    "discount_value": "discount",
    "expires_on": "expiration date",
    "internal_notes": "internal notes",
    "max_quantity": "most that the customer can choose",
    "min_quantity": "least that the customer can choose",
    "min_term_months": "months after which it can end",
    "quantity_step": "steps of the quantity",
    "renewal_price": "price at renewal",
    "starts_on": "start",
    "term_months": "term in months",
    "bundle": "price of the bundle",
    "comments": "message to customer",
    "is_active": "active",
    "is_optional": "optional",
    "is_selected": "selected",
    "section_id": "section",
    "section_uid": "section",
    "stored_parts": "parts",
    "starts_page": "starts a page",
    "markdown": "description",
    "mpn": "MPN",
    "next_accepted": "what happens next, after accepting",
    "next_declined": "what happens next, after declining",
    "price_ending": "price ending",
    "price_percent": "percent of the price rule",
    "purchase_order_number": "PO number",
    "recurrence": "billing period",
    "shipping_amount": "shipping",
    "shows_parts": "parts shown to the customer",
    "sku": "SKU",
    "supplier_sku": "supplier's SKU",
    "tiers": "price by quantity",
    "unit_cost": "cost",
    "unit_price": "price",
}
VALUES = {True: "yes", False: "no", None: "nothing", "": "nothing", "none": "none"}
MAX_SHOWN = 80


@dataclass(frozen=True)
class ChangeView:
    """One changed field in words, or one part that was added or removed: then ``field`` is “added” or “removed”.

    ``part``: the name of the line, or empty where the quote or record itself changed.
    """

    part: str
    field: str
    before: str = ""
    after: str = ""


def action(name: str) -> str:
    """“Line added” for ``quote.line_added``."""
    return ACTIONS.get(name, name.partition(".")[2].replace("_", " ").capitalize())


def changes(listed: Iterable[Mapping[str, Any]]) -> list[ChangeView]:
    """The changes of an entry, part by part, in the order in which they were noted.

    A new or removed part is one line, whatever its fields; what a new record was created with isn't listed at all.
    """
    parts: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for change in listed:
        # Entries of earlier versions have no key.
        parts.setdefault((str(change.get("key", "")), str(change["part"])), []).append(change)
    views: list[ChangeView] = []
    for (_, part), fields in parts.items():
        of_part = next((change for change in fields if not change["field"]), None)
        if of_part is not None:
            word = "removed" if of_part["after"] is None else "added"
            views += [ChangeView(part, word)] if part else []
            continue
        views += [
            ChangeView(
                part,
                FIELDS.get(change["field"], change["field"].replace("_", " ")),
                _value(change["field"], change["before"]),
                _value(change["field"], change["after"]),
            )
            for change in fields
        ]
    return views


def _value(field: str, value: Any) -> str:
    if field == "recurrence" and value:
        return formatting.period_label(str(value))
    if field in ("expires_on", "starts_on") and value:
        return formatting.day(date.fromisoformat(value), place.of_company())
    if isinstance(value, bool) or value in ("", None):
        return VALUES[value]
    return formatting.shortened(str(value), MAX_SHOWN)
