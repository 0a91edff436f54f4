"""Copying Autotask records into Quotewright while a rep works, or a sentence about why it can't be done.

Owns its transactions: no transaction is open while Autotask is asked; what came back is stored in a unit of work.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, TypeVar

from webapp.models import Base, Item, Link, Organization, Person, User, db, local_key
from webapp.models.integration import AUTOTASK
from webapp.models.local_key import LocalKey
from webapp.services.autotask.api.client import Client
from webapp.services.autotask.connection import connection
from webapp.services.autotask.desk import lookup
from webapp.services.autotask.desk.lookup import CatalogHit, ContactHit, OpportunityHit
from webapp.services.catalog import bundles, categories, dates, price_rules, rich_text, terms
from webapp.services.catalog.items import MAX_DESCRIPTION, MAX_PRICE
from webapp.services.company import currencies, place
from webapp.services.core import records, work
from webapp.services.core.errors import Conflict, NotFound, ServiceError
from webapp.services.core.fields import clean_text
from webapp.services.core.runtime import Runtime
from webapp.services.diary import diary
from webapp.services.people import directory
from webapp.services.quoting.money import prices
from webapp.services.quoting.money.money import to_unit

Hit = TypeVar("Hit")
Record = TypeVar("Record", bound=Base)
GONE = "This record is no longer in Autotask. Search again."


@dataclass(frozen=True)
class Answer(Generic[Hit]):
    """The result of a live search. ``sentence``: why there is none; empty when Autotask responded."""

    hits: list[Hit]
    sentence: str = ""


def contacts(runtime: Runtime, text: str) -> Answer[ContactHit]:
    """Search contacts and their companies."""
    return _search(runtime, lambda client: lookup.contacts(client, text))


def opportunities(runtime: Runtime, text: str, company_id: int | None = None) -> Answer[OpportunityHit]:
    """Search Active opportunities that close in the future, of one company if it is given."""
    return _search(
        runtime, lambda client: lookup.opportunities(runtime, client, company_id, text, place.today())
    )


def search_catalog(runtime: Runtime, text: str) -> Answer[CatalogHit]:
    """Search products, services and bundles."""
    return _search(runtime, lambda client: lookup.catalog(runtime, client, text))


def company_id_of(organization: Organization | None) -> int | None:
    """The Autotask company that an organization is linked to."""
    if organization is None:
        return None
    link = _link_of(local_key.organization(organization.id), "Companies")
    return link.remote_id if link is not None else None


def contact(runtime: Runtime, actor: User, contact_id: int) -> Person:
    """The person for an Autotask contact: the linked person, else one with its email and company, else a new person.

    Raises ServiceError with a sentence when Autotask can't be reached or has no such contact.
    """
    hit = _fetch(runtime, lambda client: lookup.contact(runtime, client, contact_id))
    with work.unit():
        organization = _organization(actor, hit)
        person = _linked(Person, local_key.PERSON, "Contacts", hit.contact_id) or _same_email(
            hit, organization
        )
        if person is None:
            person = Person(
                first_name=_cut(hit.first_name, 50),
                last_name=_cut(hit.last_name, 50),
                email=_cut(hit.email.lower(), 254),
                title=_cut(hit.title, 50),
                phone=_cut(hit.phone, 40),
                organization=organization,
            )
            db.session.add(person)
            db.session.flush()
            diary.write(actor, "person.pulled", "person", person.id, contact=hit.contact_id)
        elif person.organization is None:
            person.organization = organization
        _link(local_key.person(person.id), "Contacts", hit.contact_id, hit.company_id)
    return person


def company(runtime: Runtime, actor: User, company_id: int) -> Organization:
    """The organization for an Autotask company. Raises ServiceError like ``contact``."""
    hit = _fetch(runtime, lambda client: lookup.company(runtime, client, company_id))
    with work.unit():
        return _organization(actor, hit)


def customer(
    runtime: Runtime, actor: User, hit: OpportunityHit
) -> tuple[Person, None] | tuple[None, Organization]:
    """The customer of an opportunity: its contact if they are still in Autotask and of its company, else its company.

    Raises ServiceError like ``contact``.
    """
    if hit.contact_id is not None:
        try:
            person = contact(runtime, actor, hit.contact_id)
        except NotFound:
            pass
        else:
            # Here they may belong to the company that they left.
            if company_id_of(person.organization) == hit.company_id:
                return person, None
    return None, company(runtime, actor, hit.company_id)


def opportunity(runtime: Runtime, opportunity_id: int) -> OpportunityHit:
    """An opportunity that can be chosen. Raises ServiceError with a sentence when it is closed, overdue or deleted."""
    return _fetch(
        runtime,
        lambda client: lookup.opportunity(runtime, client, opportunity_id, place.today()),
        "This opportunity is no longer Active with a future close date. Choose another, or create a new opportunity "
        "instead.",
    )


def item(runtime: Runtime, actor: User, entity: str, record_id: int) -> Item:
    """The library item for a product, service or bundle, updated from Autotask.

    Its product category becomes our category and subcategory. Raises ServiceError with a sentence.
    """
    hit = _fetch(runtime, lambda client: lookup.catalog_record(runtime, client, entity, record_id))
    with work.unit():
        query = (
            db.select(Item).filter_by(origin_entity=entity, origin_id=record_id).order_by(Item.id).limit(1)
        )
        existing = db.session.scalar(query)
        record = existing or Item(origin_entity=entity, origin_id=record_id)
        record.name = _cut(hit.name, 200) or f"{entity} {record_id}"
        before = dates.amounts(record) if existing else {}
        record.description = clean_text(hit.description)[:MAX_DESCRIPTION]
        record.markdown = rich_text.escaped(record.description)
        record.sku, record.mpn = _cut(hit.sku, 100), _cut(hit.mpn, 100)
        record.manufacturer = _cut(hit.manufacturer, 100)
        record.unit_price, record.unit_cost = _money(hit.unit_price), _money(hit.unit_cost)
        # Where a margin leads here, the price follows the cost that was pulled, and Autotask's price isn't taken.
        is_led = record.price_rule in price_rules.DERIVED and record.unit_cost
        record.price_rule = record.price_rule if is_led else prices.FIXED
        price_rules.follow(record, {}, currencies.of_company())
        dates.follow(record, before)
        record.recurrence = hit.recurrence
        terms.of_item(record)
        if hit.category:
            record.category = categories.ensure(hit.category)
        db.session.add(record)
        db.session.flush()
        bundles.follow(record)
        diary.write(actor, "item.pulled", "item", record.id, entity=entity, remote_id=record_id)
    return record


def _search(runtime: Runtime, ask: Callable[[Client], list[Hit]]) -> Answer[Hit]:
    try:
        return Answer(_ask(runtime, ask))
    except ServiceError as error:
        return Answer([], str(error))


def _fetch(runtime: Runtime, ask: Callable[[Client], Hit | None], missing: str = GONE) -> Hit:
    hit = _ask(runtime, ask)
    if hit is None:
        raise NotFound(missing)
    return hit


def _ask(runtime: Runtime, ask: Callable[[Client], Hit]) -> Hit:
    """Call Autotask with no transaction open, so that no one waits for the database during the call."""
    client = connection.open_client(runtime)
    db.session.rollback()
    try:
        return ask(client)
    finally:
        db.session.rollback()


def _organization(actor: User, hit: ContactHit) -> Organization:
    """The linked organization, else the one with this name that is no other company's, else a new one."""
    organization = _linked(Organization, local_key.ORGANIZATION, "Companies", hit.company_id)
    name = _cut(hit.company_name, 200) or f"Autotask company {hit.company_id}"
    if organization is None:
        try:
            organization = directory.organization_named(name)
        except Conflict:
            organization = None  # several organizations have this name, so a guess could be wrong
    if company_id_of(organization) not in (None, hit.company_id):
        organization = None  # Autotask has another company with this name, and it is that one
    if organization is None:
        organization = Organization(
            name=name,
            phone=_cut(hit.company_phone, 40),
            website=_cut(hit.website, 255),
            billing_line1=_cut(hit.address1, 128),
            billing_line2=_cut(hit.address2, 128),
            billing_city=_cut(hit.city, 50),
            billing_state=_cut(hit.state, 50),
            billing_postal_code=_cut(hit.postal_code, 20),
            billing_country=_cut(hit.country, 100),
        )
        db.session.add(organization)
        db.session.flush()
        diary.write(actor, "organization.pulled", "organization", organization.id, company=hit.company_id)
    _link(local_key.organization(organization.id), "Companies", hit.company_id, None)
    return organization


