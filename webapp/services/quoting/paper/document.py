"""The PDF of a revision: rendered once from the frozen content, then stored with its hash.

Works without a web request, so the worker can call it too. It reads only the fonts and fetches nothing.

Owns its transactions: no transaction is open while a PDF is rendered, which can take seconds.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache, partial
from pathlib import Path
from typing import cast

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from sqlalchemy.exc import IntegrityError

from webapp.models import Acceptance, AcceptanceDocument, Quote, Revision, RevisionDocument, db
from webapp.models.quote import WON_STATUSES
from webapp.services.core import formatting, metrics, records
from webapp.services.core import place as places
from webapp.services.core.errors import Busy, ServiceError
from webapp.services.core.place import Place
from webapp.services.quoting.paper import columns, fonts, letters, logos, once, paragraphs
from webapp.services.quoting.revisions import pricing, snapshot
from webapp.services.quoting.revisions.snapshot import Snapshot

WEBAPP = Path(__file__).parents[3]
TEMPLATES = WEBAPP / "templates" / "document"

# Longer descriptions are printed in full after the offer, so that the table of lines stays readable.
IN_TABLE = 1200
LINES_IN_TABLE = 24
RENDER_SECONDS = 240.0
# What stays on one page with the sums; less of it where a page is too short: a last line can fill one alone.
KEPT_TOGETHER = ("line", "sums", "")
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


class RenderBusy(RenderFailed, Busy):
    """Too many others wait for the same PDF."""


def pdf_for(revision_id: int) -> bytes:
    """The PDF of a revision. The first call renders and stores it, outside any transaction: it can take seconds.

    Raises NotFound, or RenderFailed with a sentence. Ends the session's open transaction.
    """
    stored = db.session.get(RevisionDocument, revision_id)
    if stored is not None:
        return stored.pdf
    revision = records.get(Revision, revision_id, "This revision no longer exists.")
    frozen = snapshot.parse(revision.content)
    logo = logos.of(frozen.brand)
    db.session.commit()
    with _once(RevisionDocument, revision_id) as found:
        if found:
            return found
        pdf = render(frozen, None, logo)
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
    logo = logos.of(frozen.brand)
    db.session.commit()
    with _once(AcceptanceDocument, acceptance_id) as found:
        if found:
            return found
        pdf = render(frozen, signed, logo)
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
        raise RenderBusy(
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

    fonts.register(fonts.TEXT)


def html_of(
    frozen: Snapshot, signed: Signed | None = None, keep: str = KEPT_TOGETHER[0], logo: str = ""
) -> str:
    """The document as HTML, before the layout. ``keep``: what stays on the page of the sums; ``logo``: ``logos.of``."""
    computed = pricing.of_snapshot(frozen)
    offered = pricing.offered(frozen, computed)
    groups = offered["groups"]
    tiles = [group for group in groups if group.sums.total or group is groups[0]]
    paper = frozen.place.paper or (places.LETTER if frozen.currency in LETTER_CURRENCIES else places.A4)
    environment = _environment(frozen.place)
    printed = _Printed(frozen)
    table = columns.of_lines(paper, *printed.table(groups))
    css = environment.get_template("quote.css").render(
        paper=paper, columns=table, colors=frozen.brand.palette
    )
    html = environment.get_template("quote.html").render(
        quote=frozen,
        keep=keep,
        logo=logo,
        logo_size=logos.size(frozen.brand),
        signed=signed,
        **offered,
        css=Markup(css),  # noqa: S704  our own style sheet
        tiles=tiles,
        tile_width=round(100 / max(len(tiles), 1), 2),
        tile_size=columns.tile_size(paper, [printed.money(group.sums.total) for group in tiles]),
        columns=table,
        short=_short,
        long_texts=list(_long_texts(frozen)),
    )
    return letters.dressed(html)


@metrics.timed(metrics.PDF_SECONDS)
def render(frozen: Snapshot, signed: Signed | None = None, logo: str = "") -> bytes:
    """Lay out ``frozen`` as PDF. ``logo``: ``logos.of``. Raises RenderFailed with a sentence."""
    from reportlab.platypus.doctemplate import LayoutError

    for keep in KEPT_TOGETHER[:-1]:
        try:
            return _laid_out(frozen, signed, keep, logo)
        except LayoutError:
            continue
    return _laid_out(frozen, signed, KEPT_TOGETHER[-1], logo)


def _laid_out(frozen: Snapshot, signed: Signed | None, keep: str, logo: str) -> bytes:
    from xhtml2pdf.config.resources import RenderLimitError, ResourceAccessPolicy
    from xhtml2pdf.document import pisaDocument

    policy = ResourceAccessPolicy.server(
        TEMPLATES, allow_remote=False, max_render_seconds=RENDER_SECONDS, max_document_bytes=None
    )
    target = io.BytesIO()
    try:
        result = pisaDocument(
            html_of(frozen, signed, keep, logo),
            target,
            path=str(TEMPLATES / "quote.html"),
            resource_policy=policy,
            context_meta={
                "title": f"Quote {frozen.number or '(draft)'} – {frozen.title}",
                "author": frozen.seller.name,
            },
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


class _Printed:
    """The figures of an offer as the template prints them."""

    def __init__(self, frozen: Snapshot) -> None:
        self._currency, self._place = frozen.currency, frozen.place

    def money(self, amount: Decimal) -> str:
        return formatting.money(amount, self._currency, self._place)

    def table(self, groups: list[pricing.PeriodGroup]) -> tuple[list[tuple[str, str, str, str]], list[str]]:
        """The figures of each line, and those of the sums."""
        rows = [
            (
                formatting.quantity(line.quantity, self._place),
                formatting.unit_money(line.unit_price, self._currency, self._place),
                f"–{self.money(amounts.discount)}" if amounts.discount else "",
                self.money(amounts.net),
            )
            for group in groups
            for line, amounts in group.lines
        ]
        subtotals = [part.net for group in groups for part in group.parts if part.section]
        sums = [amount for group in groups for amount in (group.sums.net, group.sums.total)]
        return rows, [self.money(amount) for amount in (*subtotals, *sums)]


def _short(text: str) -> str:
    """The part of a description that the table of lines shows."""
    shown = "\n".join(text.split("\n")[:LINES_IN_TABLE])
    return shown if len(shown) <= IN_TABLE else shown[:IN_TABLE].rsplit(" ", 1)[0]


def _long_texts(frozen: Snapshot) -> Iterator[tuple[str, str]]:
    """What the table shows only the beginning of: the name and the whole text."""
    texts = [(section.title, section.text) for section in frozen.sections]
    texts += [(line.name, line.description) for line in frozen.lines]
    return ((name, text) for name, text in texts if _short(text) != text)


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
    environment.filters |= {
        function.__name__: function for function in (paragraphs.paragraphs, paragraphs.lines, paragraphs.side)
    }
    return environment
