"""A signature as it comes in: who signs, typed or drawn, and where it came from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from webapp.models import Signature, SignatureDrawing, names
from webapp.services.core.fields import Reader, clean_text
from webapp.services.quoting.answer import consent, drawing, opened
from webapp.services.quoting.revisions.snapshot import Snapshot

SIGN = "Type your full name to sign."
OTHER_NAME = "The signature must match the name above."


@dataclass(frozen=True)
class Evidence:
    """Where an answer came from. ``time_zone``: the browser's; ``signed_in_as``: the user of ours who is signed in."""

    ip_address: str = ""
    user_agent: str = ""
    session: str = ""
    time_zone: str = ""
    signed_in_as: str = ""


@dataclass(frozen=True)
class Entered:
    """``fields`` of the record (``SignedFields``), and the picture of a drawn signature; empty for a typed one."""

    fields: dict[str, Any]
    png: bytes

    @property
    def png_sha256(self) -> str:
        """The hash of the picture."""
        return hashlib.sha256(self.png).hexdigest()

    def keep_drawing(self, record: Signature) -> None:
        """Keep the picture of a drawn signature with its record."""
        if self.png:
            record.drawing = SignatureDrawing(png=self.png, sha256=self.png_sha256)


def read(reader: Reader, *, name: str = "", box: str = "Check this box to accept the quote.") -> Entered:
    """Who signs. ``name``: of whom the link is for; else as typed. ``box``: what is said of a box not checked.

    A drawing takes a while to decode: call it before the lock, for which others wait.
    """
    name = name or reader.text("name", 120, missing="Enter your name.")
    is_drawn, signature, drawn = reader.raw("how") == "drawn", "", b""
    if is_drawn:
        try:
            drawn = drawing.read(reader.raw("drawing"))
        except ValueError as error:
            reader.fail("drawing", str(error))
    else:
        signature = reader.text("signature", 120, missing=SIGN)
        if name and signature and names.folded(name) != names.folded(signature):
            reader.fail("signature", OTHER_NAME)
    if not reader.flag("terms"):
        reader.fail("terms", box)
    return Entered(
        {
            "name": name,
            "signature": signature,
            "email": opened.read_email(reader, "email"),
            "title": reader.text("title", 120, missing="Enter your job title."),
            "purchase_order_number": reader.text("purchase_order_number", 50),
        },
        drawn,
    )


def agreed(offer: Snapshot, sentence: str) -> dict[str, Any]:
    """What was agreed to, as fields of the record."""
    return {
        "consent": sentence,
        "consent_version": consent.VERSION,
        "consent_sha256": consent.sha256(sentence),
        "terms_sha256": consent.sha256(offer.terms),
    }


def origin(evidence: Evidence) -> dict[str, Any]:
    """Where it came from, as fields of the record."""
    return {
        "ip_address": evidence.ip_address[:45],
        "user_agent": evidence.user_agent[:300],
        "session": evidence.session[:80],
        "signed_in_as": evidence.signed_in_as,
        "time_zone": clean_text(evidence.time_zone)[:64],
    }
