"""The lines to sign on: what the PDF of an offer that isn't accepted yet has instead of signatures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from webapp.models import Quote
from webapp.services.quoting.answer import countersigning, turns
from webapp.services.quoting.revisions.snapshot import Snapshot


@dataclass(frozen=True)
class Blank:
    """One line to sign on. ``side``: for whom; ``named``: name and job title, empty where anyone may sign."""

    side: str
    named: str = ""


def of(quote: Quote, frozen: Snapshot) -> list[Blank]:
    """One line for each named signer, in their order, or one for whoever signs; and ours where we countersign."""
    found = [
        Blank(_customer(frozen), ", ".join(part for part in (one.name, one.title) if part))
        for one in turns.signers_of(quote)
    ]
    ours = [Blank(frozen.seller.name)] if countersigning.is_wanted(quote) else []
    return [*(found or anyone(frozen)), *ours]


def anyone(frozen: Snapshot) -> Sequence[Blank]:
    """The one line of a quote for which no one is named."""
    return [Blank(_customer(frozen))]


def _customer(frozen: Snapshot) -> str:
    return frozen.organization.name if frozen.organization else ""
