"""When a push meets a record that somebody deleted in Autotask: which links name nothing any more.

Without its link a record is looked for anew, or made again. Of a quote or an opportunity that is gone, all that hung on
it is gone as well.
"""

from __future__ import annotations

from webapp.models import Link, db
from webapp.models.integration import AUTOTASK
from webapp.services.autotask.api.client import Client, condition
from webapp.services.autotask.known import links
from webapp.services.autotask.known.observation import LEFT_AWAY
from webapp.services.autotask.push.plan import Step
from webapp.services.autotask.wanted.desired import Desired

OPPORTUNITIES, QUOTES = "Opportunities", "Quotes"


def unlink(client: Client, desired: Desired, step: Step) -> None:
    """Ask what became of the record of ``step`` and of what it hangs on, and forget the links of what is gone.

    In the open transaction. Raises AutotaskError.
    """
    number = desired.quote_id
    found = links.of_desired(desired)
    for wish in (desired.opportunity, desired.quote):
        link = found.get(links.local_of(wish))
        if link is not None and _is_gone(client, wish.entity, link.remote_id):
            forget_quote(number, with_opportunity=wish.entity == OPPORTUNITIES)
            return
    if step.entity == "QuoteItems":
        _forget_items(client, desired)
    links.remove((*step.local, step.entity))


def forget_quote(quote_id: int, *, with_opportunity: bool) -> None:
    """Forget the quote and its lines, and the opportunity with its files; in the open transaction."""
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


def _forget_items(client: Client, desired: Desired) -> None:
    """All lines that are gone at once, or each would cost another plan. What was left away on purpose stays known."""
    quote = links.find(links.local_of(desired.quote))
    if quote is None:
        return
    remote_id = quote.remote_id
    db.session.commit()
    there = {int(row["id"]) for row in client.query("QuoteItems", [condition("eq", "quoteID", remote_id)])}
    for local, link in links.of_desired(desired).items():
        if local[2] == "QuoteItems" and link.remote_id not in there and not link.pushed.get(LEFT_AWAY):
            links.remove(local)
