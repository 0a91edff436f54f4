"""The addresses of a quote, as quote locations. Pure."""

from __future__ import annotations

from webapp.models import local_key
from webapp.services.autotask.wanted import keys
from webapp.services.autotask.wanted.context import Context
from webapp.services.autotask.wanted.desired import DesiredRecord
from webapp.services.autotask.wanted.keys import RecordKey
from webapp.services.quoting.revisions.snapshot import Address

ENTITY = "QuoteLocations"
USES = ("bill", "ship", "sold")


def locations(context: Context) -> tuple[tuple[DesiredRecord, ...], dict[str, RecordKey]]:
    """One location for each different address, and the key of the location for each use."""
    by_address: dict[tuple[tuple[str, str], ...], DesiredRecord] = {}
    of_use = {}
    for use in USES:
        fields = _fields(context, getattr(context.settings.company, f"{use}_to_source"))
        address = tuple(sorted(fields.items()))
        if address not in by_address:
            title = fields.get("address1", "")
            by_address[address] = DesiredRecord(
                key=keys.location(use),
                entity=ENTITY,
                local=local_key.location(context.frozen.quote_id, use),
                title=title,
                fields=dict(fields),
                where=f"the address “{title}”",
            )
        of_use[use] = by_address[address].key
    return tuple(by_address.values()), of_use


def address_fields(address: Address) -> dict[str, str]:
    """An address under the field names of companies and quote locations, with empty parts."""
    return {
        "address1": address.line1,
        "address2": address.line2,
        "city": address.city,
        "state": address.state,
        "postalCode": address.postal_code,
    }


def _fields(context: Context, source: str) -> dict[str, str]:
    organization = context.frozen.organization
    if organization is None:
        return {"address1": "–"}
    address = organization.shipping if source == "shipping" else organization.billing
    if address.is_empty:
        address = organization.billing
    fields = address_fields(address)
    fields["address1"] = fields["address1"] or organization.name
    return {name: context.text(ENTITY, name, text) for name, text in fields.items() if text}
