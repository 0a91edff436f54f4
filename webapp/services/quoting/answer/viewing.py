"""When the customer, a signer or a colleague first viewed a quote."""

from __future__ import annotations

from webapp.models import Quote, QuoteShare, QuoteSigner, db, utc_now
from webapp.models.quote import PENDING
from webapp.services.core import work
from webapp.services.diary import diary
from webapp.services.quoting.answer import opened
from webapp.services.quoting.draft import editing
from webapp.services.quoting.revisions import snapshot


@work.command
def note_viewed(quote: Quote, share: QuoteShare | None = None, signer: QuoteSigner | None = None) -> None:
    """Record when the customer first viewed the live revision, and when a colleague first viewed the quote.

    Merely fetching the page is no view: mail and chat programs fetch links too. The page's script tells it after a few
    seconds on the screen or at the first touch, and so does a choice of options.
    """
    is_first = share is not None and share.viewed_at is None
    if (quote.viewed_at is not None or quote.status != PENDING) and not is_first:
        return
    quote = editing.lock(quote.id)
    revision = quote.current_revision
    if revision is None:
        return
    # Two requests can arrive at once; only the first one counts.
    is_colleagues = share is not None and _views_first(share)
    person = share or signer
    customer = person.name if person else opened.customer_of(snapshot.parse(revision.content))
    if quote.viewed_at is None and quote.status == PENDING:
        quote.viewed_at = utc_now()
        diary.write(None, "quote.viewed", "quote", quote.id, label=customer, revision=revision.number)
    elif is_colleagues:
        diary.write(
            None, "quote.colleague_viewed", "quote", quote.id, label=customer, revision=revision.number
        )


def _views_first(share: QuoteShare) -> bool:
    db.session.refresh(share)
    if share.viewed_at is not None:
        return False
    share.viewed_at = utc_now()
    return True
