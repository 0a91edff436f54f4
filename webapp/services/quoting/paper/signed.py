"""What a signed PDF says beside the offer: who signed, how and when, and the certificate on its last page."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from webapp.models import Acceptance, Revision, Signature, db
from webapp.models.signing import COUNTERS
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
    """``blocks``: of each who signed, a heading (empty where only one did) and facts, label and text each.

    ``fingerprints``: label and text each. ``left_out``: how many events aren't shown.

    ``keywords``: the same hashes for programs, as the PDF's own properties hold them. ``seal``: facts about the seal,
    label and text each.
    """

    between: str
    blocks: list[tuple[str, list[tuple[str, str]]]]
    consents: list[tuple[str, str]]
    fingerprints: list[tuple[str, str]]
    events: list[Told]
    left_out: int
    zone: str
    keywords: str
    seal: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Hand:
    """One signature on its line. ``typed``, or the ``drawing`` as PNG in base 64. ``side``: for whom it was given."""

    named: str
    at: datetime
    typed: str
    drawing: str
    side: str


@dataclass(frozen=True)
class Signed:
    """An acceptance on paper. ``recorded_by``: the rep who recorded it; empty when the customer signed online.

    ``hands``: all signatures, in the order in which they were given.
    """

    name: str
    at: datetime
    fingerprint: str
    recorded_by: str = ""
    title: str = ""
    purchase_order_number: str = ""
    hands: list[Hand] = field(default_factory=list)
    others: str = ""
    certificate: Certificate | None = field(default=None)

    @property
    def named(self) -> str:
        """Names, and the job title where only one signed."""
        return self.others or ", ".join(part for part in (self.name, self.title) if part)


def of(acceptance: Acceptance, frozen: Snapshot, seal: Sequence[tuple[str, str]] = ()) -> Signed:
    """All that is printed of an acceptance, with the events so far, and with the facts about the ``seal``."""
    recorder, counter = acceptance.recorded_by, acceptance.countersignature
    customer = frozen.organization.name if frozen.organization else ""
    theirs: list[Acceptance | Signature] = [*acceptance.earlier, *([] if recorder else [acceptance])]
    hands = [_hand(one, customer) for one in theirs]
    if counter is not None:
        hands.append(_hand(counter, frozen.seller.name))
    signed: list[Acceptance | Signature] = [*acceptance.earlier, acceptance]
    numbers = [one.purchase_order_number for one in signed]
    return Signed(
        name=acceptance.name,
        at=acceptance.accepted_at,
        fingerprint=acceptance.content_sha256,
        recorded_by=recorder.name if recorder else "",
        title=acceptance.title,
        purchase_order_number=next(filter(None, numbers), ""),
        hands=hands,
        others=acceptance.names if acceptance.earlier else "",
        certificate=_certificate(acceptance, frozen, seal),
    )


def _hand(record: Acceptance | Signature, side: str) -> Hand:
    drawing = record.drawing
    return Hand(
        named=", ".join(part for part in (record.name, record.title) if part),
        at=record.accepted_at,
        typed=record.signature,
        drawing=base64.b64encode(drawing.png).decode("ascii") if drawing else "",
        side=side,
    )


def _certificate(acceptance: Acceptance, frozen: Snapshot, seal: Sequence[tuple[str, str]]) -> Certificate:
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
        blocks=_blocks(acceptance, place),
        consents=_consents(acceptance),
        fingerprints=[
            (label, sha256) for label, sha256 in zip(labels, hashes.values(), strict=True) if sha256
        ],
        events=shown,
        left_out=len(events) - len(shown),
        zone=place.zone_short(acceptance.accepted_at),
        keywords=" ".join(["quotewright", *(f"{name}={value}" for name, value in hashes.items() if value)]),
        seal=seal,
    )


def _offer_sha256(acceptance: Acceptance) -> str:
    return offered.sha256(db.session.get_one(Revision, acceptance.revision_id).content)


def _blocks(acceptance: Acceptance, place: Place) -> list[tuple[str, list[tuple[str, str]]]]:
    counter = acceptance.countersignature
    theirs: list[Acceptance | Signature] = [*acceptance.earlier, acceptance]
    total = len(theirs)
    blocks = [
        (f"Signature {number} of {total}" if total > 1 else "", _facts(one, place))
        for number, one in enumerate(theirs, start=1)
    ]
    if counter is not None:
        blocks.append(("Countersignature", _facts(counter, place)))
    return [(heading, [(label, text) for label, text in facts if text]) for heading, facts in blocks]


def _consents(acceptance: Acceptance) -> list[tuple[str, str]]:
    """The sentences that were agreed to, each with who saw it; signers of one quote saw the same."""
    counter = acceptance.countersignature
    said = [(acceptance.consent, "Consent, as shown beside the check box")]
    if counter is not None:
        said.append((counter.consent, f"Consent of {counter.name}, who countersigned"))
    return [(label, text) for text, label in said if text]


def _facts(acceptance: Acceptance | Signature, place: Place) -> list[tuple[str, str]]:
    offset = acceptance.accepted_at.astimezone(place.zone).isoformat()[-6:]
    zone = f", the signer's time zone is {acceptance.time_zone}" if acceptance.time_zone else ""
    at = f"{moment(acceptance.accepted_at, place)} (UTC{offset}){zone}"
    if isinstance(acceptance, Acceptance) and acceptance.recorded_by is not None:
        return [
            ("Accepted by", acceptance.name),
            ("Recorded by", f"{acceptance.recorded_by.name}, {acceptance.recorded_by.email}"),
            ("Recorded on", at),
        ]
    way = "Drawn on the signing page" if acceptance.drawing else "Typed on the signing page"
    own = f". Signed in to Quotewright as {acceptance.signed_in_as}" if acceptance.signed_in_as else ""
    parts = [
        f"IP {acceptance.ip_address}" if acceptance.ip_address else "",
        browsers.browser(acceptance.user_agent) if acceptance.user_agent else "",
        f"session {acceptance.session}" if acceptance.session else "",
    ]
    return [
        ("Signed by", ", ".join(part for part in (acceptance.name, acceptance.title) if part)),
        ("Email", _email(acceptance)),
        ("Link", _link(acceptance)),
        ("Signature", way + own),
        ("Signed on", at),
        ("From", " · ".join(part for part in parts if part)),
        ("PO number", acceptance.purchase_order_number),
    ]


def _email(record: Acceptance | Signature) -> str:
    if record.confirmed_email:
        return f"{record.confirmed_email}, confirmed with a code sent to it"
    if isinstance(record, Signature) and record.kind == COUNTERS:
        return f"{record.email}, signed in to Quotewright"
    if record.signer_id is not None:
        return f"{record.email}, of the named signer, to which the link was made out"
    return f"{record.email}, as the signer gave it" if record.email else ""


def _link(record: Acceptance | Signature) -> str:
    if isinstance(record, Signature) and record.kind == COUNTERS:
        return ""
    if record.signer_id is not None:
        return "the signer's own"
    share = record.share if isinstance(record, Acceptance) else None
    return f"of {share.name}, a colleague" if share else "the customer's own"
