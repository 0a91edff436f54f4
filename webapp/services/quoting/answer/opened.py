"""Who opened the customer's page: the link says of which quote it is, and whose link."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from webapp.models import Quote, QuoteShare, QuoteSigner, db
from webapp.services.core.errors import NotFound
from webapp.services.core.fields import Reader, clean_text
from webapp.services.people import directory
from webapp.services.quoting.lifecycle import customer_link
from webapp.services.quoting.revisions.snapshot import Snapshot

NO_SUCH_LINK = "This link doesn't work. Check that you copied all of it, or ask the sender for a new one."
NAME, EMAIL = "writer", "writer_email"
MAX_NAME = 120
# What would make a link of a name in a mail.
ADDRESS = re.compile(r"[/@]|(?i:www\.)|\w\w\.(?:[a-z]{2,}|[A-Z]{2,})\b")


@dataclass(frozen=True)
class Opened:
    """``share``: the colleague's link that was opened, ``signer``: the signer's; both None for the quote's own."""

    token: str
    quote: Quote
    share: QuoteShare | None = None
    signer: QuoteSigner | None = None

    @property
    def person(self) -> QuoteShare | QuoteSigner | None:
        """Whom alone the link is for; None for the quote's own."""
        return self.share or self.signer


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
    digest = hashlib.sha256(token.encode()).hexdigest()
    signer: QuoteSigner | None = db.session.scalar(db.select(QuoteSigner).filter_by(token_sha256=digest))
    of_signer = db.session.get(Quote, signer.quote_id) if signer is not None else None
    if of_signer is not None and of_signer.number is not None:
        return Opened(token, of_signer, signer=signer)
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
    """Who most likely stands before the page: the person with this link, or else the contact."""
    if opened.person is not None:
        return Writer(opened.person.name, opened.person.email)
    if live.person is not None:
        return Writer(f"{live.person.first_name} {live.person.last_name}".strip(), live.person.email)
    return Writer("", "")


def known_title(opened: Opened, live: Snapshot) -> str:
    """The job title of the signer or the contact; empty for a colleague."""
    if opened.signer is not None:
        return opened.signer.title
    return live.person.title if live.person is not None and opened.share is None else ""


def read_writer(reader: Reader, opened: Opened) -> Writer:
    """Who writes: whom the link is for, or else the form's ``writer`` and ``writer_email`` (may be empty)."""
    if opened.person is not None:
        return Writer(opened.person.name, opened.person.email)
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


def customer_of(live: Snapshot) -> str:
    """What the customer is called, where no one said who they are."""
    if live.person:
        return f"{live.person.first_name} {live.person.last_name}".strip()
    return live.organization.name if live.organization else "Customer"
