"""The quote's organization as an Autotask company, and how to match it. Pure."""

from __future__ import annotations

from typing import Any

from webapp.models import local_key
from webapp.services.autotask.wanted import keys, user_defined
from webapp.services.autotask.wanted.context import Context, Notes, given
from webapp.services.autotask.wanted.desired import DesiredRecord
from webapp.services.autotask.wanted.locations import address_fields


def company(context: Context, notes: Notes, owner: int | None) -> DesiredRecord | None:
    """The desired company; None, with a problem, for a quote without an organization."""
    organization, chosen = context.frozen.organization, context.settings.company
    if organization is None:
        notes.problem(
            "The quote has no organization. An Autotask opportunity needs one.", "quote", "customer"
        )
        return None
    phone = _phone(context, notes)
    texts = {"webAddress": organization.website, **address_fields(organization.billing)}
    details: dict[str, Any] = {
        name: context.text("Companies", name, text) for name, text in texts.items() if text
    }
    if organization.phone:
        details["phone"] = phone
    country = context.facts.country(organization.billing.country)
    if country:
        details["countryID"] = country
    elif organization.billing.country:
        notes.warn(
            f"This Autotask has no country “{organization.billing.country}”, so the company's country isn't synced."
        )
    initial = {
        "companyName": context.text("Companies", "companyName", organization.name),
        "companyType": chosen.company_type,
        "ownerResourceID": chosen.owner_resource_id or owner,
        "classification": chosen.classification,
        "isActive": True,
        **details,
        **user_defined.fields(context, chosen.company_udfs),
        # Autotask takes no new company without one.
        "phone": phone or None,
    }
    return DesiredRecord(
        key=keys.COMPANY,
        entity="Companies",
        local=local_key.organization(organization.id),
        title=organization.name,
        fields=details if chosen.update_policy == "overwrite" else {},
        initial=given(initial),
        fill=details if chosen.update_policy == "fill_empty" else {},
        where=f"the company “{organization.name}”",
    )


def _phone(context: Context, notes: Notes) -> str:
    """The organization's phone, or for a new company the person's, which is said; empty without any."""
    person, organization = context.frozen.person, context.frozen.organization
    if organization is not None and organization.phone:
        place = ("organization", str(organization.id))
        return context.number(notes, "Companies", "phone", organization.phone, place)
    if organization is None or person is None or not (person.phone or person.mobile):
        return ""
    name, phone = f"{person.first_name} {person.last_name}".strip(), person.phone or person.mobile
    notes.warn(
        f"{organization.name} has no phone number, and Autotask requires one for new companies. A new company gets "
        f"the number of {name}, {phone}."
    )
    return context.number(notes, "Companies", "phone", phone, ("person", str(person.id)))


def company_match(context: Context) -> dict[str, Any]:
    """What an existing company is matched by; empty for a quote without an organization."""
    organization, chosen = context.frozen.organization, context.settings.company
    if organization is None:
        return {}
    return {
        "name": organization.name,
        "normalized": chosen.match_by == "name_normalized",
        "phone": organization.phone if chosen.also_phone else "",
        "website": organization.website if chosen.also_website else "",
    }
