"""LiveLinks: from a record on Autotask's screen to its quotes here.

An Autotask administrator creates them in the LiveLinks Designer: a base URL, and a parameter that takes a variable of
the record on the screen (Autotask's help, “LiveLinks Designer”). The designer names its variables itself, so this
module only knows which field each parameter takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select

from webapp.models import Link, Quote, User, db, local_key
from webapp.models.integration import AUTOTASK
from webapp.services.core.errors import NotFound
from webapp.services.quoting.lists import listing
from webapp.services.quoting.lists.listing import Row

SHOWN = 50


@dataclass(frozen=True)
class LiveLink:
    """One kind of link. ``kind`` is part of its URL, ``entity`` is the REST API's, ``takes`` the field with the id."""

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
            "the opportunity's quote, or a new quote that will update it",
        ),
        LiveLink("quote", "Quotes", "Quote", "Quote ID", "the same quote in Quotewright"),
        LiveLink(
            "organization",
            "Companies",
            "Organization",
            "Organization ID (Account ID)",
            "the organization's quotes, and a button for a new quote",
        ),
        LiveLink(
            "contact",
            "Contacts",
            "Contact",
            "Contact ID",
            "the contact's quotes, and a button for a new quote",
        ),
    )
}


@dataclass(frozen=True)
class Landing:
    """The quotes that belong to a LiveLink's record, last changed first."""

    link: LiveLink
    remote_id: int
    rows: list[Row]


def land(viewer: User, kind: str, remote_id: int | None, sent: str = "") -> Landing:
    """The quotes of an Autotask record. ``sent``: the id as it came.

    Raises NotFound with a sentence for an unknown kind, or an id that is missing or no number.
    """
    link = LIVE_LINKS.get(kind)
    if link is None:
        raise NotFound(
            f"This LiveLink has an unknown kind. Ask your Autotask admin to use one of {', '.join(LIVE_LINKS)}."
        )
    if remote_id is None and sent.strip():
        raise NotFound(
            f"This LiveLink came with “{sent.strip()[:40]}” as the record's {link.takes}, which isn't an id. Ask "
            f"your Autotask admin to set its parameter “id” to the variable {link.takes} in the LiveLinks Designer."
        )
    if remote_id is None:
        raise NotFound(
            f"This LiveLink is missing the record's {link.takes}. Ask your Autotask admin to set its parameter “id” to "
            f"the variable {link.takes} in the LiveLinks Designer."
        )
    return Landing(link, remote_id, listing.some(viewer, _belongs(link, remote_id), limit=SHOWN))


def _belongs(link: LiveLink, remote_id: int) -> ColumnElement[bool]:
    def linked(local_type: str, column: ColumnElement[Any]) -> ColumnElement[bool]:
        ours = _links_to(link, remote_id, Link.local_id).filter_by(local_type=local_type)
        is_linked: ColumnElement[bool] = db.cast(column, db.String).in_(ours)
        return is_linked

    quote, chosen = Quote.__table__.c, db.false()
    ours: ColumnElement[bool]
    match link.kind:
        case "opportunity" | "quote":
            ours = quote.id.in_(_links_to(link, remote_id, Link.quote_id))
            if link.kind == "opportunity":
                anywhere = db.select(Link.quote_id).where(
                    Link.integration == AUTOTASK,
                    Link.remote_entity == link.entity,
                    Link.quote_id == quote.id,
                )
                # Where Autotask has a quote counts, and not what was chosen for it since.
                chosen = db.and_(quote.autotask_opportunity_id == remote_id, ~anywhere.exists())
        case "organization":
            ours = linked(local_key.ORGANIZATION, quote.organization_id)
        case _:
            ours = linked(local_key.PERSON, quote.person_id)
            chosen = quote.autotask_contact_id == remote_id
    belongs: ColumnElement[bool] = db.or_(ours, chosen)
    return belongs


def _links_to(link: LiveLink, remote_id: int, column: Any) -> Select[Any]:
    """One column of the links to a LiveLink's record."""
    links: Select[Any] = db.select(column).filter_by(
        integration=AUTOTASK, remote_entity=link.entity, remote_id=remote_id
    )
    return links
