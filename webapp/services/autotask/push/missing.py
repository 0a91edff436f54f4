"""Remove the links of records that were deleted in Autotask.

Without its link, a record is matched again or created again. When a quote or an opportunity is gone, so is everything
below it.
"""

from __future__ import annotations

from webapp.models import Link, db
from webapp.models.integration import AUTOTASK
from webapp.services.autotask.api.client import Client, condition
from webapp.services.autotask.known import links
from webapp.services.autotask.known.observation import KEEP_DELETED
from webapp.services.autotask.push.plan import Step
from webapp.services.autotask.wanted.desired import Desired

OPPORTUNITIES, QUOTES = "Opportunities", "Quotes"


def unlink(client: Client, desired: Desired, step: Step) -> None:
    """Check the opportunity, the quote and the items of ``step``, and remove the links of those that are gone.

    In the open transaction. Raises AutotaskError.
    """
    linked = links.of_desired(desired)
    for record in (desired.opportunity, desired.quote):
        link = linked.get(links.local_of(record))
        if link is not None and _is_gone(client, record.entity, link.remote_id):
            unlink_quote(desired.quote_id, with_opportunity=record.entity == OPPORTUNITIES)
            return
    if step.entity == "QuoteItems":
        _unlink_items(client, desired)
    links.remove((*step.local, step.entity))


def unlink_quote(quote_id: int, *, with_opportunity: bool) -> None:
    """Remove the links of the quote and its lines, or also of the opportunity and its files.

    In the open transaction.
    """
    links.remove(("quote", str(quote_id), QUOTES))
    kinds = [("line", "QuoteItems")]
    if with_opportunity:
        links.remove(("quote", str(quote_id), OPPORTUNITIES))
        kinds.append(("revision", "OpportunityAttachments"))
    for kind, entity in kinds:
        statement = db.delete(Link).where(
            Link.integration == AUTOTASK,
            Link.local_type == kind,
            Link.remote_entity == entity,
            Link.local_id.startswith(f"{quote_id}:", autoescape=True),
        )
        db.session.execute(statement.execution_options(synchronize_session="fetch"))


def _is_gone(client: Client, entity: str, remote_id: int) -> bool:
    db.session.commit()  # no transaction stays open while Autotask is asked
    return client.get(entity, remote_id) is None


def _unlink_items(client: Client, desired: Desired) -> None:
    """Unlink all deleted items at once, or each would cost another plan. Items that stay deleted keep their link."""
    quote = links.find(links.local_of(desired.quote))
    if quote is None:
        return
    remote_id = quote.remote_id
    db.session.commit()
    present = {int(row["id"]) for row in client.query("QuoteItems", [condition("eq", "quoteID", remote_id)])}
    for local, link in links.of_desired(desired).items():
        if local[2] == "QuoteItems" and link.remote_id not in present and not link.pushed.get(KEEP_DELETED):
            links.remove(local)
