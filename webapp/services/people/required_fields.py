"""Settings > Required Fields: the fields that must be filled in before a quote is published.

The person and organization forms require them too. Whatever the settings say, a quote needs a person or an
organization, a title and at least one line (see ``quoting.draft.readiness``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from webapp.models import Organization, Person, Quote, User
from webapp.services.company import app_settings
from webapp.services.core import merge, work
from webapp.services.core.errors import Invalid
from webapp.services.core.merge import Values

PERSON = "Person"
ORGANIZATION = "Organization"
QUOTE = "Quote"


@dataclass(frozen=True)
class RequiredField:
    """A field that an admin can require. ``sentence`` is shown next to it when it is empty."""

    name: str
    group: str
    label: str
    sentence: str


FIELDS = (
    RequiredField("first_name", PERSON, "First name", "Enter the first name."),
    RequiredField("last_name", PERSON, "Last name", "Enter the last name."),
    RequiredField("email", PERSON, "Email", "Enter the email."),
    RequiredField("organization", PERSON, "Organization", "Enter the organization the person works for."),
    RequiredField("phone", PERSON, "Phone (person or organization)", "Enter a phone number."),
    RequiredField("title", PERSON, "Job title", "Enter the job title."),
    RequiredField("mobile", PERSON, "Mobile phone", "Enter the mobile phone number."),
    RequiredField("website", ORGANIZATION, "Website", "Enter the website."),
    RequiredField(
        "billing_address",
        ORGANIZATION,
        "Billing address",
        "Enter the street and city of the billing address.",
    ),
    RequiredField("expires_on", QUOTE, "Expiration date", "Choose an expiration date."),
    RequiredField("purchase_order_number", QUOTE, "Customer PO number", "Enter the customer's PO number."),
)
BY_NAME = {item.name: item for item in FIELDS}
# Every Autotask opportunity needs a company with a phone number.
RECOMMENDED_FOR_AUTOTASK = ("organization", "phone")


def current() -> tuple[frozenset[str], int]:
    """The names of the required fields, and the version of the setting."""
    value, version = app_settings.get(app_settings.REQUIRED_FIELDS)
    return frozenset(name for name in value["fields"] if name in BY_NAME), version


def seen() -> str:
    """The ``seen`` of the form (``core.merge``)."""
    return merge.seen(_boxes({"fields": current()[0]}))


@work.command
def save(actor: User | None, names: Iterable[str], form: Values | None = None) -> None:
    """Require exactly ``names``, merged with what another admin changed since ``form`` was opened (``core.merge``).

    Raises Invalid for an unknown name.
    """
    wanted = set(names)
    unknown = wanted - BY_NAME.keys()
    if unknown:
        raise Invalid(f"There is no field called {sorted(unknown)[0]}, so nothing was saved.")
    key = app_settings.REQUIRED_FIELDS
    boxes, _, version = app_settings.merged(key, actor, form or {}, _boxes({"fields": wanted}), _boxes)
    ordered = [item.name for item in FIELDS if boxes[item.name]]
    app_settings.put(key, {"fields": ordered}, version, actor)


def _boxes(document: Mapping[str, Any]) -> dict[str, bool]:
    return {item.name: item.name in document["fields"] for item in FIELDS}


def advice(autotask_connected: bool) -> list[str]:
    """The recommended fields that aren't required yet."""
    required, _ = current()
    return [name for name in RECOMMENDED_FOR_AUTOTASK if autotask_connected and name not in required]


def needed_for_autotask(autotask_connected: bool) -> frozenset[str]:
    """What a new customer of a quote needs besides the required fields."""
    return frozenset(RECOMMENDED_FOR_AUTOTASK) if autotask_connected else frozenset()


def missing_of_person(person: Person, needed: frozenset[str] = frozenset()) -> dict[str, str]:
    """A sentence for each required field that is missing on ``person``. ``needed``: also required here."""
    organization = person.organization
    checks: dict[str, Callable[[], object]] = {
        "first_name": lambda: person.first_name,
        "last_name": lambda: person.last_name,
        "email": lambda: person.email,
        "organization": lambda: organization,
        "phone": lambda: person.phone or person.mobile or (organization and organization.phone),
        "title": lambda: person.title,
        "mobile": lambda: person.mobile,
    }
    return _missing(checks, needed)


def missing_of_organization(organization: Organization) -> dict[str, str]:
    """A sentence for each required field that is missing on ``organization``."""
    return _missing(
        {
            "website": lambda: organization.website,
            "billing_address": lambda: organization.billing_line1 and organization.billing_city,
        }
    )


def missing_of_quote(quote: Quote) -> list[str]:
    """A sentence for each required field that is missing on the quote, its person or its organization."""
    sentences: list[str] = []
    required, _ = current()
    if quote.person:
        problems = missing_of_person(quote.person)
        if quote.organization:
            # The quote may have an organization that the person's own record doesn't have.
            problems.pop("organization", None)
            if quote.organization.phone:
                problems.pop("phone", None)
        sentences += [f"{quote.person.full_name}: {BY_NAME[name].label} is missing." for name in problems]
    elif "organization" in required and quote.organization is None:
        sentences.append("Choose an organization for this quote.")
    organization = quote.organization or (quote.person.organization if quote.person else None)
    if organization:
        sentences += [
            f"{organization.name}: {BY_NAME[name].label} is missing."
            for name in missing_of_organization(organization)
        ]
        if "phone" in required and not quote.person and not organization.phone:
            sentences.append(f"{organization.name}: Phone is missing.")
    if "expires_on" in required and not quote.expires_on:
        sentences.append("Enter an expiration date.")
    if "purchase_order_number" in required and not quote.purchase_order_number:
        sentences.append("Enter the customer's PO number.")
    return sentences


def _missing(checks: dict[str, Callable[[], object]], needed: frozenset[str] = frozenset()) -> dict[str, str]:
    required = current()[0] | needed
    return {
        item.name: item.sentence
        for item in FIELDS
        if item.name in required and item.name in checks and not checks[item.name]()
    }
