"""We sign what the customer signed, where the company or the quote wants it.

The quote is won, and Autotask hears of it, with the customer's signatures. The signed PDF, its copies and the bundle
wait for ours, which is on them.
"""

from __future__ import annotations

from collections.abc import Mapping

from webapp.models import Quote, Signature, User, db
from webapp.models.quote import WON_STATUSES
from webapp.models.signing import COUNTERS
from webapp.services.accounts import permissions
from webapp.services.accounts.permissions import Permission
from webapp.services.company import signing
from webapp.services.core import work
from webapp.services.core.errors import Conflict
from webapp.services.core.fields import Reader
from webapp.services.diary import diary
from webapp.services.quoting.answer import consent, signature, turns
from webapp.services.quoting.answer.signature import Evidence
from webapp.services.quoting.draft import editing
from webapp.services.quoting.revisions import snapshot

NOT_WON = "This quote isn't accepted, so there's nothing to countersign. Nothing was changed."
NOT_WANTED = "No countersignature is wanted on this quote. Nothing was changed."


def is_wanted(quote: Quote) -> bool:
    """Whether an acceptance of the quote is countersigned."""
    chosen = turns.ways_of(quote).countersign
    return chosen == "yes" or (chosen == "" and signing.countersigns())


def is_due(quote: Quote) -> bool:
    """Whether only our signature is missing."""
    return quote.status in WON_STATUSES and quote.acceptance is not None and quote.acceptance.is_waiting


@work.command
def sign(actor: User, quote_id: int, values: Mapping[str, object], evidence: Evidence) -> Quote:
    """Countersign. ``values``: ``title``, ``signature`` or with ``how`` = ``drawn`` a ``drawing``, ``terms``,
    ``consent`` (the SHA-256 of the sentence beside it), and ``sha256`` of what the customer signed.

    Raises Forbidden, Invalid with a sentence for each wrong field, or Conflict when someone else did, or it isn't
    wanted.
    """
    permissions.require(actor, Permission.MANAGE)
    reader = Reader(values)
    entered = signature.read(reader, name=actor.name, box="Check this box to countersign.")
    quote = editing.lock(quote_id)
    acceptance = quote.acceptance
    if acceptance is None or quote.status not in WON_STATUSES:
        raise Conflict(NOT_WON)
    if acceptance.countersignature is not None:
        raise Conflict(f"{acceptance.countersignature.name} already countersigned. It was counted once.")
    if not acceptance.wants_countersignature:
        raise Conflict(NOT_WANTED)
    revision = next(one for one in quote.revisions if one.id == acceptance.revision_id)
    offer = snapshot.parse(revision.content)
    agreed = consent.of_seller(offer)
    if values.get("sha256") != acceptance.content_sha256 or values.get("consent") != consent.sha256(agreed):
        raise Conflict(
            "What you sign isn't what was on your screen, so nothing was signed. Read it, then sign again."
        )
    reader.check("Nothing was signed. Fix the highlighted fields.")
    fields = entered.fields | signature.agreed(offer, agreed) | signature.origin(evidence)
    fields |= {"email": actor.email, "purchase_order_number": "", "signed_in_as": ""}
    record = Signature(
        **fields, quote_id=quote.id, revision_id=revision.id, kind=COUNTERS, countersigner_id=actor.id
    )
    record.content_sha256 = acceptance.content_sha256
    entered.keep_drawing(record)
    acceptance.beside.append(record)
    db.session.flush()
    diary.write(
        actor,
        "quote.countersigned",
        "quote",
        quote.id,
        revision=revision.number,
        signature=record.id,
    )
    return quote
