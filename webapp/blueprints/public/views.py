"""View a quote, choose options, accept, decline, download the PDF. ``page`` shows it for every other view."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from webapp.blueprints import branding, customer_styles
from webapp.blueprints.public import public, visiting
from webapp.blueprints.public import signing as signing_page
from webapp.blueprints.quotes.editor import pdf_response
from webapp.blueprints.quotes.evidence import zip_response
from webapp.blueprints.support import is_htmx, runtime
from webapp.extensions import limiter
from webapp.models import Quote, QuoteComment, Revision
from webapp.services.company import loss_reasons
from webapp.services.core.errors import Conflict, Invalid, NotFound
from webapp.services.payments import paying
from webapp.services.quoting.answer import (
    acceptance,
    afterwards,
    bundle,
    choice,
    choosing,
    comments,
    consent,
    opened,
    quantities,
    viewing,
)
from webapp.services.quoting.answer.opened import Opened, Writer
from webapp.services.quoting.evidence import visits
from webapp.services.quoting.paper import document
from webapp.services.quoting.revisions import pricing, snapshot
from webapp.services.quoting.revisions.snapshot import Snapshot


@public.get("/<token>")
def show(token: str) -> ResponseReturnValue:
    """The live revision. Fetching it isn't viewing it (``viewing.note_viewed``)."""
    found = opened.by_token(token)
    if visiting.is_program(who := visiting.visitor(found)):
        visits.note(found.quote, visits.FETCHED, who)
    return page(found)


@public.post("/<token>/viewed")
@limiter.limit("20/minute")
def viewed(token: str) -> ResponseReturnValue:
    """Sent by the page's script when someone has it on the screen."""
    _note_viewed(opened.by_token(token))
    return "", 204


@public.post("/<token>/choose")
@limiter.limit("120/minute")
def choose(token: str) -> ResponseReturnValue:
    """The totals with the options chosen (uids); htmx gets only the offer."""
    found = opened.by_token(token)
    _note_viewed(found)
    return page(found, values=request.form, errors={}, refused="accept", sentence="")


@public.post("/<token>/accept")
@limiter.limit("20/minute")
def accept(token: str) -> ResponseReturnValue:
    """Accept the revision on the screen."""
    shown = request.form.get("shown", "")
    try:
        acceptance.accept(token, request.form, _chosen(), visiting.evidence(), shown)
    except (Invalid, Conflict) as error:
        return refused(token, error, "accept")
    return _answered(token)


@public.post("/<token>/decline")
@limiter.limit("20/minute")
def decline(token: str) -> ResponseReturnValue:
    """Decline, with a reason."""
    try:
        acceptance.decline(token, request.form)
    except (Invalid, Conflict) as error:
        return refused(token, error, "decline")
    return _answered(token)


@public.get("/<token>/quote.pdf")
@limiter.limit("30/minute")
def pdf(token: str) -> ResponseReturnValue:
    """The live revision as PDF; once it is accepted, with who accepted it and when."""
    found = opened.by_token(token)
    quote = found.quote
    if acceptance.is_withdrawn(quote):
        raise NotFound("This offer was declined or withdrawn, so its PDF is no longer available.")
    if found.person is not None:
        content = document.colleagues_pdf(quote, runtime(), token)
    else:
        content = document.newest_pdf(quote, runtime())
    _note_downloaded(token, "PDF")
    return pdf_response(content, f"quote-{quote.number}.pdf")


@public.get("/styles/<version>/<font>.css")
def styles(version: str, font: str) -> ResponseReturnValue:
    """The style sheet of every customer's page with this font."""
    return customer_styles.answer(version, font)


@public.get("/<token>/evidence.zip")
@limiter.limit("10/minute")
def evidence(token: str) -> ResponseReturnValue:
    """The bundle that proves the acceptance, as far as it's the customer's."""
    found = opened.by_token(token)
    content = bundle.of_quote(found.quote, runtime(), for_customer=True)
    _note_downloaded(token, "evidence bundle")
    return zip_response(content, bundle.name_of(found.quote))


@public.get("/<token>/brand.css")
def brand_css(token: str) -> ResponseReturnValue:
    """The colors that the offer was published with, as variables. The address names the revision, so it is kept."""
    return branding.variables(live_of(acceptance.by_token(token))[1].brand)


@public.get("/<token>/logo")
def logo(token: str) -> ResponseReturnValue:
    """The logo that the offer was published with."""
    return branding.logo(live_of(acceptance.by_token(token))[1].brand)


@public.get("/<token>/picture/<sha256>")
def picture(token: str, sha256: str) -> ResponseReturnValue:
    """The picture of an item, of those that the offer shows."""
    quote = acceptance.by_token(token)
    if acceptance.is_withdrawn(quote) or sha256 not in live_of(quote)[1].images:
        raise NotFound("There's no such picture.")
    return branding.picture(sha256)


def _note_viewed(found: Opened) -> None:
    who = visiting.visitor(found)
    if visiting.is_program(who):
        return
    if who.user is None:
        viewing.note_viewed(found.quote, found.share, found.signer)
    visits.note(found.quote, visits.VIEWED, who)


