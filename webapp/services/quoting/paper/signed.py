"""What a signed PDF says beside the offer: who signed, how and when, and the certificate on its last page."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import datetime

from webapp.models import Acceptance, Revision, db
from webapp.services.core import browsers
from webapp.services.core.formatting import moment
from webapp.services.core.place import Place
from webapp.services.quoting.evidence import chain, telling
from webapp.services.quoting.evidence.telling import Told
from webapp.services.quoting.revisions import offered
from webapp.services.quoting.revisions.snapshot import Snapshot

# Longer chains are in the bundle as a whole.
MOST_EVENTS = 40


@dataclass(frozen=True)
class Certificate:
    """``facts`` about who signed and ``fingerprints``: label and text each. ``left_out``: how many events aren't shown.

    ``keywords``: the same hashes for programs, as the PDF's own properties hold them.
    """

    between: str
    facts: list[tuple[str, str]]
    consent: str
    fingerprints: list[tuple[str, str]]
    events: list[Told]
    left_out: int
    zone: str
    keywords: str


@dataclass(frozen=True)
class Signed:
    """An acceptance on paper. ``recorded_by``: the rep who recorded it; empty when the customer signed online.

    ``typed``: the typed signature; ``drawing``: the drawn one as PNG in base 64.
    """

    name: str
    at: datetime
    fingerprint: str
    recorded_by: str = ""
    title: str = ""
    purchase_order_number: str = ""
    typed: str = ""
    drawing: str = ""
    certificate: Certificate | None = field(default=None)

    @property
    def named(self) -> str:
        """Name and job title."""
        return ", ".join(part for part in (self.name, self.title) if part)


def of(acceptance: Acceptance, frozen: Snapshot) -> Signed:
    """All that is printed of an acceptance, with the events so far."""
    drawing, recorder = acceptance.drawing, acceptance.recorded_by
    return Signed(
        name=acceptance.name,
        at=acceptance.accepted_at,
        fingerprint=acceptance.content_sha256,
        recorded_by=recorder.name if recorder else "",
        title=acceptance.title,
        purchase_order_number=acceptance.purchase_order_number,
        typed=acceptance.signature,
        drawing=base64.b64encode(drawing.png).decode("ascii") if drawing else "",
        certificate=_certificate(acceptance, frozen),
    )


def _certificate(acceptance: Acceptance, frozen: Snapshot) -> Certificate:
    events, place = chain.of_quote(acceptance.quote_id), frozen.place
    told = [one for one in map(telling.told, events) if not one.is_program]
    shown = told if len(told) <= MOST_EVENTS else [*told[:1], *told[1 - MOST_EVENTS :]]
    last = (events[-1].number, events[-1].sha256) if events else (0, "")
    parties = [
        name for name in (frozen.seller.name, frozen.organization and frozen.organization.name) if name
    ]
    hashes = {
        "content": acceptance.content_sha256,
        "offer": _offer_sha256(acceptance),
        "terms": acceptance.terms_sha256,
        "consent": acceptance.consent_sha256,
        "drawing": acceptance.drawing.sha256 if acceptance.drawing else "",
        f"event{last[0]}": last[1],
    }
    labels = (
        "Revision as signed",
        "Customer's part of it",
        "Terms",
        "Consent",
        "Drawn signature",
        f"Event {last[0]}, the last so far",
    )
    return Certificate(
        between=f"Quote {frozen.number}, revision {frozen.revision}"
        + (f", between {' and '.join(parties)}." if len(parties) > 1 else "."),
        facts=[(label, text) for label, text in _facts(acceptance, place) if text],
        consent=acceptance.consent,
        fingerprints=[
            (label, sha256) for label, sha256 in zip(labels, hashes.values(), strict=True) if sha256
        ],
        events=shown,
        left_out=len(events) - len(shown),
        zone=place.zone_short(acceptance.accepted_at),
        keywords=" ".join(["quotewright", *(f"{name}={value}" for name, value in hashes.items() if value)]),
    )


def _offer_sha256(acceptance: Acceptance) -> str:
    return offered.sha256(db.session.get_one(Revision, acceptance.revision_id).content)


def _facts(acceptance: Acceptance, place: Place) -> list[tuple[str, str]]:
    offset = acceptance.accepted_at.astimezone(place.zone).isoformat()[-6:]
    zone = f", the signer's time zone is {acceptance.time_zone}" if acceptance.time_zone else ""
    at = f"{moment(acceptance.accepted_at, place)} (UTC{offset}){zone}"
    if acceptance.recorded_by is not None:
        return [
            ("Accepted by", acceptance.name),
            ("Recorded by", f"{acceptance.recorded_by.name}, {acceptance.recorded_by.email}"),
            ("Recorded on", at),
        ]
    whose = acceptance.share.name if acceptance.share else ""
    way = "Drawn on the signing page" if acceptance.drawing else "Typed on the signing page"
    own = f". Signed in to Quotewright as {acceptance.signed_in_as}" if acceptance.signed_in_as else ""
    parts = [
        f"IP {acceptance.ip_address}" if acceptance.ip_address else "",
        browsers.browser(acceptance.user_agent) if acceptance.user_agent else "",
        f"session {acceptance.session}" if acceptance.session else "",
    ]
    return [
        ("Signed by", ", ".join(part for part in (acceptance.name, acceptance.title) if part)),
        ("Email", f"{acceptance.email}, as the signer gave it" if acceptance.email else ""),
        ("Link", f"of {whose}, a colleague" if whose else "the customer's own"),
        ("Signature", way + own),
        ("Signed on", at),
        ("From", " · ".join(part for part in parts if part)),
        ("PO number", acceptance.purchase_order_number),
    ]
