"""People and organizations: search, add and change customers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from email_validator import EmailNotValidError, validate_email

from webapp.models import Organization, Person, Quote, User, db, names
from webapp.services.accounts import permissions
from webapp.services.core import addresses, lookup, merge, records, work
from webapp.services.core.errors import Conflict, Invalid
from webapp.services.core.fields import Reader, words
from webapp.services.diary import diary, merging
from webapp.services.people import required_fields

PAGE = 50
ADDRESS_PARTS = ("line1", "line2", "city", "state", "postal_code", "country")
ORGANIZATION_TEXTS = (
    "phone",
    "website",
    *(f"{kind}_{part}" for kind in ("billing", "shipping") for part in ADDRESS_PARTS),
)
PERSON_TEXTS = ("first_name", "last_name", "title", "phone", "mobile")
ORGANIZATION_FIELDS = ("name", *ORGANIZATION_TEXTS)
# What lists can be sorted by; each begins with a column that has an index.
BY_NAME = "name"
PEOPLE_SORTS = {BY_NAME: (Person.last_name, Person.first_name, Person.id), "email": (Person.email, Person.id)}
ORGANIZATION_SORTS = {BY_NAME: (Organization.name, Organization.id)}
PERSON_FIELDS = (*PERSON_TEXTS, "email", "organization")


def get_person(person_id: int) -> Person:
    """Raises NotFound with a sentence."""
    return records.get(Person, person_id, "This person no longer exists in Quotewright.")


def get_organization(organization_id: int) -> Organization:
    """Raises NotFound with a sentence."""
    return records.get(Organization, organization_id, "This organization no longer exists in Quotewright.")


def search_people(text: str, *, limit: int = PAGE, offset: int = 0, sort: str = BY_NAME) -> list[Person]:
    """People whose name, email, phone or organization contains every word of ``text``.

    ``sort``: a name of ``PEOPLE_SORTS``, with a minus in front the other way round.
    """
    query = (
        db.select(Person)
        .outerjoin(Person.organization)
        .options(db.contains_eager(Person.organization))
        .order_by(*_order(PEOPLE_SORTS, sort))
        .limit(limit)
        .offset(offset)
    )
    for word in words(text):
        query = query.where(lookup.has_word(word, Person.search_key, Organization.search_key))
    return list(db.session.scalars(query))


def search_organizations(
    text: str, *, limit: int = PAGE, offset: int = 0, sort: str = BY_NAME
) -> list[Organization]:
    """Organizations whose name, phone or city contains every word of ``text``, by name (``-name``: from the end)."""
    order = _order(ORGANIZATION_SORTS, sort)
    query = db.select(Organization).order_by(*order).limit(limit).offset(offset)
    for word in words(text):
        query = query.where(lookup.has_word(word, Organization.search_key))
    return list(db.session.scalars(query))


def organization_named(name: str) -> Organization | None:
    """The organization with this name, however it is written. Raises Conflict when there are several."""
    query = db.select(Organization).where(Organization.name_key == names.name_key(name)).limit(2)
    matches = list(db.session.scalars(query))
    if len(matches) > 1:
        raise Conflict(
            f"There are several organizations called “{name}”. Open the right one and add the person there."
        )
    return matches[0] if matches else None


def seen_organization(organization: Organization | None) -> str:
    """The ``seen`` of the organization's form (``core.merge``); empty for a new one."""
    names = ORGANIZATION_FIELDS if organization else ()
    return merge.seen({name: getattr(organization, name) for name in names})


def seen_person(person: Person | None) -> str:
    """The ``seen`` of the person's form (``core.merge``); empty for a new one."""
    return merge.seen({name: getattr(person, name) for name in PERSON_FIELDS}) if person else ""


@work.command
def save_organization(
    actor: User | None, organization: Organization | None, values: Mapping[str, object]
) -> Organization:
    """Add (None) or change an organization from form input.

    Raises Invalid with a sentence for each wrong field, or Conflict where someone else changed the same fields; stores
    nothing then.
    """
    reader = Reader(values)
    name = reader.text("name", 200, missing="Enter the organization's name.")
    texts = {field: reader.text(field, _limit(Organization, field)) for field in ORGANIZATION_TEXTS}
    _read_countries(reader, texts)
    # Autotask can have two companies of one name, which are two organizations here: each keeps its name.
    keeps_name = organization is not None and organization.name_key == names.name_key(name)
    if name and not keeps_name and _is_taken(name):
        reader.fail("name", "An organization with this name already exists.")
    filled = Organization(name=name, **texts)
    for field, sentence in required_fields.missing_of_organization(filled).items():
        reader.fail("billing_line1" if field == "billing_address" else field, sentence)
    reader.check()
    read: dict[str, object] = {"name": name, **texts}
    if organization is not None:
        read = merging.into(actor, organization, values, read, what="organization").values
    action = "organization.changed" if organization else "organization.created"
    organization = organization or Organization()
    for field, value in read.items():
        setattr(organization, field, value)
    db.session.add(organization)
    db.session.flush()
    diary.write(actor, action, "organization", organization.id, name=organization.name)
    return organization


