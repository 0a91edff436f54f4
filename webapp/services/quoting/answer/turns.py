"""Whose turn it is to sign: who must, who has, and what someone with a link can do now.

A quote for which no one is named has one implied signer: whoever accepts first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from webapp.models import Quote, QuoteSigner, QuoteSigning, Signature, SignedFields, db
from webapp.models.quote import PENDING
from webapp.models.signing import CUSTOMERS
from webapp.services.core.errors import Conflict


class Turn(StrEnum):
    """What a link is good for. ``open``: sign; ``signed``: has signed; ``later``: others sign first; ``other``: only
    the named signers sign, and this link is none of theirs.
    """

    OPEN = "open"
    SIGNED = "signed"
    LATER = "later"
    OTHER = "other"


@dataclass(frozen=True)
class Round:
    """``signers`` who must sign, in their order, and the signatures that count so far, oldest first."""

    signers: Sequence[QuoteSigner]
    given: Sequence[SignedFields]
    is_ordered: bool = False

    def signature_of(self, signer: QuoteSigner) -> SignedFields | None:
        """What the signer signed; None before that."""
        return next((one for one in self.given if one.signer_id == signer.id), None)

    @property
    def missing(self) -> list[QuoteSigner]:
        """Who hasn't signed yet, in their order."""
        return [one for one in self.signers if self.signature_of(one) is None]

    @property
    def due(self) -> list[QuoteSigner]:
        """Who can sign now."""
        return self.missing[:1] if self.is_ordered else self.missing

    def turn(self, signer: QuoteSigner | None) -> Turn:
        """What a link is good for. ``signer``: whose link it is; None for the quote's own or a colleague's."""
        if not self.signers:
            return Turn.OPEN
        if signer is None:
            return Turn.OTHER
        if self.signature_of(signer) is not None:
            return Turn.SIGNED
        return Turn.OPEN if signer in self.due else Turn.LATER

    def is_last(self, signer: QuoteSigner | None) -> bool:
        """Whether the quote is accepted when this one signs."""
        return signer is None or [one.id for one in self.missing] == [signer.id]


def signers_of(quote: Quote) -> list[QuoteSigner]:
    """Who must sign, in their order; empty where no one is named."""
    query = db.select(QuoteSigner).filter_by(quote_id=quote.id).order_by(QuoteSigner.position, QuoteSigner.id)
    return list(db.session.scalars(query))


def ways_of(quote: Quote) -> QuoteSigning:
    """How the quote is signed; the usual way if no one chose another."""
    return db.session.get(QuoteSigning, quote.id) or QuoteSigning(
        quote_id=quote.id, is_ordered=False, countersign="", round_number=1
    )


def round_of(quote: Quote) -> Round:
    """The round that is under way, or that of the acceptance once there is one."""
    signers, ways = signers_of(quote), ways_of(quote)
    if quote.acceptance is not None:
        given: list[SignedFields] = [*quote.acceptance.earlier, quote.acceptance]
        return Round(signers, given, ways.is_ordered)
    if quote.status != PENDING or not signers:
        return Round(signers, [], ways.is_ordered)
    query = db.select(Signature).filter_by(
        quote_id=quote.id, round_number=ways.round_number, acceptance_id=None, kind=CUSTOMERS
    )
    return Round(signers, list(db.session.scalars(query.order_by(Signature.id))), ways.is_ordered)


def listed(people: Sequence[str]) -> str:
    """Names in a sentence: “Ann”, “Ann and Bob”, “Ann, Bob and Cy”."""
    *others, last = people
    return f"{', '.join(others)} and {last}" if others else last


def check_number(turn: Round, quote: Quote, known: str, typed: str) -> None:
    """Raise Conflict where a later signer types another purchase order number than the first one's, ``known``."""
    if typed not in ("", known):
        raise Conflict(
            f"{turn.given[0].name} signed first, without your purchase order number, so nothing was signed. You sign "
            f"the same: sign again without it, or ask {quote.owner.name} ({quote.owner.email}) to start over."
        )
