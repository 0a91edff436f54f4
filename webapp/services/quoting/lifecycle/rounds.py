"""A round of signers: what they sign counts together. Each begins here, once, and is numbered under the quote's lock.

Clocks of several machines may differ, so no time decides what counts.
"""

from __future__ import annotations

from webapp.models import Quote, QuoteSigning, db


def begin(quote: Quote) -> None:
    """In the open transaction, with the quote locked: what was signed so far counts no longer, and all are asked again.

    Nothing for a quote whose signers no one ever chose, or that was accepted: that is a contract.
    """
    ways = db.session.get(QuoteSigning, quote.id)
    if ways is not None and quote.acceptance is None:
        ways.round_number += 1
