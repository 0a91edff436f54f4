"""What the words in braces of a mail's text stand for, for one quote (``company.mail_texts``)."""

from __future__ import annotations

from webapp.models import Quote
from webapp.services.company import mail_texts
from webapp.services.company.mail_texts import Filled
from webapp.services.core import formatting
from webapp.services.quoting.answer import links
from webapp.services.quoting.revisions import pricing, snapshot
from webapp.services.quoting.revisions.snapshot import Snapshot

NO_END = "further notice"
# Words that a name can start with, and that greet no one.
TITLES = {"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "sir", "herr", "frau", "mme", "m"}


def link(quote: Quote, base: str) -> str:
    """The customer's link. ``base``: where customers reach Quotewright."""
    return links.to_page(base, quote.public_token)


def live(quote: Quote) -> Snapshot:
    """The live revision of a published quote. It takes a moment to read: ask once, and hand it on."""
    revision = quote.current_revision
    if revision is None:
        raise ValueError("the quote was never published")
    return snapshot.parse(revision.content)


def of_quote(quote: Quote, base: str, frozen: Snapshot) -> dict[str, str]:
    """All words for ``frozen``, the live revision. ``customer``: the contact, or else the organization."""
    person, organization = frozen.person, frozen.organization
    name = f"{person.first_name} {person.last_name}".strip() if person else ""
    customer = name or (organization.name if organization else "")
    sums = [
        f"{formatting.money(period.total, frozen.currency, frozen.place)}{formatting.period_suffix(recurrence)}"
        for recurrence, period in pricing.of_snapshot(frozen).periods.items()
    ]
    return {
        "customer": customer,
        "first_name": (person.first_name if person else "") or customer,
        "quote": str(quote.number),
        "title": frozen.title,
        "total": " + ".join(sums),
        "expires": formatting.day(frozen.expires_on, frozen.place) if frozen.expires_on else NO_END,
        "rep": quote.owner.name,
        "rep_email": quote.owner.email,
        "company": frozen.seller.name,
        "link": link(quote, base),
        "reason": quote.lost_reason,
    }


def first_name(name: str, email: str, frozen: Snapshot) -> str:
    """By what a mail greets someone of whom only the full name was entered: the contact's own, or the first word.

    A name that starts with a title or an initial stays whole.
    """
    person = frozen.person
    is_contact = (
        person is not None
        and person.email.casefold() == email.casefold()
        and f"{person.first_name} {person.last_name}".casefold() == name.casefold()
    )
    if person is not None and person.first_name and is_contact:
        return person.first_name
    first = next(iter(name.split()), "")
    return name if first.endswith((".", ",")) or first.casefold() in TITLES else first


def fill(kind: str, quote: Quote, base: str, frozen: Snapshot, **more: str) -> Filled:
    """The company's text of this kind for the quote. ``more``: words that are others here."""
    return mail_texts.fill(kind, {**of_quote(quote, base, frozen), **more})
