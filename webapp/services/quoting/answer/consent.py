"""What the customer agrees to when they sign: the sentence beside the check box, kept as it was shown."""

from __future__ import annotations

import hashlib

from webapp.services.quoting.revisions.snapshot import Snapshot

# Raised with every change of the words, so that it is known which of them someone saw.
VERSION = "2026-11-28"


def sentence(offer: Snapshot) -> str:
    """The sentence for an offer."""
    terms = " and its terms" if offer.terms else ""
    authority = f", and am authorized to sign for {offer.organization.name}" if offer.organization else ""
    joined = (
        f", agree to sign electronically{authority}" if authority else " and agree to sign electronically"
    )
    return f"I accept quote {offer.number} as shown on this page{terms}{joined}."


def of_seller(offer: Snapshot) -> str:
    """The sentence for our countersignature."""
    name = offer.seller.name
    joined = f", agree to sign electronically and am authorized to sign for {name}" if name else ""
    joined = joined or ", and agree to sign electronically"
    return (
        f"I countersign quote {offer.number}, revision {offer.revision}, as the customer signed it{joined}."
    )


def sha256(text: str) -> str:
    """The hex SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()
