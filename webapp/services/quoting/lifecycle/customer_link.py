"""The link to the customer's page: it can be replaced, and what was sent before opens nothing any more."""

from __future__ import annotations

import hashlib
import secrets

from webapp.models import EndedLink, MailMessage, Quote, QuoteComment, User, db
from webapp.services.core import work
from webapp.services.core.errors import Invalid
from webapp.services.diary import diary
from webapp.services.quoting.draft import editing
from webapp.services.quoting.lifecycle import sending
from webapp.services.quoting.revisions import papers

REPLACED = "This link was replaced and doesn't open the quote anymore. Ask the sender for the new link."


@work.command
def replace(actor: User, quote_id: int) -> Quote:
    """Give the quote another link and end the one that it had. Raises Invalid for a quote without one."""
    quote = editing.lock(quote_id)
    if quote.number is None:
        raise Invalid("This quote hasn't been published, so it has no link to replace. Nothing was changed.")
    end(quote, "The link in it was replaced. Send the quote again.")
    diary.write(actor, "quote.customer_link_replaced", "quote", quote.id)
    return quote


def end(quote: Quote, sentence: str) -> None:
    """Give the quote another link, in the open transaction with the quote locked; ``sentence``: why waiting mail ends.

    Whoever got the one before is reminded no more.
    """
    # Whoever writes locks the quote too, so what comes later has a higher number.
    comment, mail = (
        db.session.scalar(db.select(db.func.max(kind.id)).filter_by(quote_id=quote.id)) or 0
        for kind in (QuoteComment, MailMessage)
    )
    digest = _digest(quote.public_token)
    db.session.add(
        EndedLink(token_sha256=digest, quote_id=quote.id, last_comment_id=comment, last_mail_id=mail)
    )
    quote.public_token = secrets.token_urlsafe(24)
    papers.forget(quote.id)
    sending.end_waiting(quote, sentence)


def was_replaced(token: str) -> bool:
    """True for a link that was good once."""
    return db.session.get(EndedLink, _digest(token)) is not None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
