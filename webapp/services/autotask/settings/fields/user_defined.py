"""A control for each of Autotask's user-defined fields, in the section of the record that has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webapp.services.autotask.connection import metadata
from webapp.services.autotask.settings.fields.field import FormField
from webapp.services.autotask.settings.model import udf_key, udf_name

# By section: the setting, its entity, and how one of its records is called.
SETTINGS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "company": (("company_udfs", "Companies", "companies"), ("contact_udfs", "Contacts", "contacts")),
    "opportunity": (("opportunity_udfs", "Opportunities", "opportunities"),),
    "products_services": (("product_udfs", "Products", "products"),),
}
# What has no control, since Autotask has no such field.
GONE = "gone-"
HELP = "A fixed text, or {number}, {title}, {organization}, {person} of the quote."


def fields(section: str) -> tuple[FormField, ...]:
    """The controls of ``section``; none while Autotask's lists were never read."""
    return tuple(
        _field(setting, records, entry)
        for setting, entity, records in SETTINGS.get(section, ())
        for entry in metadata.user_defined_fields(entity)
    )


def gone(section: str, document: Mapping[str, Any]) -> dict[str, str]:
    """A sentence for each stored value whose field Autotask no longer has, by a name that no control has."""
    sentences = {}
    for setting, entity, records in SETTINGS.get(section, ()):
        known = metadata.known_user_defined_fields(entity)
        if known is None:
            continue
        there = {udf_key(str(entry["name"])) for entry in known}
        for key, value in document[setting].items():
            if key not in there:
                sentences[f"{GONE}{setting}-{key}"] = (
                    f"Autotask no longer has the user-defined field “{udf_name(key)}” of {records}. It may have "
                    f"another name now. Its value here is “{value}”. Saving this section drops it."
                )
    return sentences


def is_user_defined(name: str) -> bool:
    """True for the name of such a control."""
    return name.partition("-")[0] in {setting for rows in SETTINGS.values() for setting, _, _ in rows}


def _field(setting: str, records: str, entry: Mapping[str, Any]) -> FormField:
    name, label = f"{setting}-{udf_key(str(entry['name']))}", str(entry.get("label") or entry["name"])
    required = (
        f"Enter a value. Autotask requires “{label}” for new {records}." if entry.get("isRequired") else ""
    )
    offered = [choice for choice in entry.get("picklistValues") or [] if choice.get("isActive") is not False]
    if entry.get("isPickList") and offered:
        options = tuple(
            (str(choice["value"]), str(choice.get("label") or choice["value"])) for choice in offered
        )
        return FormField(
            name, f"{label} (new {records})", "fixed", options=(("", "Not set"), *options), required=required
        )
    return FormField(name, f"{label} (new {records})", "text", pattern=True, help=HELP, required=required)
