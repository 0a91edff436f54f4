"""ExecuteCommand: "Open in Autotask" links, answered with the page of the record that they mean."""

from __future__ import annotations

import re
from collections.abc import Callable

from sandbox.query import Record
from sandbox.tenants import Tenant

PAGE = "autotask/autotaskextend/executecommand.aspx"
NUMBER = re.compile(r"[0-9]{1,18}")
Find = Callable[[Tenant, str], list[Record]]


def _by_id(entity: str) -> Find:
    def find(tenant: Tenant, value: str) -> list[Record]:
        record = tenant.store.table(entity).rows.get(int(value)) if NUMBER.fullmatch(value) else None
        return [record] if record else []

    return find


def _by(entity: str, field: str) -> Find:
    return lambda tenant, value: tenant.store.table(entity).where(field, value)


def _by_phone(tenant: Tenant, value: str) -> list[Record]:
    """Phones are compared by their leading digits only."""
    wanted = _digits(value)
    companies = tenant.store.table("Companies").rows.values()
    return [one for one in companies if wanted and _digits(str(one["phone"] or "")).startswith(wanted)]


def _digits(text: str) -> str:
    return "".join(sign for sign in text if sign.isdigit())


# The command, and the parameters that may name the record.
COMMANDS: dict[str, tuple[str, dict[str, Find]]] = {
    "openaccount": (
        "Companies",
        {
            "accountid": _by_id("Companies"),
            "accountname": _by("Companies", "companyName"),
            "phone": _by_phone,
        },
    ),
    "opencontact": (
        "Contacts",
        {"contactid": _by_id("Contacts"), "email": _by("Contacts", "emailAddress")},
    ),
    "openopportunity": ("Opportunities", {"opportunityid": _by_id("Opportunities")}),
}


def find(tenant: Tenant, args: dict[str, str]) -> tuple[str, list[Record]]:
    """The entity that a link is about, and the records that it means. Raises LookupError with a sentence."""
    given = {name.lower(): value.strip() for name, value in args.items()}
    command = COMMANDS.get(given.get("code", "").lower())
    if command is None:
        raise LookupError(f"The command “{given.get('code', '')[:40]}” is not one that this sandbox follows.")
    entity, parameters = command
    for name, look in parameters.items():
        if given.get(name):
            records = look(tenant, given[name])
            if not records:
                raise LookupError(f"{entity} has no record with {name} {given[name][:40]}.")
            return entity, records
    raise LookupError(f"The link names no record; one of {', '.join(parameters)} was expected.")
