"""After the answer: what the customer's page says happens next, in the words of Settings > Company."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.models import DiaryEntry, Quote, db
from webapp.models.quote import LOST, PENDING, WON_STATUSES
from webapp.services.company import profile

ACCEPTED_STEPS = "{owner} will contact you shortly."


@dataclass(frozen=True)
class Next:
    """``steps``: what happens next, in order. ``is_won``: the quote was accepted, else it was declined or withdrawn.

    ``declined``: the entry of the customer's own decline; None where the seller ended it, or the entry is gone.
    """

    is_won: bool
    steps: list[str]
    declined: DiaryEntry | None = None


def of_quote(quote: Quote) -> Next | None:
    """What the page of an answered quote says; None while it isn't answered, or was called off after an acceptance."""
    if quote.status == PENDING:
        return None
    document, _ = profile.current()
    if quote.status in WON_STATUSES:
        text = document["next_accepted"] or ACCEPTED_STEPS.format(owner=quote.owner.name)
        return Next(True, _steps(text))
    if quote.status == LOST and quote.acceptance is None:
        return Next(False, _steps(document["next_declined"]), _own_decline(quote))
    return None


def _steps(text: str) -> list[str]:
    return [step for line in text.splitlines() if (step := line.strip())]


def _own_decline(quote: Quote) -> DiaryEntry | None:
    query = db.select(DiaryEntry).filter_by(
        object_type="quote", object_id=str(quote.id), action=f"quote.{LOST}"
    )
    newest: DiaryEntry | None = db.session.scalars(query.order_by(DiaryEntry.id.desc()).limit(1)).first()
    return newest if newest is not None and newest.actor_id is None else None
