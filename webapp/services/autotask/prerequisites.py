"""What must be true before pushes work, asked of Autotask itself."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.services import required_fields
from webapp.services.autotask import connection
from webapp.services.autotask.client import Client
from webapp.services.autotask.errors import AutotaskError, ConnectionRefused, NotConnected
from webapp.services.runtime import Runtime

# What the push does with each entity.
RIGHTS = {
    "Companies": ("Query", "Create", "Update"),
    "Contacts": ("Query", "Create", "Update"),
    "Opportunities": ("Query", "Create", "Update"),
    "Quotes": ("Query", "Create", "Update"),
    "QuoteItems": ("Query", "Create", "Update", "Delete"),
    "QuoteLocations": ("Query", "Create"),
    "Products": ("Query", "Create", "Update"),
    "Services": ("Query", "Create", "Update"),
    "OpportunityAttachments": ("Query", "Create"),
    "BillingCodes": ("Query",),
    "Roles": ("Query",),
    "Resources": ("Query",),
    "TaxCategories": ("Query",),
    "TaxRegions": ("Query",),
    "Taxes": ("Query",),
}
LABELS = {"Query": "read", "Create": "create", "Update": "change", "Delete": "delete"}
LOW = 0.75


@dataclass(frozen=True)
class Check:
    """One prerequisite. ``state``: ``good``, ``warning`` or ``bad``; ``details`` one sentence each."""

    name: str
    state: str
    sentence: str
    details: tuple[str, ...] = ()


def advice() -> list[str]:
    """Names of the fields that should be required for Autotask and are not."""
    return required_fields.advice(connection.load() is not None)


def check(runtime: Runtime) -> list[Check]:
    """Every prerequisite, asked live. Never raises for what Autotask answers: that is the result."""
    try:
        client = connection.open_client(runtime)
        return [
            Check("Connection", "good", "Autotask accepts the credentials."),
            _rights(client),
            _threshold(client),
        ]
    except (AutotaskError, NotConnected, ConnectionRefused) as error:
        return [Check("Connection", "bad", str(error))]


def _rights(client: Client) -> Check:
    missing = []
    for entity, verbs in RIGHTS.items():
        try:
            info = client.information(entity)
        except AutotaskError as error:
            missing.append(f"{entity}: {error}")
            continue
        lacking = [
            LABELS[verb]
            for verb in verbs
            if info.get(f"can{verb}") is False or str(info.get(f"userAccessFor{verb}", "All")) == "None"
        ]
        if lacking:
            missing.append(f"{entity}: may not {', '.join(lacking)}.")
    if not missing:
        return Check("Rights of the API user", "good", "It may do everything that a push needs.")
    sentence = "It lacks rights. In Autotask, give it the security level “API User (system)” or add these:"
    return Check("Rights of the API user", "bad", sentence, tuple(missing))


def _threshold(client: Client) -> Check:
    found = client.threshold()
    limit = int(found.get("externalRequestThreshold") or 0)
    used = int(found.get("currentTimeframeRequestCount") or 0)
    left = max(0, limit - used)
    sentence = (
        f"{left:,} of {limit:,} calls are left in this hour, for all integrations of your Autotask together."
    )
    if not limit:
        return Check("API threshold", "warning", "Autotask did not say how many calls it allows.")
    if used >= limit * LOW:
        return Check("API threshold", "warning", f"{sentence} Autotask slows calls down from here on.")
    return Check("API threshold", "good", sentence)
