"""The PDF of a revision: rendered once from the frozen content, then stored with its hash.

Works without a web request, so the worker can call it too. It reads only the font folder and fetches nothing.

Owns its transactions: no transaction is open while a PDF is rendered, which can take seconds.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import cast

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from sqlalchemy.exc import IntegrityError

from webapp.models import Acceptance, AcceptanceDocument, Quote, Revision, RevisionDocument, db
from webapp.models.quote import WON_STATUSES
from webapp.services.core import formatting, records
from webapp.services.core import place as places
from webapp.services.core.errors import ServiceError
from webapp.services.core.place import Place
from webapp.services.quoting.paper import letters, once
from webapp.services.quoting.revisions import pricing, snapshot
from webapp.services.quoting.revisions.snapshot import Snapshot

WEBAPP = Path(__file__).parents[3]
FONTS = WEBAPP / "static" / "fonts"
TEMPLATES = WEBAPP / "templates" / "document"

# Longer descriptions are printed in full after the offer, so that the table of lines stays readable.
IN_TABLE = 1200
LINES_IN_TABLE = 24
# The layout time of a paragraph grows with the square of its length.
PARAGRAPH = 2000
RENDER_SECONDS = 240.0
LETTER_CURRENCIES = ("USD", "CAD")


@dataclass(frozen=True)
class Signed:
    """An acceptance on paper. ``recorded_by``: the rep who recorded it; empty when the customer signed online."""

    name: str
    at: datetime
    fingerprint: str
    recorded_by: str = ""


class RenderFailed(ServiceError):
    """The PDF couldn't be created."""


def pdf_for(revision_id: int) -> bytes:
    """The PDF of a revision. The first call renders and stores it, outside any transaction: it can take seconds.

    Raises NotFound, or RenderFailed with a sentence. Ends the session's open transaction.
    """
    stored = db.session.get(RevisionDocument, revision_id)
    if stored is not None:
        return stored.pdf
    revision = records.get(Revision, revision_id, "This revision no longer exists.")
    frozen = snapshot.parse(revision.content)
    db.session.commit()
    with _once(RevisionDocument, revision_id) as found:
        if found:
            return found
        pdf = render(frozen)
        return _store(RevisionDocument(revision_id=revision_id, pdf=pdf, sha256=_sha256(pdf)), revision_id)


def newest_pdf(quote: Quote) -> bytes:
    """The PDF of the live revision; once it is accepted, the one that says so. Renders like ``pdf_for``."""
    revision, acceptance = quote.current_revision, quote.acceptance
    if acceptance is None or quote.status not in WON_STATUSES:
        return pdf_for(revision.id if revision else 0)
    stored = db.session.get(AcceptanceDocument, acceptance.id)
    if stored is not None:
        return stored.pdf
    accepted = records.get(Revision, acceptance.revision_id, "This revision no longer exists.")
    frozen, signed, acceptance_id = snapshot.parse(accepted.content), _signed(acceptance), acceptance.id
    db.session.commit()
    with _once(AcceptanceDocument, acceptance_id) as found:
        if found:
            return found
        pdf = render(frozen, signed)
        return _store(
            AcceptanceDocument(acceptance_id=acceptance_id, pdf=pdf, sha256=_sha256(pdf)), acceptance_id
        )


@contextmanager
def _once(kind: type[RevisionDocument] | type[AcceptanceDocument], key: int) -> Iterator[bytes | None]:
    """Let one process at a time render a document. Yields what another one stored meanwhile."""
    try:
        with once.one_at_a_time(f"{kind.__tablename__} {key}"):
            stored = cast(RevisionDocument | AcceptanceDocument | None, db.session.get(kind, key))
            pdf = stored.pdf if stored is not None else None
            db.session.commit()
            yield pdf
    except once.TooManyWait as error:
        raise RenderFailed(
            "Many people are waiting for this PDF, which is still being created. Try again in a minute."
        ) from error