def _link_of(local: LocalKey, entity: str) -> Link | None:
    query = db.select(Link).filter_by(
        integration=AUTOTASK, local_type=local.kind, local_id=local.stored_id, remote_entity=entity
    )
    return db.session.scalars(query).first()


def _linked(model: type[Record], local_type: str, entity: str, remote_id: int) -> Record | None:
    query = db.select(Link).filter_by(
        integration=AUTOTASK, local_type=local_type, remote_entity=entity, remote_id=remote_id
    )
    for link in db.session.scalars(query.order_by(Link.id)):
        record = records.find(model, link.local.number)
        if record is not None:
            return record
    return None


def _same_email(hit: ContactHit, organization: Organization) -> Person | None:
    """The person with the contact's email in this organization, else one with the email and no organization.

    A person in a different organization doesn't match: their quotes would go to a different company. Nor does one who
    is another contact already: the two share a mailbox.
    """
    if not hit.email:
        return None
    others = db.select(Link.id).where(
        Link.integration == AUTOTASK,
        Link.local_type == local_key.PERSON,
        Link.remote_entity == "Contacts",
        Link.local_id == db.cast(Person.id, db.String),
    )
    query = db.select(Person).where(db.func.lower(Person.email) == hit.email.lower(), ~others.exists())
    query = query.order_by(Person.id)
    people = list(db.session.scalars(query))
    colleagues = [person for person in people if person.organization_id == organization.id]
    return next(iter(colleagues or [person for person in people if person.organization_id is None]), None)


def _link(local: LocalKey, entity: str, remote_id: int, parent_id: int | None) -> None:
    """Link our record to the remote record; an existing link stays."""
    if _link_of(local, entity) is None:
        db.session.add(
            Link(local=local, remote_entity=entity, remote_id=remote_id, remote_parent_id=parent_id)
        )


def _cut(text: str, limit: int) -> str:
    return " ".join(clean_text(text).split())[:limit]


def _money(amount: Decimal) -> Decimal:
    """The amount as a price field takes it: at least 0, with four decimals."""
    return to_unit(min(max(amount, Decimal(0)), MAX_PRICE))
