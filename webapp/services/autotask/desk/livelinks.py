"""LiveLinks: from a record on Autotask's screen to its quotes here.

An Autotask administrator makes them in the LiveLinks Designer: a base address, and a parameter that takes a variable of
the record on the screen (Autotask's help, “LiveLinks Designer”). The name of a variable is the designer's own, so what
is kept here is which field each of our parameters takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement

from webapp.models import Link, Quote, db
from webapp.models.integration import AUTOTASK
from webapp.services.core.errors import NotFound
from webapp.services.quoting.lists import listing
from webapp.services.quoting.lists.listing import Row

SHOWN = 50


@dataclass(frozen=True)
class LiveLink:
    """One kind of link. ``kind`` stands in its address, ``entity`` is the REST API's, ``takes`` the field of the id."""

    kind: str
    entity: str
    name: str
    takes: str
    leads_to: str


LIVE_LINKS = {
    link.kind: link
    for link in (
        LiveLink(
            "opportunity",
            "Opportunities",
            "Opportunity",
            "Opportunity ID",
            "the quote of the opportunity, or a new quote that will update it",
        ),
        LiveLink("quote", "Quotes", "Quote", "Quote ID", "the quote here that it was pushed from"),
        LiveLink(
            "organization",
            "Companies",
            "Organization",
            "Organization ID (Account ID)",
            "the organization's quotes, and a new one for it",
        ),
        LiveLink(
            "contact", "Contacts", "Contact", "Contact ID", "the contact's quotes, and a new one for them"
        ),
    )
}


@dataclass(frozen=True)
class Landing:
    """Where a LiveLink leads: the quotes that belong to the record, the last changed first."""

    link: LiveLink
    remote_id: int
    rows: list[Row]


def land(kind: str, remote_id: int | None) -> Landing:
    """What belongs to a record of Autotask. Raises NotFound with a sentence for an unknown kind or without an id."""
    link = LIVE_LINKS.get(kind)
    if link is None:
        raise NotFound(
            f"There is no LiveLink of this kind. RemoteRecord are: {', '.join(LIVE_LINKS)}. Tell whoever made the link."
        )
    if remote_id is None:
        raise NotFound(
            f"The LiveLink came without the {link.takes} of the record, so it leads nowhere. In Autotask's LiveLinks "
            f"Designer the parameter “id” must take the variable {link.takes}."
        )
    return Landing(link, remote_id, listing.some(_belongs(link, remote_id), limit=SHOWN))


def _belongs(link: LiveLink, remote_id: int) -> ColumnElement[bool]:
    def linked(local_type: str, column: ColumnElement[Any]) -> ColumnElement[bool]:
        ours = db.select(Link.local_id).filter_by(
            integration=AUTOTASK, local_type=local_type, remote_entity=link.entity, remote_id=remote_id
        )
        found: ColumnElement[bool] = db.cast(column, db.String).in_(ours)
        return found

    quote, chosen = Quote.__table__.c, db.false()
    match link.kind:
        case "opportunity":
            column, local_type, chosen = quote.id, "quote", quote.autotask_opportunity_id == remote_id
        case "quote":
            column, local_type = quote.id, "quote"
        case "organization":
            column, local_type = quote.organization_id, "organization"
        case _:
            column, local_type, chosen = quote.person_id, "person", quote.autotask_contact_id == remote_id
    belongs: ColumnElement[bool] = db.or_(linked(local_type, column), chosen)
    return belongs
