"""The signed PDF is stored: its hash is an event of the chain, so that another PDF shows."""

from __future__ import annotations

from collections.abc import Mapping

from webapp.services.quoting.draft import editing
from webapp.services.quoting.evidence import chain
from webapp.services.quoting.evidence.chain import PRODUCT, Happened

SEALED = "sealed"


def note(quote_id: int, revision: int, pdf_sha256: str, seal: Mapping[str, str]) -> None:
    """In the open transaction, which stores the PDF. ``seal``: what its seal is; empty without one."""
    editing.lock(quote_id)
    detail = {"pdf_sha256": pdf_sha256, **({"seal": dict(seal)} if seal else {})}
    event = Happened(SEALED, PRODUCT, revision=revision, detail=detail)
    chain.append(quote_id, [event])
