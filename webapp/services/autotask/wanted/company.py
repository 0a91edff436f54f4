"""The quote's organization as an Autotask company, and how to match it. Pure."""

from __future__ import annotations

from typing import Any

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
    phone = organization.phone or _phone_of_person(context, notes)
    texts = {
        "phone": organization.phone,
        "webAddress": organization.website,
        **address_fields(organization.billing),
    }
    details: dict[str, Any] = {
        name: context.text("Companies", name, text) for name, text in texts.items() if text
    }
    country = context.facts.countries.get(organization.billing.country.strip().lower())
    if country:
        details["countryID"] = country
    initial = {
        "companyName": context.text("Companies", "companyName", organization.name),
        "companyType": chosen.company_type,
        "ownerResourceID": chosen.owner_resource_id or owner,
        "classification": chosen.classification,
        "isActive": True,
        **details,
    }
    if phone:
        # Autotask takes no new company without one.
        initial["phone"] = context.text("Companies", "phone", phone)
    return DesiredRecord(
        key="company",
        entity="Companies",
        local=("organization", str(organization.id)),
        title=organization.name,
        fields=details if chosen.update_policy == "overwrite" else {},
        initial=given(initial),
        fill=details if chosen.update_policy == "fill_empty" else {},
        where=f"the company “{organization.name}”",
    )


def _phone_of_person(context: Context, notes: Notes) -> str:
    """The person's phone, for a new company whose organization has none; says so."""
    person, organization = context.frozen.person, context.frozen.organization
    phone = (person.phone or person.mobile) if person is not None else ""
    if phone and person is not None and organization is not None:
        name = f"{person.first_name} {person.last_name}".strip()
        notes.warn(
            f"{organization.name} has no phone number, and Autotask requires one for new companies. A new company gets "
            f"the number of {name}, {phone}."
        )
    return phone


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
