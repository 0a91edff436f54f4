"""The bundle: what was accepted with its evidence as one file, which ``quotewright_verify.py`` checks without us."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from datetime import UTC
from typing import Any

from webapp.models import Acceptance, Quote, QuoteEvent, Revision, Signature, db
from webapp.models.signing import COUNTERS, CUSTOMERS
from webapp.services.core.errors import NotFound
from webapp.services.core.runtime import Runtime
from webapp.services.quoting.evidence import chain, noting
from webapp.services.quoting.paper import document
from webapp.services.quoting.revisions import offered

FORMAT = "quotewright-evidence-1"
NOT_ACCEPTED = "This quote wasn't accepted, so there's no evidence of an acceptance to download."
NOT_COUNTERSIGNED = (
    "This quote is accepted, and waits for our countersignature. The evidence can be downloaded once that is "
    "there."
)
BEFORE_EVENTS = (
    "This quote was accepted before Quotewright kept evidence, so there's no bundle to download. The accepted PDF and "
    "its fingerprint are kept as they were."
)
README = """This is quote {number} as it was accepted, with the evidence.

signed.pdf        the document with the signature and the certificate
{contents}
certificate.json  who accepted, when, from where, and what they agreed to
events.json       what happened to the quote, each event with the hash of the one before it
{drawing}
Check it without Quotewright, with Python 3.11 or later and the file quotewright_verify.py from Quotewright's source:

    python -m quotewright_verify {name}
"""


def name_of(quote: Quote) -> str:
    """The name of the file."""
    return f"quote-{quote.number}-evidence.zip"


def exists(quote: Quote) -> bool:
    """Whether there is one: the quote was accepted, an event says so, and our countersignature isn't missing."""
    return (
        quote.acceptance is not None
        and not quote.acceptance.is_waiting
        and noting.of_acceptance(quote.id) is not None
    )


def of_quote(quote: Quote, runtime: Runtime, *, for_customer: bool) -> bytes:
    """The bundle as a zip file. Raises NotFound for a quote that no one accepted, or before there were events.

    ``for_customer``: with the customer's part of the revision alone, which has no costs.
    """
    acceptance = quote.acceptance
    if acceptance is None:
        raise NotFound(NOT_ACCEPTED)
    if acceptance.is_waiting:
        raise NotFound(NOT_COUNTERSIGNED)
    if not exists(quote):
        raise NotFound(BEFORE_EVENTS)
    quote_id, acceptance_id = quote.id, acceptance.id
    pdf = document.accepted_pdf(acceptance, runtime)
    acceptance = db.session.get_one(Acceptance, acceptance_id)
    revision = db.session.get_one(Revision, acceptance.revision_id)
    chained = chain.of_quote(quote_id)
    events = [{**chain.content(one), "sha256": one.sha256} for one in chained]
    files: dict[str, bytes] = {"signed.pdf": pdf, "offer.json": offered.of_content(revision.content).encode()}
    if not for_customer:
        files["revision.json"] = revision.content.encode()
    said = next(one for one in reversed(chained) if one.kind in (chain.SIGNED, noting.RECORDED))
    beside = _beside(acceptance, chained)
    files |= {
        "certificate.json": _json(_certificate(acceptance, revision, said, [event for event, _ in beside])),
        "events.json": _json(events),
    }
    if acceptance.drawing:
        files["signature.png"] = acceptance.drawing.png
    for event, record in beside:
        if record.drawing:
            files[f"signature-{event.number}.png"] = record.drawing.png
    files["README.txt"] = _readme(quote, files)
    return _zip(files, acceptance)


def _beside(acceptance: Acceptance, chained: Sequence[QuoteEvent]) -> list[tuple[QuoteEvent, Signature]]:
    """The signatures beside the last one, our countersignature too, each with its event."""
    kinds = {CUSTOMERS: chain.SIGNED, COUNTERS: chain.COUNTERSIGNED}
    events = {(one.kind, one.at): one for one in chained}
    return [(events[kinds[one.kind], one.accepted_at], one) for one in acceptance.beside]


def _certificate(
    acceptance: Acceptance, revision: Revision, said: QuoteEvent, beside: Sequence[QuoteEvent]
) -> dict[str, Any]:
    """``said``: the event of the acceptance; ``beside``: of the other signatures. What they say is as it was then,
    whoever was made anonymous since.
    """
    others = [
        {
            "event": one.number,
            "kind": one.kind,
            "at": chain.content(one)["at"],
            "address": one.address,
            "agent": one.agent,
            "session": one.session,
            "signature": one.facts,
        }
        for one in beside
    ]
    return {
        "format": FORMAT,
        "quote": acceptance.quote.number,
        "revision": revision.number,
        "accepted_at": chain.content(said)["at"],
        "address": acceptance.ip_address,
        "agent": acceptance.user_agent,
        "session": acceptance.session,
        "acceptance": said.facts,
        **({"signatures": others} if others else {}),
    }


def _readme(quote: Quote, files: dict[str, bytes]) -> bytes:
    contents = "offer.json        the offer as data: what the customer was shown"
    if "revision.json" in files:
        contents += "\nrevision.json     the whole revision, with what is internal: don't pass it on"
    drawn = sorted(name for name in files if name.endswith(".png"))
    drawing = "".join(f"{name:<17} a drawn signature\n" for name in drawn)
    text = README.format(number=quote.number, contents=contents, drawing=drawing, name=name_of(quote))
    return text.encode()


def _json(content: object) -> bytes:
    return json.dumps(content, indent=1, ensure_ascii=False).encode()


def _zip(files: dict[str, bytes], acceptance: Acceptance) -> bytes:
    at, out = acceptance.accepted_at.astimezone(UTC), io.BytesIO()
    stamp = (at.year, at.month, at.day, at.hour, at.minute, at.second)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, stamp)
            entry.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(entry, content)
    return out.getvalue()
