"""Quotes that share an Autotask opportunity, and which of them rules it.

The ruling quote's outcome is the opportunity's, its amounts are the opportunity's, and it is the primary quote. That is
the quote that was won last; without one, the oldest open quote; without one, the quote that ended last.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import Exists, Select

from webapp.models import Link, Quote, User, db, local_key, utc_now
from webapp.models.integration import AUTOTASK
from webapp.models.quote import LOST, WON_STATUSES
from webapp.services.accounts import permissions
from webapp.services.autotask.known import links
from webapp.services.autotask.known.links import LinkKey
from webapp.services.autotask.wanted.desired import Desired
from webapp.services.quoting.draft import stages

NEVER = datetime.min.replace(tzinfo=UTC)
OPPORTUNITIES, QUOTES = "Opportunities", "Quotes"


@dataclass(frozen=True)
class Sibling:
    """One of the quotes on an opportunity. ``decided_at``: when it was won, lost or expired.

    ``place``: its place among the quotes that Autotask has, the oldest first; one that Autotask doesn't have goes last.
    """

    quote_id: int
    number: int | None
    title: str
    stage: str
    is_won: bool
    is_open: bool
    is_linked: bool
    decided_at: datetime
    place: int

    @property
    def name(self) -> str:
        """The quote in a sentence; without a title, for someone who can't see it."""
        if not self.title and not self.number:
            return "a colleague's quote"
        return f"quote {self.number} “{self.title}”" if self.number else f"the draft “{self.title}”"


def on_same_opportunity(quote: Quote, chosen_id: int | None) -> list[Sibling]:
    """The quote itself, first, and all others on its opportunity. ``chosen_id``: the one that a person picked."""
    opportunity_id = _opportunity_of(quote.id) or chosen_id
    if opportunity_id is None:
        return [_sibling(quote, {})]
    others = db.session.scalars(
        db.select(Quote)
        .where(
            Quote.id != quote.id,
            db.or_(
                Quote.id.in_(_linked_to(opportunity_id)),
                # Where Autotask has a quote counts, and not what was chosen for it since.
                db.and_(Quote.autotask_opportunity_id == opportunity_id, ~_has_opportunity()),
            ),
        )
        .order_by(Quote.id)
    ).all()
    places = {link.quote_id: link.id for link in _links_of_quotes([one.id for one in (quote, *others)])}
    return [_sibling(one, places) for one in (quote, *others)]


def ruler(siblings: Sequence[Sibling]) -> Sibling:
    """The quote that rules the opportunity; the first of ``siblings`` is the one that asks."""
    own, *others = siblings
    # A quote that Autotask doesn't have yet rules nothing there.
    candidates = [own, *(one for one in others if one.is_linked)]
    won = [one for one in candidates if one.is_won]
    if won:
        return max(won, key=lambda one: (one.decided_at, one.place))
    still_open = [one for one in candidates if one.is_open]
    if still_open:
        return min(still_open, key=lambda one: one.place)
    return max(candidates, key=lambda one: (one.decided_at, one.place))


def sentences(siblings: Sequence[Sibling]) -> list[str]:
    """What a person should know about the others, for the quote's page, the preview and the check before publishing."""
    own, *others = siblings
    if not others:
        return []
    listed = ", ".join(f"{one.name} ({one.stage})" for one in others)
    ruling = ruler(siblings)
    if ruling is own:
        rule = "This quote is the primary one: the opportunity has its amounts and its outcome."
    else:
        rule = (
            f"{ruling.name[:1].upper()}{ruling.name[1:]} is the primary one: this quote changes neither the "
            "opportunity's amounts nor its outcome."
        )
    return [f"Also on this quote's opportunity in Autotask: {listed}. {rule}"]


