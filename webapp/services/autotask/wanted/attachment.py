"""The revision's PDF as an attachment of the opportunity. Pure."""

from __future__ import annotations

from webapp.models import local_key
from webapp.services.autotask.wanted import keys
from webapp.services.autotask.wanted.context import Context
from webapp.services.autotask.wanted.desired import DesiredRecord


def attachment(context: Context, content_sha256: str) -> DesiredRecord:
    """The desired attachment. Its title has a part of the content's hash, by which it is found again.

    What was accepted is a PDF of its own, under a key of its own, beside the offer that may hang there already.
    """
    frozen, is_accepted = context.frozen, context.outcome.accepted
    named = f"Quote {frozen.number} revision {frozen.revision}{' accepted' if is_accepted else ''}"
    title = f"{named} ({content_sha256[:8]})"
    key_of = local_key.acceptance if is_accepted else local_key.revision
    return DesiredRecord(
        key=keys.ATTACHMENT,
        entity="OpportunityAttachments",
        local=key_of(frozen.quote_id, frozen.revision),
        title=title,
        initial={
            "attachmentType": "FILE_ATTACHMENT",
            "title": title,
            "fullPath": f"quote-{frozen.number}-r{frozen.revision}{'-accepted' if is_accepted else ''}.pdf",
            "publish": context.facts.publish,
        },
        parent=keys.OPPORTUNITY,
        where="the PDF",
    )