def _note_downloaded(token: str, what: str) -> None:
    """Once there is a file. Making one ends the transaction, so that all is asked anew."""
    found = opened.by_token(token)
    visits.note(found.quote, visits.DOWNLOADED, visiting.visitor(found), what)


def _chosen() -> list[str]:
    """What is chosen on the page (uids): check boxes, and a radio button for each section of which one is taken."""
    names = [name for name in request.form if name == "choose" or name.startswith("choose:")]
    return [uid for name in names for uid in request.form.getlist(name)]


def _answered(token: str) -> ResponseReturnValue:
    return redirect(url_for("public.show", token=token), 303)


def refused(token: str, error: Invalid | Conflict, form: str) -> ResponseReturnValue:
    """The page after an answer that wasn't stored, with what was entered and why. ``form``: which of its forms."""
    fields = error.fields if isinstance(error, Invalid) else {}
    status = 409 if isinstance(error, Conflict) else 422
    typed = {"values": request.form, "errors": fields, "sentence": str(error), "refused": form}
    return page(opened.by_token(token), **typed), status


def live_of(quote: Quote) -> tuple[Revision, Snapshot]:
    """The live revision and what it holds; a link exists from the first one on."""
    revision = quote.current_revision
    if revision is None:
        raise RuntimeError("A published quote must have a revision.")
    return revision, snapshot.parse(revision.content)


def writer_of(found: Opened, frozen: Snapshot) -> Writer:
    """Who writes, as a form is opened: as this browser last wrote, or else whom the link is for."""
    known = opened.known(found, frozen)
    said = session.get("writer") if found.person is None else None
    return Writer(said[0], said[1]) if isinstance(said, list) and len(said) == 2 else known


def talk_of(found: Opened, frozen: Snapshot) -> dict[str, Any]:
    """What the page shows of comments: ``talk`` by line, what is left of lines that are gone, and the form's state."""
    said = comments.threads(comments.of_quote(found.quote), {line.uid for line in frozen.lines})
    by_line: dict[str, list[QuoteComment]] = {one.line_uid: one.comments for one in said if not one.is_gone}
    return {
        "talk": by_line,
        "talk_gone": [one for one in said if one.is_gone],
        "talk_closed": comments.closed_reason(found.quote, frozen),
        "writer": writer_of(found, frozen),
        "shared": found.share,
        "comment_typed": {},
        "comment_at": "",
        "comment_errors": {},
        "comment_sentence": "",
    }


def page(found: Opened, **typed: Any) -> str:
    """The page, or for htmx the offer; ``typed``: what a refused form held, and why it was refused."""
    quote, token = found.quote, found.token
    revision, frozen = live_of(quote)
    g.place = frozen.place
    closed = acceptance.closed_reason(quote, frozen)
    signing = signing_page.of_page(found, closed)
    shown_before, _ = quantities.read(frozen, request.form, quantities.WAS)
    before = pricing.with_choices(frozen, request.form.getlist("was"), shown_before)
    wanted, wrong = quantities.read(frozen, request.form)
    if signing["choosing"] and "chosen" in request.form:
        # Where a quantity can't be chosen, the page keeps the one that it showed.
        frozen = pricing.with_choices(frozen, _chosen(), shown_before | wanted)
    computed, is_withdrawn = pricing.of_snapshot(frozen), acceptance.is_withdrawn(quote)
    linked = request.args.get("r", type=int)
    context = {
        "quote": quote,
        "token": token,
        "known": opened.known(found, frozen),
        "known_title": opened.known_title(found, frozen),
        "revision": revision,
        "frozen": frozen,
        **choosing.shown(frozen, computed, is_open=signing["choosing"]),
        "was": pricing.choices(frozen),
        "quantities": {} if not signing["choosing"] else quantities.shown(frozen),
        "quantity_errors": wrong,
        "quantity_typed": request.form,
        "closed": closed,
        "withdrawn": is_withdrawn,
        "consent": consent.sentence(frozen),
        "consent_sha256": consent.sha256(consent.sentence(frozen)),
        "shown": acceptance.on_screen(frozen, computed),
        "overdrawn": choice.refused_reason(computed) if signing["choosing"] else "",
        "loss_reasons": loss_reasons.current()[0],
        **signing,
        "brand_css": url_for("public.brand_css", token=token, r=revision.number),
        "logo": url_for("public.logo", token=token, r=revision.number) if frozen.brand.logo else "",
        "picture_of": branding.pictures(frozen, partial(url_for, "public.picture", token=token)),
        "pdf_address": "" if is_withdrawn else url_for("public.pdf", token=token),
        "has_evidence": bundle.exists(quote),
        "next": afterwards.of_quote(quote),
        "due": paying.of_quote(quote, frozen, computed) if closed else None,
        **talk_of(found, frozen),
        "older_link": linked if linked and linked < revision.number else None,
    }
    if is_htmx() and is_withdrawn:
        raise Invalid(closed)
    if is_htmx():
        return render_template(
            "public/_choices.html",
            **context,
            said=f"{choosing.change(before, frozen, computed)} {context['overdrawn']}".strip(),
        )
    return render_template("public/show.html", **{**context, "values": {}, "errors": {}, **typed})
