"""Freeze a draft as a snapshot, and restore a draft from one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from webapp.models import (
    Category,
    CompanyBrand,
    Item,
    Organization,
    Person,
    Quote,
    QuoteLine,
    QuoteSection,
    Revision,
    TaxCode,
    db,
    utc_now,
)
from webapp.models.line import WHOLE
from webapp.services.catalog import pictures
from webapp.services.company import app_settings, place
from webapp.services.company.brand import brand, of_quote
from webapp.services.core import records
from webapp.services.quoting.revisions import former_ids, parts, quantities
from webapp.services.quoting.revisions.snapshot import (
    Address,
    FrozenLine,
    FrozenOrganization,
    FrozenPerson,
    FrozenSection,
    Seller,
    Snapshot,
)

# What a snapshot takes from the quote's and the line's own columns, under the same names.
HEADER = tuple(name for name in Snapshot.model_fields if name in Quote.__table__.columns and name != "number")
CHOICE = ("is_optional", "is_selected")
LINE = tuple(
    name for name in FrozenLine.model_fields if name in QuoteLine.__table__.columns and name not in CHOICE
)
# Newly frozen with the next revision, but no change of the offer: brand, where the company is, who owns the quote.
NO_CHANGE = ("brand", "place", "owner_name", "owner_email")
# Of lines: dates, the item's image, and what follows from the other fields and a setting of the company: no change
# either.
FOLLOWING = {"price_date": None, "cost_date": None, "quantity_prices": "", "image": ""}
# How the customer is reached is no part of the offer: a push takes today's (``push.prepare``).
REACHED = {"organization": ("phone",), "person": ("phone", "mobile")}
# What a draft shows of other records as they are now. Nobody edited it in the quote.
OF_RECORDS = {"parent_category_id": None, "category_path": "", "tax_name": "", "tax_rate": Decimal(0)}
# Records that may be gone when the draft is reset.
REFERENCES = ("item_id", "category_id", "tax_code_id", "brand_id")


def freeze(quote: Quote, *, number: int, revision: int, published_at: datetime) -> Snapshot:
    """The draft as a snapshot, with the current customer, seller and tax data."""
    profile, _ = app_settings.get(app_settings.COMPANY_PROFILE)
    images = pictures.of_items([line.item_id for line in quote.lines if line.item_id is not None])
    chosen = quote.brand or brand.default()
    profile = brand.seller(profile, brand.fields_of(chosen) if chosen else None)
    organization = quote.organization or (quote.person.organization if quote.person else None)
    return Snapshot(
        quote_id=quote.id,
        number=number,
        revision=revision,
        published_at=published_at,
        owner_name=quote.owner.name,
        owner_email=quote.owner.email,
        seller=Seller(**{name: str(profile.get(name, "")) for name in Seller.model_fields}),
        brand=brand.of_record(chosen),
        place=place.of_company(),
        tax_rounding=str(profile["tax_rounding"]),
        terms=str(profile.get("terms", "")),
        organization=_organization(organization) if organization else None,
        person=_person(quote.person) if quote.person else None,
        sections=tuple(
            FrozenSection(**{name: getattr(section, name) for name in FrozenSection.model_fields})
            for section in quote.sections
        ),
        lines=tuple(_line(line, images.get(line.item_id or 0, "")) for line in quote.lines),
        **{name: getattr(quote, name) for name in HEADER},
    )


def live(quote: Quote) -> Snapshot | None:
    """The newest revision, which the customer sees; None when the quote was never published."""
    revision = quote.current_revision
    return former_ids.read(revision) if revision else None


def has_changes(quote: Quote, revision: Revision) -> bool:
    """True when the draft differs from ``revision`` in what is offered."""
    return _differ(quote, revision, _offered)


def has_edits(quote: Quote, revision: Revision) -> bool:
    """True when the draft itself was edited since ``revision``: what discarding takes back.

    A new address of the customer, a new tax rate or new terms of the company is a change of the offer and no edit.
    """
    return _differ(quote, revision, _own)


def _differ(quote: Quote, revision: Revision, compared: Callable[[Snapshot], Snapshot]) -> bool:
    before = former_ids.read(revision)
    now = freeze(quote, number=before.number, revision=before.revision, published_at=before.published_at)
    # Compared as read, so that a field that later versions added isn't a change of every older quote.
    same = {name: getattr(before, name) for name in NO_CHANGE}
    if now.brand_id is None and records.find(CompanyBrand, before.brand_id) is None:
        # Its brand was deleted while it was answered; that is no choice of the rep.
        same["brand_id"] = before.brand_id
    return compared(now.model_copy(update=same)) != compared(before)


def _offered(snapshot: Snapshot) -> Snapshot:
    """Without what follows: a price that was only confirmed is the same offer, and so is one that was published with
    another price ending of the company, or whose customer has another phone number.
    """
    update: dict[str, object] = {"lines": tuple(line.model_copy(update=FOLLOWING) for line in snapshot.lines)}
    for name, fields in REACHED.items():
        customer = getattr(snapshot, name)
        if customer is not None:
            update[name] = customer.model_copy(update=dict.fromkeys(fields, ""))
    return snapshot.model_copy(update=update)


def _own(snapshot: Snapshot) -> Snapshot:
    """Of other records only which they are."""
    organization, person = snapshot.organization, snapshot.person
    update = {
        "seller": Seller(),
        "terms": "",
        "tax_rounding": "",
        "organization": FrozenOrganization(id=organization.id, name="") if organization else None,
        "person": FrozenPerson(id=person.id, first_name="", last_name="") if person else None,
        "lines": tuple(_own_line(line.model_copy(update=FOLLOWING)) for line in snapshot.lines),
    }
    return snapshot.model_copy(update=update)


def _own_line(line: FrozenLine) -> FrozenLine:
    return line.model_copy(update={**OF_RECORDS, "parts": tuple(map(_own_line, line.parts))})


def restore(quote: Quote, snapshot: Snapshot) -> None:
    """Reset the draft to ``snapshot``, in the open transaction.

    References to deleted items, categories, tax codes and brands become empty.
    """
    # Written when all is in place: a section can't go before its lines do.
    with db.session.no_autoflush:
        _restore(quote, snapshot)


def _restore(quote: Quote, snapshot: Snapshot) -> None:
    if quote.autotask_opportunity_id != snapshot.autotask_opportunity_id:
        quote.autotask_opportunity_title = ""
    for name in HEADER:
        if name not in REFERENCES:
            setattr(quote, name, getattr(snapshot, name))
    quote.brand = of_quote.held(snapshot.brand_id)
    quote.organization = records.find(
        Organization, snapshot.organization.id if snapshot.organization else None
    )
    quote.person = records.find(Person, snapshot.person.id if snapshot.person else None)
    # Where only lines are reset, the quote has changed too.
    quote.updated_at = utc_now()
    sections = _restored_sections(quote, snapshot)
    present = {line.uid: line for line in quote.lines}
    lines = []
    for position, frozen in enumerate(snapshot.lines):
        line = present.get(frozen.uid) or QuoteLine()
        for name in LINE:
            if name not in REFERENCES:
                setattr(line, name, getattr(frozen, name))
        line.stored_parts = parts.stored(frozen.parts)
        line.item_id = frozen.item_id if records.find(Item, frozen.item_id) else None
        line.category = records.find(Category, frozen.category_id)
        line.tax_code = records.find(TaxCode, frozen.tax_code_id)
        line.section = sections.get(frozen.section_uid)
        follows = line.section is not None and line.section.choice == WHOLE
        line.is_optional, line.is_selected = (
            (False, False) if follows else (frozen.is_optional, frozen.is_selected)
        )
        line.position = position
        lines.append(line)
    quote.lines = lines


def _restored_sections(quote: Quote, snapshot: Snapshot) -> dict[str, QuoteSection]:
    present = {section.uid: section for section in quote.sections}
    restored = {}
    for position, frozen in enumerate(snapshot.sections):
        section = present.get(frozen.uid) or QuoteSection()
        for name in FrozenSection.model_fields:
            setattr(section, name, getattr(frozen, name))
        section.position = position
        restored[frozen.uid] = section
    quote.sections = list(restored.values())
    return restored


def _organization(organization: Organization) -> FrozenOrganization:
    return FrozenOrganization(
        id=organization.id,
        name=organization.name,
        phone=organization.phone,
        website=organization.website,
        billing=_address(organization, "billing"),
        shipping=_address(organization, "shipping"),
    )


def _address(organization: Organization, kind: str) -> Address:
    return Address(**{name: getattr(organization, f"{kind}_{name}") for name in Address.model_fields})


def _person(person: Person) -> FrozenPerson:
    return FrozenPerson(**{name: getattr(person, name) for name in FrozenPerson.model_fields})


def _line(line: QuoteLine, image: str) -> FrozenLine:
    optional, selected = line.choice
    return FrozenLine(
        section_uid=line.section_uid,
        is_optional=optional,
        is_selected=selected,
        parent_category_id=line.category.parent_id if line.category else None,
        category_path=line.category.path if line.category else "",
        tax_name=line.tax_code.name if line.tax_code else "",
        tax_rate=line.tax_code.rate if line.tax_code else Decimal(0),
        parts=parts.frozen(line),
        image=image,
        quantity_prices=quantities.prices_of(line, line.quote.currency),
        **{name: getattr(line, name) for name in LINE},
    )
