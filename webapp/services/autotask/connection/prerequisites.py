"""Check with Autotask everything that pushes need."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from webapp.models import db
from webapp.services.autotask.api.client import Client, Record
from webapp.services.autotask.api.errors import AutotaskError, CredentialsRejected, Forbidden, Refused
from webapp.services.autotask.connection import connection
from webapp.services.core.errors import ServiceError
from webapp.services.core.runtime import Runtime
from webapp.services.people import required_fields

# What the push does with each entity.
RIGHTS = {
    "Companies": ("Query", "Create", "Update"),
    "Contacts": ("Query", "Create", "Update"),
    "Opportunities": ("Query", "Create", "Update"),
    "Quotes": ("Query", "Create", "Update"),
    "QuoteItems": ("Query", "Create", "Update", "Delete"),
    "QuoteLocations": ("Query", "Create", "Update"),
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
LABELS = {"Query": "read", "Create": "create", "Update": "update", "Delete": "delete"}
# The used share of the hour's calls, and what Autotask does then (its help: REST thresholds and limits).
LIMITS = (
    (1.0, "bad", "Autotask refuses all calls until usage drops. Syncs wait until then."),
    (0.75, "warning", "Autotask now delays each call by about a second."),
    (0.5, "warning", "Autotask now delays each call by about half a second."),
)


@dataclass(frozen=True)
class Access:
    """The API user's permissions for one entity, by verb: True or False where a push needs it, None elsewhere.

    ``refused``: Autotask's own sentence when it refused to say.
    """

    entity: str
    may: Mapping[str, bool | None]
    refused: str = ""

    @property
    def lacking(self) -> str:
        """A sentence about the missing permissions; empty when none is missing."""
        if self.refused:
            return f"{self.entity}: {self.refused}"
        missing = [LABELS[verb] for verb, allowed in self.may.items() if allowed is False]
        return f"{self.entity}: can't {', '.join(missing)}." if missing else ""


@dataclass(frozen=True)
class Check:
    """One prerequisite. ``state``: ``good``, ``warning`` or ``bad``; ``details`` one sentence each."""

    name: str
    state: str
    sentence: str
    details: tuple[str, ...] = ()
    access: tuple[Access, ...] = ()


def advice() -> list[str]:
    """Names of the fields that Autotask needs and that aren't required yet."""
    return required_fields.advice(connection.load() is not None)


def check(runtime: Runtime) -> list[Check]:
    """Check every prerequisite live. Never raises: an error from Autotask is a result too."""
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
        Check("Connection", "good", "Autotask accepts the API user and its secret."),
        Check(
            "Integration vendor",
            "good",
            "Autotask accepts the integration code for this API user.",
        ),
        _rights(client),
        _threshold(used),
    ]


def _rights(client: Client) -> Check:
    try:
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            found = tuple(pool.map(lambda entity: _access(client, entity), RIGHTS))
    except AutotaskError as error:
        return Check(
            "API permissions",
            "warning",
            f"We couldn't check the permissions just now. {error} Try again later.",
        )
    missing = tuple(access.lacking for access in found if access.lacking)
    if not missing:
        sentence = f"The API user has all permissions that a sync needs, for {len(found)} entities."
        return Check("API permissions", "good", sentence, access=found)
    sentence = "Some are missing. Give the API user the security level “API User (system)” in Autotask, or add these:"
    return Check("API permissions", "bad", sentence, missing, found)


def _access(client: Client, entity: str) -> Access:
    try:
        info = client.information(entity)
    except (Forbidden, Refused) as error:
        if error.status == 404 and RIGHTS[entity] == ("Query",):
            # This Autotask has no such records, so nobody needs to read them.
            return Access(entity, dict.fromkeys(LABELS))
        needed = {verb: False if verb in RIGHTS[entity] else None for verb in LABELS}
        return Access(entity, needed, str(error))
    allowed = {
        verb: info.get(f"can{verb}") is not False and str(info.get(f"userAccessFor{verb}", "All")) != "None"
        for verb in RIGHTS[entity]
    }
    return Access(entity, {verb: allowed.get(verb) for verb in LABELS})


def _threshold(found: Record) -> Check:
    limit = _count(found.get("externalRequestThreshold"))
    used = _count(found.get("currentTimeframeRequestCount"))
    left = max(0, limit - used)
    sentence = (
        f"{left:,} of {limit:,} calls are left this hour. All integrations of your Autotask share them."
    )
    if not limit:
        return Check("API threshold", "warning", "Autotask didn't say how many calls it allows.")
    for share, state, consequence in LIMITS:
        if used >= limit * share:
            return Check("API threshold", state, f"{sentence} {consequence}")
    return Check("API threshold", "good", sentence)


def _count(value: object) -> int:
    """A number of calls; 0 for any other value."""
    return int(str(value)) if str(value).isascii() and str(value).isdecimal() else 0
