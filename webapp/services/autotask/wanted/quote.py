"""The quote itself as an Autotask quote, without its items. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from webapp.models import local_key
from webapp.models.quote import WON_STATUSES
from webapp.services.autotask.settings import patterns
from webapp.services.autotask.wanted import keys
from webapp.services.autotask.wanted.context import Context, given, midnight
from webapp.services.autotask.wanted.desired import DesiredRecord, Ref
from webapp.services.autotask.wanted.keys import RecordKey


def quote(context: Context, location_keys: dict[str, RecordKey], tax_region: int | None) -> DesiredRecord:
    """The desired quote. ``location_keys``: the keys of the bill, ship and sold locations."""
    frozen, chosen = context.frozen, context.settings.opportunity
    published = frozen.published_on
    expires = frozen.expires_on or published + timedelta(days=chosen.close_date_days)
    fields = {
        "name": context.text("Quotes", "name", patterns.fill(chosen.quote_name_pattern, frozen)),
        "billToLocationID": Ref(location_keys["bill"]),
        "shipToLocationID": Ref(location_keys["ship"]),
        "soldToLocationID": Ref(location_keys["sold"]),
        "effectiveDate": midnight(published),
        "expirationDate": midnight(max(expires, published)),
        "paymentTerm": chosen.payment_term,
        "quoteTemplateID": chosen.quote_template_id,
    }
    # Fields of ours that a person can empty: empty here means empty there.
    emptied: dict[str, Any] = {
        **(
            {}
            if context.outcome.hides_person
            else {"contactID": Ref(keys.CONTACT) if frozen.person else None}
        ),
        "comment": context.text("Quotes", "comment", frozen.comments) or None,
        "taxRegionID": tax_region,
    }
    if chosen.purchase_order != "none":
        number = context.text("Quotes", "purchaseOrderNumber", _purchase_order(context))
        emptied["purchaseOrderNumber"] = number or None
    # Of several quotes on an opportunity, one is the primary one: the one that rules it.
    rules = context.outcome.rules
    primary = {"primaryQuote": True} if rules and (context.outcome.is_shared or _is_won(context)) else {}
    return DesiredRecord(
        key=keys.QUOTE,
        entity="Quotes",
        local=local_key.quote(frozen.quote_id),
        title=frozen.title,
        fields=given(fields) | emptied | primary,
        initial={
            "externalQuoteNumber": str(frozen.number),
            "opportunityID": Ref(keys.OPPORTUNITY),
            "primaryQuote": rules,
        },
        where=f"the quote “{frozen.title}”",
    )


def _is_won(context: Context) -> bool:
    return context.outcome.status in WON_STATUSES


def _purchase_order(context: Context) -> str:
    rule, frozen = context.settings.opportunity.purchase_order, context.frozen
    return frozen.purchase_order_number or (str(frozen.number) if rule == "customer_or_number" else "")
