"""Which controls each section has."""

from __future__ import annotations

from webapp.services.autotask.settings.fields import user_defined
from webapp.services.autotask.settings.fields.company import COMPANY
from webapp.services.autotask.settings.fields.field import FormField
from webapp.services.autotask.settings.fields.opportunity import OPPORTUNITY
from webapp.services.autotask.settings.fields.products_services import PRODUCTS_SERVICES
from webapp.services.autotask.settings.fields.quote_status import QUOTE_STATUS, loss_reason_field
from webapp.services.company import loss_reasons

FIELDS: dict[str, tuple[FormField, ...]] = {
    "company": COMPANY,
    "opportunity": OPPORTUNITY,
    "quote_status": QUOTE_STATUS,
    "products_services": PRODUCTS_SERVICES,
}


def fields_of(section: str) -> tuple[FormField, ...]:
    """A section's controls, with one for each of our loss reasons and of Autotask's user-defined fields.

    None for the two mappings with rows of their own.
    """
    fields = (*FIELDS.get(section, ()), *user_defined.fields(section))
    if section != "quote_status":
        return fields
    return (*fields, *(loss_reason_field(reason.id, reason.name) for reason in loss_reasons.current()[0]))
