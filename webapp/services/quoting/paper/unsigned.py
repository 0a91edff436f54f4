"""The lines to sign on: what the PDF of an offer that isn't accepted yet has instead of signatures.

Signers, countersignature and link can change after it was published. So the stored PDF has the hash of all that it
shows (``mark``), and is rendered again when that is another one.

Owns its transactions: what was rendered outside of any is stored in one of its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from webapp.models import Quote, Revision, RevisionDocument, db, utc_now
from webapp.models.quote import WON_STATUSES
from webapp.services.core import records, work
from webapp.services.core.errors import NotFound
from webapp.services.quoting.answer import countersigning, links, turns
from webapp.services.quoting.revisions.snapshot import Snapshot


@dataclass(frozen=True)
class Blank:
    """One line to sign on. ``side``: for whom; ``named``: name and job title, empty where anyone may sign."""

    side: str
    named: str = ""


GONE = "This revision no longer exists."


def mark(revision: Revision, base_url: str) -> str:
    """The SHA-256 of all that the PDF of the offer shows now: its content, the address, and the lines to sign on."""
    quote = revision.quote
    shown = [
        revision.content_sha256,
        links.to_page(base_url, quote.public_token),
        [[one.name, one.title] for one in turns.signers_of(quote)],
        _we_sign(quote),
    ]
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()


def stored(revision: Revision, base_url: str) -> bytes | None:
    """The stored PDF of the offer, if it shows what it must. What was signed or replaced stays as it was offered."""
    found = db.session.get(RevisionDocument, revision.id, populate_existing=True)
    if found is None:
        return None
    quote = revision.quote
    is_open = quote.status not in WON_STATUSES or countersigning.is_due(quote)
    can_be_signed = quote.current_revision is revision and is_open
    return found.pdf if not can_be_signed or found.shows_sha256 == mark(revision, base_url) else None


def store(revision_id: int, base_url: str, pdf: bytes, shown: str) -> bytes | None:
    """Store what was rendered, if ``shown``, its ``mark`` before that, still is. Ends the transaction.

    Returns the PDF that everyone gets: the stored one, if another process rendered the same at the same moment. None if
    something else is to be shown by now. Raises NotFound for a revision that was removed.
    """
    with work.writing():
        revision = records.get(Revision, revision_id, GONE)
        # Whoever changes the signers, the link or the content, or makes someone anonymous, locks it too.
        query = db.select(Quote).filter_by(id=revision.quote_id).with_for_update(of=Quote)
        if db.session.scalar(query.execution_options(populate_existing=True)) is None:
            raise NotFound(GONE)
        db.session.refresh(revision)
        kept: bytes | None = None
        if mark(revision, base_url) == shown:
            found = db.session.get(RevisionDocument, revision_id, populate_existing=True)
            found = found or RevisionDocument(revision_id=revision_id, shows_sha256="")
            if found.shows_sha256 != shown:
                found.pdf, found.sha256 = pdf, hashlib.sha256(pdf).hexdigest()
                found.shows_sha256, found.created_at = shown, utc_now()
                db.session.add(found)
            kept = found.pdf
        db.session.commit()
    return kept


def of(quote: Quote, frozen: Snapshot) -> list[Blank]:
    """One line for each named signer, in their order, or one for whoever signs; and ours where we countersign."""
    found = [
        Blank(_customer(frozen), ", ".join(part for part in (one.name, one.title) if part))
        for one in turns.signers_of(quote)
    ]
    ours = [Blank(frozen.seller.name)] if _we_sign(quote) else []
    return [*(found or anyone(frozen)), *ours]


def _we_sign(quote: Quote) -> bool:
    """What the customer signed with a line for us keeps it, whatever the company has as its default by now."""
    return countersigning.is_due(quote) or countersigning.is_wanted(quote)


def anyone(frozen: Snapshot) -> Sequence[Blank]:
    """The one line of a quote for which no one is named."""
    return [Blank(_customer(frozen))]


def _customer(frozen: Snapshot) -> str:
    return frozen.organization.name if frozen.organization else ""
