"""Remove the links of records that were deleted in Autotask.

Without its link, a record is matched again or created again. When a quote or an opportunity is gone, so is everything
below it.
"""

from __future__ import annotations

from webapp.models import db
from webapp.services.autotask.api.client import Client, condition
from webapp.services.autotask.known import links
from webapp.services.autotask.push.plan import Step
from webapp.services.autotask.wanted.desired import Desired

OPPORTUNITIES, QUOTES, ITEMS = "Opportunities", "Quotes", "QuoteItems"


def unlink(client: Client, desired: Desired, step: Step) -> None:
    """Check the opportunity, the quote and the items of ``step``, and remove the links of those that are gone.

    In the open transaction. Raises AutotaskError.
    """
    linked = links.of_desired(desired)
    for record in (desired.opportunity, desired.quote):
        link = linked.get(links.key_of(record))
        if link is not None and _is_gone(client, record.entity, link.remote_id):
            unlink_quote(desired.quote_id, with_opportunity=record.entity == OPPORTUNITIES)
            return
    if step.entity == ITEMS:
        _unlink_items(client, desired)
    links.remove(step.link_key)


def unlink_quote(quote_id: int, *, with_opportunity: bool) -> None:
    """Remove the links of the quote and its lines, or also of the opportunity and its files.

    In the open transaction.
    """
    below = [OPPORTUNITIES, "OpportunityAttachments"] if with_opportunity else []
    links.remove_of_quote(quote_id, [QUOTES, ITEMS, *below])


def _is_gone(client: Client, entity: str, remote_id: int) -> bool:
    db.session.commit()  # no transaction stays open while Autotask is asked
    return client.get(entity, remote_id) is None


def _unlink_items(client: Client, desired: Desired) -> None:
    """Unlink all deleted items at once, or each would cost another plan. Items that stay deleted keep their link."""
    quote = links.find(links.key_of(desired.quote))
    if quote is None:
        return
    remote_id = quote.remote_id
    db.session.commit()
    present = {int(row["id"]) for row in client.query(ITEMS, [condition("eq", "quoteID", remote_id)])}
    for key, link in links.of_desired(desired).items():
        if key.entity == ITEMS and link.remote_id not in present and not link.is_kept_deleted:
            links.remove(key)