@work.command
def save_person(
    actor: User | None,
    person: Person | None,
    values: Mapping[str, object],
    needed: frozenset[str] = frozenset(),
) -> Person:
    """Add (None) or change a person from form input.

    ``needed``: fields that are required besides those of the settings.
    ``organization`` is a name; an unknown name creates the organization, with ``organization_phone`` if given. Raises
    Invalid with a sentence for each wrong field, or Conflict where someone else changed the same fields; stores nothing
    then.
    """
    if person is not None and person.anonymized_at is not None:
        raise Invalid("This person was made anonymous, so nothing was changed. Add a new person instead.")
    reader = Reader(values)
    texts = {field: reader.text(field, _limit(Person, field)) for field in PERSON_TEXTS}
    email = _email(reader)
    if not (texts["first_name"] or texts["last_name"]):
        reader.fail("last_name", "Enter a name.")
    sharing = _with_email(email, person)
    if sharing is not None and not reader.flag("shares_email"):
        reader.fail(
            "email", f"{sharing.full_name} has this email too. If they share a mailbox, check the box below."
        )
    organization = _organization_for(reader, person)
    filled = Person(**texts, email=email)
    filled.organization = None
    for field, sentence in required_fields.missing_of_person(filled, needed).items():
        has_organization = organization is not None
        has_phone = bool(organization and organization.phone)
        if (field == "organization" and has_organization) or (field == "phone" and has_phone):
            continue
        reader.fail(field, sentence)
    reader.check()
    read: dict[str, object] = {**texts, "email": email, "organization": organization}
    if person is not None:
        read = merging.into(actor, person, values, read, what="person").values
    action = "person.changed" if person else "person.created"
    person = person or Person()
    for field_name, value in read.items():
        setattr(person, field_name, value)
    db.session.add(person)
    db.session.flush()
    diary.write(actor, action, "person", person.id, name=person.full_name)
    return person


def quotes_of(
    viewer: User, *, person: Person | None = None, organization: Organization | None = None, limit: int = 20
) -> list[Quote]:
    """The newest quotes of a customer that ``viewer`` may see."""
    query = permissions.visible(db.select(Quote), viewer).order_by(Quote.id.desc()).limit(limit)
    if person is not None:
        query = query.where(Quote.person_id == person.id)
    if organization is not None:
        query = query.where(Quote.organization_id == organization.id)
    return list(db.session.scalars(query))


def _order(sorts: Mapping[str, tuple[Any, ...]], sort: str) -> list[Any]:
    """The columns to order by; by name where the list has no such order."""
    columns = sorts.get(sort.removeprefix("-"), sorts[BY_NAME])
    return [column.desc() if sort.startswith("-") else column for column in columns]


def normalize_email(text: str) -> str:
    """The address in lower case. Raises ValueError with a sentence."""
    try:
        address = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError("Enter a valid email, like name@company.com.") from error
    return str(address.normalized).lower()


def _read_countries(reader: Reader, texts: dict[str, str]) -> None:
    """Countries by their English names, however they were typed."""
    for field in ("billing_country", "shipping_country"):
        code = addresses.country_code(texts[field])
        if code:
            texts[field] = addresses.country_name(code)
        elif texts[field]:
            likely = addresses.countries_like(texts[field])
            reader.fail(
                field,
                f"Did you mean {' or '.join(likely)}?"
                if likely
                else "Enter the country's English name or its code, for example United States or US.",
            )


def _email(reader: Reader) -> str:
    text = reader.text("email", 254)
    if not text or "email" in reader.errors:
        return text
    try:
        return normalize_email(text)
    except ValueError as error:
        reader.fail("email", str(error))
        return text


def _with_email(email: str, person: Person | None) -> Person | None:
    """Someone else with this email; None also when ``person`` has it already, so that it was agreed to before."""
    if not email or (person is not None and person.email == email):
        return None
    found: Person | None = db.session.scalar(
        db.select(Person).where(db.func.lower(Person.email) == email).order_by(Person.id).limit(1)
    )
    return found


def _is_taken(name: str) -> bool:
    query = db.select(Organization.id).where(Organization.name_key == names.name_key(name)).limit(1)
    return db.session.scalar(query) is not None


def _organization_for(reader: Reader, person: Person | None) -> Organization | None:
    """The organization with the name in the form, or a new one that isn't in the session yet.

    Where several have it, ``organization_id`` says which, or the person stays in the one that they are in.
    """
    name = reader.text("organization", 200)
    phone = reader.text("organization_phone", 40)
    if not name or "organization" in reader.errors:
        return None
    meant = records.find(Organization, reader.identifier("organization_id"))
    for known in (meant, person.organization if person else None):
        if known is not None and known.name_key == names.name_key(name):
            return known
    try:
        existing = organization_named(name)
    except Conflict as error:
        reader.fail("organization", str(error))
        return None
    if existing is not None:
        return existing
    new = Organization(name=name, phone=phone)
    if required_fields.missing_of_organization(new):
        reader.fail(
            "organization", "This is a new organization with required fields. Add it first, then the person."
        )
    return new


def _limit(model: type[Organization] | type[Person], field: str) -> int:
    length = getattr(model, field).type.length
    if not isinstance(length, int):
        raise Invalid(f"{field} has no length.")
    return length
