"""Who opened the customer's page: the link says of which quote it is, and whose link."""

from __future__ import annotations

import re
from dataclasses import dataclass

from webapp.models import Quote, QuoteShare, db
from webapp.services.core.errors import NotFound
from webapp.services.core.fields import Reader, clean_text
from webapp.services.people import directory
from webapp.services.quoting.answer import customer_link
from webapp.services.quoting.revisions.snapshot import Snapshot

NO_SUCH_LINK = "This link doesn't work. Check that you copied all of it, or ask the sender for a new one."
NAME, EMAIL = "writer", "writer_email"
MAX_NAME = 120
# What would make a link of a name in a mail.
ADDRESS = re.compile(r"[/@]|(?i:www\.)|\w\w\.(?:[a-z]{2,}|[A-Z]{2,})\b")


@dataclass(frozen=True)
class Opened:
    """``share``: the colleague's link that was opened; None for the quote's own."""

    token: str
    quote: Quote
    share: QuoteShare | None = None


@dataclass(frozen=True)
class Writer:
    """By what a customer is known who writes, shares or answers. Each may be empty."""

    name: str
    email: str


def by_token(token: str) -> Opened:
    """What a customer's link opens. Raises NotFound with a sentence."""
    token = clean_text(token)[:64]
    quote: Quote | None = db.session.scalar(db.select(Quote).filter_by(public_token=token))
    if quote is not None and quote.number is not None:
        return Opened(token, quote)
    share: QuoteShare | None = db.session.scalar(db.select(QuoteShare).filter_by(token=token))
    if share is not None and share.ended_at is None:
        return Opened(token, share.quote, share)
    if share is not None:
        owner = share.quote.owner
        raise NotFound(
            f"This link was turned off and doesn't open the quote anymore. Ask {owner.name} ({owner.email}) for a new "
            "one."
        )
    raise NotFound(customer_link.REPLACED if customer_link.was_replaced(token) else NO_SUCH_LINK)


def known(opened: Opened, live: Snapshot) -> Writer:
    """Who most likely stands before the page: the colleague with this link, or else the contact."""
    if opened.share is not None:
        return Writer(opened.share.name, opened.share.email)
    if live.person is not None:
        return Writer(f"{live.person.first_name} {live.person.last_name}".strip(), live.person.email)
    return Writer("", "")


def known_title(opened: Opened, live: Snapshot) -> str:
    """The job title of the contact; empty for a colleague."""
    return live.person.title if live.person is not None and opened.share is None else ""


def read_writer(reader: Reader, opened: Opened) -> Writer:
    """Who writes: whom the link is for, or else the form's ``writer`` and ``writer_email`` (may be empty)."""
    if opened.share is not None:
        return Writer(opened.share.name, opened.share.email)
    name = reader.text(NAME, MAX_NAME, missing="Enter your name.")
    check_name(reader, NAME, name)
    return Writer(name, read_email(reader, EMAIL))


def check_name(reader: Reader, field: str, name: str) -> None:
    """A name goes into mails, so it holds no address."""
    if ADDRESS.search(name):
        reader.fail(field, "Enter a name, without an address.")


def read_email(reader: Reader, field: str) -> str:
    """An email that may be left out."""
    text = reader.text(field, 254)
    if text:
        try:
            return directory.normalize_email(text)
        except ValueError as error:
            reader.fail(field, str(error))
    return text
