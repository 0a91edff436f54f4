"""The revision's PDF as an attachment of the opportunity. Pure."""

from __future__ import annotations

from webapp.models import local_key
from webapp.services.autotask.wanted import keys
from webapp.services.autotask.wanted.context import Context
from webapp.services.autotask.wanted.desired import DesiredRecord


def attachment(context: Context, content_sha256: str) -> DesiredRecord:
    """The desired attachment. Its title has a part of the content's hash, by which it is found again."""
    frozen = context.frozen
    title = f"Quote {frozen.number} revision {frozen.revision} ({content_sha256[:8]})"
    return DesiredRecord(
        key=keys.ATTACHMENT,
        entity="OpportunityAttachments",
        local=local_key.revision(frozen.quote_id, frozen.revision),
        title=title,
        initial={
            "attachmentType": "FILE_ATTACHMENT",
            "title": title,
            "fullPath": f"quote-{frozen.number}-r{frozen.revision}.pdf",
            "publish": context.facts.publish,
        },
        parent=keys.OPPORTUNITY,
        where="the PDF",
    )
