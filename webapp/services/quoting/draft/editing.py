"""Create a quote, edit its header, discard its changes."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from datetime import timedelta
from decimal import Decimal

from webapp.models import CompanyBrand, Organization, Person, Quote, User, db
from webapp.models.quote import PENDING, QUOTE_DISCOUNT_KINDS
from webapp.services.catalog.items import MAX_DESCRIPTION, MAX_PRICE
from webapp.services.company import currencies, payments, place, shares
from webapp.services.company.brand import of_quote
from webapp.services.core import merge, records, work
from webapp.services.core.errors import Invalid, NotFound
from webapp.services.core.fields import MAX_ID, Reader, parse_id
from webapp.services.diary import diary, merging
from webapp.services.quoting.draft import discounts, steps
from webapp.services.quoting.revisions import freezing

GONE = "This quote no longer exists. The draft may have been deleted."
VALID_FOR_DAYS = 30
CUSTOMER = (db.joinedload(Quote.organization), db.joinedload(Quote.person))
# An amount and its unit only mean something together.
DISCOUNT = ("discount_kind", "discount_value")
DEPOSIT = ("deposit_kind", "deposit_value", "deposit_is_required")
FIELDS = (
    *("title", "currency", "expires_on", "comments", "internal_notes", "purchase_order_number"),
    *DISCOUNT,
    "shipping_amount",
    *DEPOSIT,
    "brand",
)


def get(quote_id: int) -> Quote:
    """The quote with its customer. Raises NotFound with a sentence."""
    return records.get(Quote, quote_id, GONE, loading=CUSTOMER)


def lock(quote_id: int) -> Quote:
    """The quote as stored, locked until the transaction ends. Raises NotFound."""
    if not 0 < quote_id <= MAX_ID:
        raise NotFound(GONE)
    query = db.select(Quote).filter_by(id=quote_id).with_for_update(of=Quote)
    quote: Quote | None = db.session.scalar(query.execution_options(populate_existing=True))
    if quote is None:
        raise NotFound(GONE)
    db.session.refresh(quote, ["sections", "lines", "revisions", "acceptance"])
    return quote


def lock_editable(quote_id: int) -> Quote:
    """Like ``lock``. Raises Invalid with a sentence when the quote is won or lost: it can't be edited then."""
    quote = lock(quote_id)
    check_editable(quote)
    steps.watch(quote)
    return quote


def check_editable(quote: Quote) -> None:
    """Raises Invalid with a sentence when the quote is won or lost."""
    if quote.status != PENDING:
        raise Invalid(
            f"This quote is {quote.status}, so it can't be edited. Nothing was changed. Copy it to a new quote to make "
            "a different offer."
        )


@work.command
def create(
    actor: User,
    *,
    person: Person | None = None,
    organization: Organization | None = None,
    title: str = "",
    opportunity: tuple[int, str] | None = None,
    contact_id: int | None = None,
) -> Quote:
    """Create an empty draft for a customer.

    ``opportunity``: id and title of its Autotask opportunity; with None, the push finds or creates it.
    ``contact_id``: the Autotask contact, when the person was pulled from Autotask.
    """
    organization = organization or (person.organization if person else None)
    customer = organization.name if organization else (person.full_name if person else "")
    quote = Quote(
        public_token=secrets.token_urlsafe(24),
        title=(title.strip() or (f"Quote for {customer}" if customer else "New quote"))[:200],
        owner=actor,
        person=person,
        organization=organization,
        currency=currencies.of_company(),
        expires_on=place.today() + timedelta(days=VALID_FOR_DAYS),
        autotask_opportunity_id=opportunity[0] if opportunity else None,
        autotask_opportunity_title=opportunity[1][:200] if opportunity else "",
        autotask_contact_id=contact_id,
        **payments.deposit_of_new_quotes(),
    )
    db.session.add(quote)
    db.session.flush()
    diary.write(actor, "quote.created", "quote", quote.id, title=quote.title)
    return quote


