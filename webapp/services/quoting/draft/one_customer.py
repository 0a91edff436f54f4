"""A published quote stays with its customer once it reached them: its link, mail, comments and evidence are theirs."""

from __future__ import annotations

from webapp.models import Organization, Person, Quote, QuoteEvent, db
from webapp.services.core import records
from webapp.services.quoting.evidence.chain import DESK
from webapp.services.quoting.revisions import freezing
from webapp.services.quoting.revisions.snapshot import Snapshot

# The kinds of events (``evidence.noting``, ``evidence.visits``) after which someone has the offer.
REACHED = (
    *("sent", "reminded", "delivered", "sign_asked", "code_sent"),
    *("viewed", "fetched", "downloaded", "shared", "commented", "answered", "signed", "declined"),
)


def is_for_another(quote: Quote, live: Snapshot) -> bool:
    """Whether the draft is for another organization than ``live``; where one has none, for other people altogether.

    A customer who was deleted since is followed by whoever is there now.
    """
    organization, person = organization_of(quote), quote.person
    if live.organization is not None and organization is not None:
        is_same = organization.id == live.organization.id
    else:
        is_same = person is not None and live.person is not None and person.id == live.person.id
    return not is_same and _is_there(live)


def problem(quote: Quote) -> str:
    """Why the draft can't be published for the customer that it has now; empty when it can."""
    if quote.number is None:
        return ""
    live = freezing.live(quote)
    if live is None or not is_for_another(quote, live) or not _has_reached(quote):
        return ""
    former = live.organization.name if live.organization else _name(live)
    organization = organization_of(quote)
    new = (
        organization.name if organization else quote.person.full_name if quote.person else "another customer"
    )
    return (
        f"Quote {quote.number} already reached {former}, so it can't become a quote for {new}: its link, emails and "
        f"comments are {former}'s. Choose {former} again, or copy it to a new quote for {new}."
    )


def organization_of(quote: Quote) -> Organization | None:
    """The quote's organization, or its contact's."""
    return quote.organization or (quote.person.organization if quote.person else None)


def _is_there(live: Snapshot) -> bool:
    if live.organization is not None:
        return records.find(Organization, live.organization.id) is not None
    return live.person is not None and records.find(Person, live.person.id) is not None


def _name(live: Snapshot) -> str:
    return f"{live.person.first_name} {live.person.last_name}".strip() if live.person else "another customer"


def _has_reached(quote: Quote) -> bool:
    found = db.select(QuoteEvent.id).where(QuoteEvent.quote_id == quote.id, QuoteEvent.kind.in_(REACHED))
    # Our own people look at the page too.
    own_look = db.and_(QuoteEvent.kind.in_(("viewed", "fetched", "downloaded")), QuoteEvent.who == DESK)
    found = found.where(db.not_(own_look))
    return db.session.scalar(found.limit(1)) is not None