def as_seen(siblings: Sequence[Sibling], viewer: User | None) -> list[Sibling]:
    """The same, without number and title of those that ``viewer`` can't see. None: the operator, who sees all."""
    if viewer is None:
        return list(siblings)
    ids = db.select(Quote.id).where(Quote.id.in_([one.quote_id for one in siblings]))
    seen = set(db.session.scalars(permissions.visible(ids, viewer)))
    return [one if one.quote_id in seen else replace(one, number=None, title="") for one in siblings]


def give_way(desired: Desired, opportunity_id: int) -> None:
    """Note on all links that this quote is the primary one now, and on the others' what it wrote to the opportunity.

    So the next one that rules knows what is there, and what it may take back. Its own link says it too where nothing
    had to be written, since somebody had made it primary in Autotask. In the open transaction.
    """
    for link in _links_of_quotes(_linked_to(opportunity_id)):
        link.pushed = {**link.pushed, "primaryQuote": link.quote_id == desired.quote_id}
    wish = desired.opportunity
    own = links.find(links.key_of(wish))
    pushed = own.pushed if own is not None else {}
    written = {name: pushed[name] for name in (*wish.fields, *wish.replaces) if name in pushed}
    query = db.select(Link).filter_by(
        integration=AUTOTASK, remote_entity=OPPORTUNITIES, remote_id=opportunity_id
    )
    for link in db.session.scalars(query.where(Link.quote_id != desired.quote_id)):
        link.pushed = {**link.pushed, **written}


def not_told(quote: Quote) -> Quote | None:
    """The quote that rules the opportunity of ``quote`` now, if Autotask doesn't have it as the primary one yet."""
    on_opportunity = on_same_opportunity(quote, None)
    if len(on_opportunity) == 1:
        return None
    ruling = ruler(on_opportunity)
    link = links.find(LinkKey(local_key.quote(ruling.quote_id), QUOTES))
    if link is not None and link.pushed.get("primaryQuote"):
        return None
    return db.session.get(Quote, ruling.quote_id)


def _linked_to(opportunity_id: int) -> Select[tuple[int | None]]:
    """The ids of the quotes that are linked to an opportunity."""
    query: Select[tuple[int | None]] = db.select(Link.quote_id).filter_by(
        integration=AUTOTASK, remote_entity=OPPORTUNITIES, remote_id=opportunity_id
    )
    return query


def _has_opportunity() -> Exists:
    """Of each quote, whether it is linked to an opportunity."""
    query: Select[tuple[int]] = db.select(Link.id).where(
        Link.integration == AUTOTASK, Link.remote_entity == OPPORTUNITIES, Link.quote_id == Quote.id
    )
    return query.exists()


def _links_of_quotes(quote_ids: Collection[int] | Select[tuple[int | None]]) -> Iterable[Link]:
    """The links of these quotes to their quotes in Autotask."""
    return db.session.scalars(
        db.select(Link).where(
            Link.integration == AUTOTASK, Link.remote_entity == QUOTES, Link.quote_id.in_(quote_ids)
        )
    )


def _opportunity_of(quote_id: int) -> int | None:
    link = links.find(LinkKey(local_key.quote(quote_id), OPPORTUNITIES))
    return link.remote_id if link is not None else None


def _sibling(quote: Quote, places: dict[int | None, int]) -> Sibling:
    stage = stages.stage_of(quote, utc_now())
    is_won = quote.status in WON_STATUSES
    place = places.get(quote.id)
    return Sibling(
        quote_id=quote.id,
        number=quote.number,
        title=quote.title,
        stage=stage,
        is_won=is_won,
        is_open=not is_won and quote.status != LOST and stage != stages.EXPIRED,
        is_linked=place is not None,
        decided_at=_decided_at(quote, stage),
        place=place if place is not None else 1 << 62,
    )


def _decided_at(quote: Quote, stage: str) -> datetime:
    if quote.acceptance is not None and quote.status in WON_STATUSES:
        return quote.acceptance.accepted_at
    if stage == stages.EXPIRED and quote.ends_at is not None:
        return quote.ends_at
    return quote.status_changed_at or NEVER