@steps.undoable
def save_header(actor: User, quote_id: int, values: Mapping[str, object]) -> Quote:
    """Change the fields of the quote, without its lines.

    Raises Invalid with sentences, or Conflict where someone else changed the same fields; stores nothing then.
    """
    quote = lock_editable(quote_id)
    here = place.of_company()
    reader = Reader(values, here)
    currency = reader.choice("currency", {*currencies.allowed(), quote.currency}, quote.currency)
    read = {
        "title": reader.text("title", 200, missing="Enter a title. The customer sees it."),
        "currency": currency,
        "expires_on": reader.day("expires_on"),
        "comments": reader.text("comments", MAX_DESCRIPTION, one_line=False),
        "internal_notes": reader.text("internal_notes", MAX_DESCRIPTION, one_line=False),
        "purchase_order_number": reader.text("purchase_order_number", 50),
        **read_discount(reader, QUOTE_DISCOUNT_KINDS, currency),
        "shipping_amount": reader.decimal(
            "shipping_amount", default=Decimal(0), maximum=MAX_PRICE, currency=currency
        ),
        **payments.read_deposit(reader, currency),
        "brand": _read_brand(reader, quote),
    }
    reader.check()
    reading = merge.Reading(here, quote.currency)
    merged = merging.into(
        actor, quote, values, read, what="quote", together=(DISCOUNT, DEPOSIT), reading=reading
    )
    changed = [name for name, value in merged.values.items() if getattr(quote, name) != value]
    before = discounts.before(actor, quote)
    for name in changed:
        setattr(quote, name, merged.values[name])
    discounts.check(actor, quote, before)
    if changed:
        diary.write(actor, "quote.changed", "quote", quote.id, changed=sorted(changed))
    return quote


def read_discount(reader: Reader, kinds: Collection[str], currency: str) -> dict[str, object]:
    """The discount of a line or quote. A percent sign in the amount is its unit; without an amount there is none."""
    kind, value = shares.read(reader, "discount", kinds, "none", currency)
    if kind == "none" and value > 0:
        reader.fail("discount_value", "Choose a discount type.")
    return {"discount_kind": kind if value else "none", "discount_value": value}


def _read_brand(reader: Reader, quote: Quote) -> CompanyBrand | None:
    """The brand that was chosen, None for the default; the one it has where the form has no such field."""
    if not reader.has("brand"):
        return quote.brand
    chosen = reader.raw("brand")
    if not chosen:
        return None
    found = of_quote.held(parse_id(chosen))
    if found is None:
        reader.fail("brand", "This brand was deleted. Choose another one.")
    return found


def seen(quote: Quote) -> str:
    """The ``seen`` of the header's form (``core.merge``)."""
    return merge.seen({name: getattr(quote, name) for name in FIELDS})


@steps.undoable
def set_customer(
    actor: User,
    quote_id: int,
    *,
    person: Person | None,
    organization: Organization | None = None,
    contact_id: int | None = None,
) -> Quote:
    """Change the customer of the quote."""
    quote = lock_editable(quote_id)
    quote.person = person
    quote.organization = organization or (person.organization if person else None)
    quote.autotask_contact_id = contact_id
    label = person.full_name if person else (organization.name if organization else "")
    diary.write(actor, "quote.customer_changed", "quote", quote.id, customer=label)
    return quote


@steps.undoable
def set_opportunity(actor: User, quote_id: int, opportunity: tuple[int, str] | None) -> Quote:
    """Link the quote to an existing Autotask opportunity (id, title), or (None) let the push find or create it."""
    quote = lock_editable(quote_id)
    quote.autotask_opportunity_id = opportunity[0] if opportunity else None
    quote.autotask_opportunity_title = opportunity[1][:200] if opportunity else ""
    diary.write(
        actor, "quote.opportunity_chosen", "quote", quote.id, opportunity=quote.autotask_opportunity_id
    )
    return quote


@steps.undoable
def discard_changes(actor: User, quote_id: int) -> Quote:
    """Reset the draft to the published revision. Raises Invalid when the quote was never published or edited."""
    quote = lock_editable(quote_id)
    snapshot, revision = freezing.live(quote), quote.current_revision
    if snapshot is None or revision is None:
        raise Invalid("This quote hasn't been published, so there is nothing to go back to.")
    if freezing.has_changes(quote, revision) and not freezing.has_edits(quote, revision):
        raise Invalid(
            f"There's nothing to discard: nobody edited this quote since revision {revision.number}. What changed are "
            "details of the customer or your company, or a tax rate. Publish to show the customer the new ones."
        )
    freezing.restore(quote, snapshot)
    diary.write(actor, "quote.changes_discarded", "quote", quote.id, revision=snapshot.revision)
    return quote


@work.command
def delete_draft(actor: User, quote_id: int) -> None:
    """Delete a quote that was never published. Raises Invalid with a sentence for a published quote."""
    quote = lock(quote_id)
    if quote.number is not None:
        raise Invalid(f"Quote {quote.number} was published, so it can't be deleted. Mark it as lost instead.")
    diary.write(actor, "quote.deleted", "quote", quote.id, title=quote.title)
    db.session.delete(quote)
