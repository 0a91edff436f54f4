"""The quote's person as an Autotask contact. Pure."""

from __future__ import annotations

from webapp.models import local_key
from webapp.services.autotask.wanted import keys, user_defined
from webapp.services.autotask.wanted.context import Context, Notes
from webapp.services.autotask.wanted.desired import DesiredRecord, Ref
from webapp.services.core import phones


def contact(context: Context, notes: Notes) -> DesiredRecord | None:
    """The desired contact; None for a quote without a person."""
    person = context.frozen.person
    if person is None:
        return None
    texts = {"title": person.title, "emailAddress": person.email}
    where = ("person", str(person.id))
    number, extension = phones.split(person.phone)
    numbers = {"phone": number, "extension": extension, "mobilePhone": person.mobile}
    details = {
        **{
            name: context.number(notes, "Contacts", name, text, where)
            for name, text in numbers.items()
            if text
        },
        **{name: context.text("Contacts", name, text) for name, text in texts.items() if text},
    }
    initial = {
        "firstName": context.text("Contacts", "firstName", person.first_name) or "–",
        "lastName": context.text("Contacts", "lastName", person.last_name) or "–",
        "isActive": 1,
        "companyID": Ref(keys.COMPANY),
        **details,
        **user_defined.fields(context, context.settings.company.contact_udfs),
    }
    # Contacts are matched by email address, so an existing contact keeps its own.
    updated = {name: value for name, value in details.items() if name != "emailAddress"}
    policy = context.settings.company.update_policy
    name = f"{person.first_name} {person.last_name}".strip()
    return DesiredRecord(
        key=keys.CONTACT,
        entity="Contacts",
        local=local_key.person(person.id),
        title=name,
        fields=updated if policy == "overwrite" else {},
        initial=initial,
        fill=updated if policy == "fill_empty" else {},
        parent=keys.COMPANY,
        chosen_id=context.frozen.autotask_contact_id,
        where=f"the contact “{name}”",
    )
