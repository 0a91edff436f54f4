"""The PDF of a revision: rendered once from the frozen content, then stored with its hash.

Works without a web request, so the worker can call it too. It reads only the fonts and fetches nothing.

Owns its transactions: no transaction is open while a PDF is rendered, which can take seconds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from markupsafe import Markup
from sqlalchemy.exc import IntegrityError

from webapp.models import Acceptance, AcceptanceDocument, Quote, Revision, RevisionDocument, db
from webapp.models.quote import WON_STATUSES
from webapp.services.core import metrics, records, work
from webapp.services.core import place as places
from webapp.services.core.errors import Busy, ServiceError
from webapp.services.core.runtime import Runtime
from webapp.services.quoting.answer import links
from webapp.services.quoting.evidence import sealing
from webapp.services.quoting.paper import (
    attempts,
    columns,
    drawing,
    fonts,
    letters,
    logos,
    long_texts,
    once,
    pictures,
    templates,
    unsigned,
)
from webapp.services.quoting.paper import signed as signatures
from webapp.services.quoting.paper.attempts import Plan
from webapp.services.quoting.paper.columns import Grid
from webapp.services.quoting.paper.drawing import Facts
from webapp.services.quoting.paper.offer import Figure, Laid
from webapp.services.quoting.paper.pictures import Pictures
from webapp.services.quoting.paper.sheet import INK, MUTED, Sheet
from webapp.services.quoting.paper.signed import Signed
from webapp.services.quoting.paper.unsigned import Blank
from webapp.services.quoting.revisions import pricing, snapshot
from webapp.services.quoting.revisions.snapshot import Snapshot

TITLE_ROOM = 430.0
LETTER_CURRENCIES = ("USD", "CAD")
# How often the PDF of an offer is rendered while its signers or its link change under it.
TRIES = 3


class RenderFailed(ServiceError):
    """The PDF couldn't be created."""


BUSY = "Many people are waiting for this PDF, which is still being created. Try again in a minute."


class RenderBusy(RenderFailed, Busy):
    """Too many others wait for the same PDF."""


def pdf_for(revision_id: int, base_url: str = "") -> bytes:
    """The PDF of a revision. The first call renders and stores it, outside any transaction: it can take seconds.

    It is rendered again when something else is to be shown (``unsigned.mark``), also while it was rendered.
    ``base_url``: where customers reach Quotewright, for the address to accept at; none is printed without it.

    Raises NotFound, or RenderFailed with a sentence. Ends the session's open transaction.
    """
    revision = records.get(Revision, revision_id, unsigned.GONE)
    stored = unsigned.stored(revision, base_url)
    if stored is not None:
        return stored
    db.session.commit()
    with _alone(f"{RevisionDocument.__tablename__} {revision_id}"):
        for _ in range(TRIES):
            revision = records.get(Revision, revision_id, unsigned.GONE)
            stored, mark = unsigned.stored(revision, base_url), unsigned.mark(revision, base_url)
            frozen = snapshot.parse(revision.content)
            shown, link = pictures.of(frozen), links.to_page(base_url, revision.quote.public_token)
            blanks = unsigned.of(revision.quote, frozen)
            db.session.commit()
            if stored is not None:
                return stored
            pdf = render(frozen, None, shown, link, blanks)
            if kept := unsigned.store(revision_id, base_url, pdf, mark):
                return kept
        return pdf


def newest_pdf(quote: Quote, runtime: Runtime) -> bytes:
    """The PDF of the live revision; once all have signed, the one that says so. Renders like ``pdf_for``."""
    revision, acceptance = quote.current_revision, quote.acceptance
    if acceptance is None or acceptance.is_waiting or quote.status not in WON_STATUSES:
        return pdf_for(revision.id if revision else 0, runtime.config.public_base_url)
    return accepted_pdf(acceptance, runtime)


def accepted_pdf(acceptance: Acceptance, runtime: Runtime) -> bytes:
    """The PDF that carries the acceptance and its certificate, sealed. Renders like ``pdf_for``; the chain notes it.

    Raises SealPending too, while it waits for a time stamp.
    """
    stored = db.session.get(AcceptanceDocument, acceptance.id)
    if stored is not None:
        return stored.pdf
    accepted = records.get(Revision, acceptance.revision_id, "This revision no longer exists.")
    frozen, acceptance_id, quote_id = snapshot.parse(accepted.content), acceptance.id, acceptance.quote_id
    shown = pictures.of(frozen)
    db.session.commit()
    with _alone(f"{AcceptanceDocument.__tablename__} {acceptance_id}"):
        stored = db.session.get(AcceptanceDocument, acceptance_id, populate_existing=True)
        found = stored.pdf if stored is not None else None
        db.session.commit()
        if found is not None:
            return found

        def paper(plan: Plan) -> bytes:
            signed = records.get(Acceptance, acceptance_id, "This acceptance no longer exists.")
            on_paper = signatures.of(signed, frozen, plan.facts(frozen.place))
            db.session.commit()
            return render(frozen, on_paper, shown)

        pdf, plan = attempts.sealed(runtime, acceptance_id, paper)
        new = AcceptanceDocument(acceptance_id=acceptance_id, pdf=pdf, sha256=_sha256(pdf))
        with work.writing():
            sealing.note(quote_id, frozen.revision, new.sha256, plan.noted())
            attempts.settle(plan, acceptance_id, quote_id)
            return _store(new)


def pdf_to_deliver(revision_id: int, runtime: Runtime) -> bytes:
    """The PDF of a revision; of the accepted one the PDF that says so, whatever became of the quote since."""
    acceptance = db.session.scalar(db.select(Acceptance).filter_by(revision_id=revision_id))
    if acceptance is None or acceptance.is_waiting:
        return pdf_for(revision_id, runtime.config.public_base_url)
    return accepted_pdf(acceptance, runtime)


