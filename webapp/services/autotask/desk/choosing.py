"""Which opportunity a quote goes to, as a person chooses it. No quote moves to another one in Autotask."""

from __future__ import annotations

from webapp.models import Link, Quote, User, db, local_key
from webapp.models.integration import AUTOTASK
from webapp.services.autotask.desk.lookup import OpportunityHit
from webapp.services.core import work
from webapp.services.core.errors import Invalid
from webapp.services.quoting.draft import editing

STAYS = (
    "Autotask has this quote already, and a quote can't move to another opportunity there. To use another one, copy "
    "the quote."
)


def held_by(quote: Quote) -> int | None:
    """The opportunity that Autotask has the quote on; None while it doesn't have the quote."""
    key = local_key.quote(quote.id)
    query = db.select(Link.remote_id).filter_by(
        integration=AUTOTASK, local_type=key.kind, local_id=key.stored_id, remote_entity="Opportunities"
    )
    return db.session.scalars(query).first()


def is_misled(quote: Quote) -> bool:
    """True when another opportunity was chosen than the one that Autotask has the quote on."""
    return quote.autotask_opportunity_id is not None and held_by(quote) not in (
        None,
        quote.autotask_opportunity_id,
    )


@work.command
def choose(actor: User, quote_id: int, hit: OpportunityHit | None) -> Quote:
    """Choose an open opportunity for the quote; None: the one that it has, else a new one.

    Raises Invalid when Autotask has the quote on another one.
    """
    quote = editing.get(quote_id)
    held, wanted = held_by(quote), hit.opportunity_id if hit else None
    is_back = wanted is None and quote.autotask_opportunity_id != held
    if held is not None and wanted != held and not is_back:
        raise Invalid(STAYS)
    return editing.set_opportunity(actor, quote_id, (hit.opportunity_id, hit.title) if hit else None)
