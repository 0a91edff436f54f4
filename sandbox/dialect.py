"""Dialects: what clients believe about Autotask without knowing it, each belief a switch that can be turned.

Nothing that reads Autotask may depend on one of them. The first value of a switch is how the sandbox speaks by default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.contract import Entity, Field

# Ids beyond 32 bits: Autotask says that they are of the type long.
HIGH_ID = 3_000_000_000

# Switch: its values, and what it is about.
SWITCHES: dict[str, tuple[tuple[str, ...], str]] = {
    "unexpectedError": (("short", "long"), "the sentence of an internal error, as in the fault 500"),
    "goneOnDelete": (("500", "404"), "the status of deleting a record that is gone, with its sentence"),
    "goneOnUpdate": (("404", "500"), "the status of an update of a record that is gone"),
    "noPermission": (("403", "500"), "the status without a permission"),
    "inactiveReference": (("refused", "accepted"), "whether a record may refer to one that is inactive"),
    "sameService": (("any", "twice"), "how often a quote may have the same service"),
    "impersonation": (
        ("allowed", "forbidden"),
        "whether the API user may write as another resource; the status and sentence of a refusal are unproven",
    ),
    "wrongCode": (("401", "500"), "the status of a wrong integration code"),
    "attachmentLimit": (("words", "digits"), "the sentence when too many attachments came in five minutes"),
    "paymentTerm": (
        ("reference", "picklist"),
        "what Quotes.paymentTerm is; as a picklist there are no PaymentTerms",
    ),
    "labels": (("standard", "other"), "the labels of item types, periods and other picklists"),
    "ids": (("standard", "high"), "where the ids of new records begin"),
    "readOnlyFields": (("shown", "missing"), "whether records have their read-only fields; ids always"),
    "maxRecords": (("page", "total"), "whether MaxRecords limits a page or all of a query"),
    "created": (("200", "201"), "the status of a create"),
    "keyOrder": (("contract", "reversed"), "the order of fields in a record"),
}

SENTENCES: dict[str, dict[str, str]] = {
    "unexpectedError": {
        "short": "An error occurred while processing your request.",
        "long": "An unexpected error has occurred. If the problem persists, please contact Autotask Support and "
        "reference Error ID: 4711.",
    },
    "goneOnDelete": {
        "404": "No matching records found in {entity} for id {number}.",
        "500": "No message. No matching records found. The logged in Resource may not have the required permissions to "
        "delete the data.",
    },
    "goneOnUpdate": {
        "404": "No matching records found in {entity} for id {number}.",
        "500": "No matching records found in {entity} for id {number}.",
    },
    "inactiveReference": {
        "refused": "Reference value on field: {field} of type: {kind} does not exist or is invalid.",
        "accepted": "",
    },
    "sameService": {"any": "", "twice": "A quote can have the service {number} at most twice."},
    "impersonation": {
        "allowed": "",
        "forbidden": "The logged in Resource does not have permission to impersonate the Resource {number}.",
    },
    "wrongCode": {
        "401": "The API integration code is invalid.",
        "500": "IntegrationCode is invalid.",
    },
    "attachmentLimit": {
        "words": "Attachments of more than {limit:,} bytes in five minutes are not accepted. "
        "Try again in five minutes.",
        "digits": "The attachment was refused: the {limit:,} bytes allowed within a 5 minute period are used up.",
    },
}

# The other labels, by the standard ones.
LABELS = {
    "One-Time": "One Time",
    "Semi-Annual": "Semi-Annually",
    "Yearly": "Annually",
    "Product": "Products",
    "Labor": "Labour",
    "Service": "Services",
    "Service Bundle": "Service Bundles",
    "Discount": "One-Time Discount",
    "All Autotask Users": "Everyone",
    "Internal Users Only": "Colleagues",
    "Material Cost Code": "Charge Code",
    "Recurring Contract Service Code": "Contract Service Code",
}

Dialect = Mapping[str, str]


def check(dialect: Mapping[str, Any]) -> None:
    """Raises ValueError with a sentence for a switch or a value that is not there."""
    for name, value in dialect.items():
        if name not in SWITCHES:
            raise ValueError(f"A dialect has no switch {name}. Known: {', '.join(SWITCHES)}.")
        values = SWITCHES[name][0]
        if value not in values:
            raise ValueError(f"The switch {name} must be one of {', '.join(values)}.")


def spoken(dialect: Dialect, name: str) -> str:
    """The value of a switch."""
    return dialect.get(name, SWITCHES[name][0][0])


def sentence(dialect: Dialect, name: str, **about: Any) -> str:
    """What Autotask says in this dialect."""
    return SENTENCES[name][spoken(dialect, name)].format(**about)


def field_of(dialect: Dialect, entity: Entity, field: Field) -> Field:
    """A field as this dialect has it."""
    if (entity.name, field.name) == ("Quotes", "paymentTerm") and spoken(
        dialect, "paymentTerm"
    ) == "picklist":
        return replace(field, picklist=True, reference="")
    return field


def has(dialect: Dialect, entity: str) -> bool:
    """False for an entity that isn't there in this dialect."""
    return entity != "PaymentTerms" or spoken(dialect, "paymentTerm") == "reference"


def picklist(dialect: Dialect, values: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A picklist with its labels."""
    if spoken(dialect, "labels") == "standard":
        return values
    return [{**value, "label": LABELS.get(value["label"], value["label"])} for value in values]


def record(dialect: Dialect, entity: Entity, shown: dict[str, Any]) -> dict[str, Any]:
    """A record as it is sent."""
    if spoken(dialect, "readOnlyFields") == "missing":
        shown = {
            name: value
            for name, value in shown.items()
            if name == "id" or name not in entity.fields or not entity.fields[name].read_only
        }
    return dict(reversed(shown.items())) if spoken(dialect, "keyOrder") == "reversed" else shown