def _store(new: RevisionDocument | AcceptanceDocument, key: int) -> bytes:
    """Store a PDF. If another process rendered it at the same moment, everyone gets that one."""
    pdf = new.pdf
    db.session.add(new)
    try:
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        return records.get(type(new), key, "This document no longer exists.").pdf
    return pdf


def _sha256(pdf: bytes) -> str:
    return hashlib.sha256(pdf).hexdigest()


def _signed(acceptance: Acceptance) -> Signed:
    recorder = acceptance.recorded_by
    return Signed(
        acceptance.name, acceptance.accepted_at, acceptance.content_sha256, recorder.name if recorder else ""
    )


def preload() -> None:
    """Load the PDF libraries early: that takes longer than rendering a short PDF."""
    import xhtml2pdf.document  # noqa: F401


def html_of(frozen: Snapshot, signed: Signed | None = None) -> str:
    """The document as HTML, before the layout."""
    computed = pricing.of_snapshot(frozen)
    groups = pricing.grouped(frozen, computed)
    tiles = [group for group in groups if group.sums.total or group is groups[0]]
    paper = frozen.place.paper or (places.LETTER if frozen.currency in LETTER_CURRENCIES else places.A4)
    environment = _environment(frozen.place)
    css = environment.get_template("quote.css").render(paper=paper)
    html = environment.get_template("quote.html").render(
        quote=frozen,
        signed=signed,
        groups=groups,
        taxes=pricing.taxes(frozen, computed),
        tax_note=pricing.tax_rounding_note(frozen, computed),
        css=Markup(css),  # noqa: S704  our own style sheet
        tiles=tiles,
        tile_width=round(100 / max(len(tiles), 1), 2),
        short=_short,
    )
    return letters.marked(html)


def render(frozen: Snapshot, signed: Signed | None = None) -> bytes:
    """Lay out ``frozen`` as PDF. Raises RenderFailed with a sentence."""
    from xhtml2pdf.config.resources import RenderLimitError, ResourceAccessPolicy
    from xhtml2pdf.document import pisaDocument

    policy = ResourceAccessPolicy.server(
        FONTS, allow_remote=False, max_render_seconds=RENDER_SECONDS, max_document_bytes=None
    )
    target = io.BytesIO()
    try:
        result = pisaDocument(
            html_of(frozen, signed),
            target,
            path=str(FONTS / "quote.html"),
            resource_policy=policy,
            encoding="utf-8",
            capacity=-1,  # in memory: xhtml2pdf doesn't close its temporary files
        )
    except RenderLimitError as error:
        raise RenderFailed(
            "The PDF couldn't be created because the quote is too large. Shorten its descriptions or split it into two "
            "quotes, then publish again."
        ) from error
    if result.err:
        raise RenderFailed(
            "The PDF of this quote couldn't be created. Report the quote number to your server admin."
        )
    return target.getvalue()


def _short(text: str) -> str:
    """The part of a description that the table of lines shows."""
    shown = "\n".join(text.split("\n")[:LINES_IN_TABLE])
    return shown if len(shown) <= IN_TABLE else shown[:IN_TABLE].rsplit(" ", 1)[0]


def _paragraphs(text: str) -> list[str]:
    """The paragraphs of ``text``; long ones are split at a space."""
    paragraphs = []
    for part in text.split("\n\n"):
        rest = part.strip("\n")
        while len(rest) > PARAGRAPH:
            cut = rest.rfind(" ", PARAGRAPH // 2, PARAGRAPH)
            cut = cut if cut > 0 else PARAGRAPH
            paragraphs.append(rest[:cut])
            rest = rest[cut:].lstrip(" ")
        if rest.strip():
            paragraphs.append(rest)
    return paragraphs


def _lines(text: str) -> Markup:
    """Escaped text with line breaks as <br/>."""
    return Markup("<br/>").join(escape(line) for line in text.split("\n"))


@lru_cache(maxsize=16)
def _environment(place: Place) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {function.__name__: function for function in formatting.ANYWHERE_ALIKE}
    environment.filters |= {
        function.__name__: partial(function, place=place) for function in formatting.PLACED
    }
    environment.filters |= {"paragraphs": _paragraphs, "lines": _lines}
    return environment
