"""What must be true before pushes work, asked of Autotask itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from webapp.models import db
from webapp.services import required_fields
from webapp.services.autotask import connection
from webapp.services.autotask.client import Client, Record
from webapp.services.autotask.errors import AutotaskError, CredentialsRejected, Forbidden, Refused
from webapp.services.errors import ServiceError
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
    "ServiceBundles": ("Query",),
    "OpportunityAttachments": ("Query", "Create"),
    "BillingCodes": ("Query",),
    "ClassificationIcons": ("Query",),
    "Countries": ("Query",),
    "PaymentTerms": ("Query",),
    "QuoteTemplates": ("Query",),
    "Resources": ("Query",),
    "Roles": ("Query",),
    "ShippingTypes": ("Query",),
    "TaxCategories": ("Query",),
    "TaxRegions": ("Query",),
    "Taxes": ("Query",),
}
AT_ONCE = 6
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
        db.session.commit()  # no transaction stays open while Autotask is asked
        used = client.threshold()
    except CredentialsRejected as error:
        connection.mark_rejected(str(error))
        return [Check("Connection", "bad", str(error))]
    except ServiceError as error:
        return [Check("Connection", "bad", str(error))]
    return [
        Check(
            "Connection",
            "good",
            "Autotask accepts the API user, its secret and the integration code: the user is tied to that vendor.",
        ),
        _rights(client),
        _threshold(used),
    ]


def _rights(client: Client) -> Check:
    try:
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            answers = list(pool.map(lambda entity: _lacking(client, entity), RIGHTS))
    except AutotaskError as error:
        return Check(
            "Rights of the API user",
            "warning",
            f"They could not be looked up just now. {error} Look again later.",
        )
    missing = [sentence for sentence in answers if sentence]
    if not missing:
        return Check("Rights of the API user", "good", "It may do everything that a push needs.")
    sentence = "It lacks rights. In Autotask, give it the security level “API User (system)” or add these:"
    return Check("Rights of the API user", "bad", sentence, tuple(missing))


def _lacking(client: Client, entity: str) -> str:
    """A sentence that says what the API user may not do with the entity; empty when nothing is lacking."""
    try:
        info = client.information(entity)
    except (Forbidden, Refused) as error:
        return f"{entity}: {error}"
    lacking = [
        LABELS[verb]
        for verb in RIGHTS[entity]
        if info.get(f"can{verb}") is False or str(info.get(f"userAccessFor{verb}", "All")) == "None"
    ]
    return f"{entity}: may not {', '.join(lacking)}." if lacking else ""


def _threshold(found: Record) -> Check:
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