def colleagues_pdf(quote: Quote, runtime: Runtime, token: str) -> bytes:
    """Like ``newest_pdf``, with a colleague's own link to accept at: the quote's isn't theirs. It isn't stored."""
    revision = quote.current_revision
    if revision is None or quote.status in WON_STATUSES:
        return newest_pdf(quote, runtime)
    frozen, key = snapshot.parse(revision.content), f"colleague {revision.id}"
    shown, link = pictures.of(frozen), links.to_page(runtime.config.public_base_url, token)
    blanks = unsigned.of(quote, frozen)
    db.session.commit()
    with _alone(key):
        return render(frozen, None, shown, link, blanks)


@contextmanager
def _alone(document: str) -> Iterator[None]:
    """Let one process at a time render a document. Raises RenderBusy."""
    try:
        with once.one_at_a_time(document):
            yield
    except once.TooManyWait as error:
        raise RenderBusy(BUSY) from error


def _store(new: AcceptanceDocument) -> bytes:
    """Store a PDF. If another process rendered it at the same moment, everyone gets that one."""
    pdf, acceptance_id = new.pdf, new.acceptance_id
    db.session.add(new)
    try:
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        return records.get(AcceptanceDocument, acceptance_id, "This document no longer exists.").pdf
    return pdf


def _sha256(pdf: bytes) -> str:
    return hashlib.sha256(pdf).hexdigest()


def preload() -> None:
    """Load the PDF libraries and the templates early: that takes longer than rendering a short PDF."""
    import xhtml2pdf.document  # noqa: F401

    templates.preload()
    fonts.register(fonts.TEXT)


def html_of(
    frozen: Snapshot,
    signed: Signed | None = None,
    shown: Pictures = pictures.NONE,
    link: str = "",
    blanks: Sequence[Blank] = (),
) -> str:
    """All that the document says, as HTML. ``shown``: ``pictures.of``; ``link``: the customer's page; ``blanks``: the
    lines to sign on, one where there are none.
    """
    return _written(frozen, signed, shown, link, blanks)[0]


@metrics.timed(metrics.PDF_SECONDS)
def render(
    frozen: Snapshot,
    signed: Signed | None = None,
    shown: Pictures = pictures.NONE,
    link: str = "",
    blanks: Sequence[Blank] = (),
) -> bytes:
    """Lay out ``frozen`` as PDF; the arguments are those of ``html_of``. Raises RenderFailed with a sentence."""
    from xhtml2pdf.config.resources import RenderLimitError

    html, paper, grid = _written(frozen, signed, shown, link, blanks)
    number = f"Quote {frozen.number or '(draft)'}"
    customer = frozen.organization.name if frozen.organization else frozen.title
    facts = Facts(
        f"{number}, {customer}", frozen.seller.name, (frozen.seller.name or "Logo") if shown.logo else ""
    )
    if signed is not None and signed.certificate is not None:
        facts.keywords = signed.certificate.keywords
    try:
        return drawing.draw(html, paper, grid, frozen.brand.palette, facts, shown.items, templates.FOLDER)
    except RenderLimitError as error:
        raise RenderFailed(
            "The PDF couldn't be created because the quote is too large. Shorten its descriptions or split it into two "
            "quotes, then publish again."
        ) from error


def _written(
    frozen: Snapshot, signed: Signed | None, shown: Pictures, link: str, blanks: Sequence[Blank]
) -> tuple[str, Sheet, Grid]:
    """The document as HTML, the paper, and its columns."""
    computed = pricing.of_snapshot(frozen)
    offered = pricing.offered(frozen, computed)
    laid = Laid(frozen, computed, offered, shown.items)
    figures = _figures(offered.get("contract", ()), laid)
    name = frozen.place.paper or (places.LETTER if frozen.currency in LETTER_CURRENCIES else places.A4)
    paper = Sheet(name, frozen.brand.font)
    environment = templates.environment(frozen.place)
    css = environment.get_template("quote.css").render(
        paper=name,
        font=paper.text.name,
        colors=frozen.brand.palette,
        ink=INK,
        muted=MUTED,
        title_margin=round(paper.space - TITLE_ROOM),
    )
    html = environment.get_template("quote.html").render(
        quote=frozen,
        logo=shown.logo,
        logo_size=logos.size(frozen.brand),
        signed=signed,
        **{"terms_of": {}, **offered},
        css=Markup(css),  # noqa: S704  our own style sheet
        has_cover=frozen.brand.has_cover(len(frozen.lines)),
        link=link,
        blanks=blanks or unsigned.anyone(frozen),
        laid=laid,
        periods=laid.periods,
        sums=laid.sums,
        plans=laid.plans,
        options=laid.options,
        mark=laid.mark,
        image=laid.image,
        column=laid.column,
        saved=laid.saved,
        effect=laid.effect,
        figures=figures,
        short=long_texts.short,
        long_texts=list(long_texts.of(frozen)),
    )
    return letters.dressed(html, paper.text), paper, columns.grid(paper, laid.figures(figures))


def _figures(contract: Sequence[Any], laid: Laid) -> list[Figure]:
    """What stands below the totals: the first invoice and the contract's value, where the offer has them.

    ``contract``: rows with a ``name``, an ``amount``, ``parts`` (what it is reckoned from: label and amount) and a
    ``note``.
    """

    def reckoned(row: Any) -> str:
        parts = [label if "×" in label else f"{label} {laid.money(amount)}" for label, amount in row.parts]
        said = f"{' + '.join(parts)}, including tax." if len(parts) > 1 else "Including tax."
        return f"{said} {row.note}".strip()

    return [Figure(row.name, reckoned(row), row.amount) for row in contract]
