"""The addresses of a quote, as quote locations. Pure."""

from __future__ import annotations

from webapp.services.autotask.settings.model import CompanySettings
from webapp.services.autotask.wanted.desired import DesiredRecord
from webapp.services.autotask.wanted.facts import RemoteFacts
from webapp.services.autotask.wanted.texts import truncate
from webapp.services.quoting.revisions.snapshot import Address, Snapshot


def locations(
    frozen: Snapshot, chosen: CompanySettings, facts: RemoteFacts
) -> tuple[tuple[DesiredRecord, ...], dict[str, str]]:
    """One location for each different address, and which of them bill, ship and sold name."""
    wishes: dict[tuple[tuple[str, str], ...], DesiredRecord] = {}
    named = {}
    for place in ("bill", "ship", "sold"):
        fields = _fields(frozen, getattr(chosen, f"{place}_to_source"), facts)
        identity = tuple(sorted(fields.items()))
        if identity not in wishes:
            local = ("location", f"{frozen.quote_id}:{place}")
            title = fields.get("address1", "")
            wishes[identity] = DesiredRecord(
                f"location:{place}",
                "QuoteLocations",
                local,
                title,
                dict(fields),
                where=f"the address “{title}”",
            )
        named[place] = wishes[identity].key
    return tuple(wishes.values()), named


def address_fields(address: Address) -> dict[str, str]:
    """An address by the names that companies and quote locations have for its parts; empty ones too."""
    return {
        "address1": address.line1,
        "address2": address.line2,
        "city": address.city,
        "state": address.state,
        "postalCode": address.postal_code,
    }


def _fields(frozen: Snapshot, source: str, facts: RemoteFacts) -> dict[str, str]:
    organization = frozen.organization
    if organization is None:
        return {"address1": "–"}
    address = organization.shipping if source == "shipping" else organization.billing
    if address.is_empty:
        address = organization.billing
    fields = address_fields(address)
    fields["address1"] = fields["address1"] or organization.name
    return {name: truncate(facts, "QuoteLocations", name, value) for name, value in fields.items() if value}
