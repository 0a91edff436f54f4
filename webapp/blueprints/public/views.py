"""View a quote, choose options, accept, decline, download the PDF."""

from __future__ import annotations

from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.blueprints import branding
from webapp.blueprints.public import public
from webapp.blueprints.quotes.editor import pdf_response
from webapp.blueprints.support import is_htmx, runtime
from webapp.extensions import limiter
from webapp.models import Quote, Revision
from webapp.services.company import loss_reasons
from webapp.services.core.errors import Conflict, Invalid, NotFound
from webapp.services.quoting.answer import acceptance, choosing, quantities
from webapp.services.quoting.paper import document
from webapp.services.quoting.revisions import pricing, snapshot
from webapp.services.quoting.revisions.snapshot import Snapshot


@public.get("/<token>")
def show(token: str) -> ResponseReturnValue:
    """The live revision. Fetching it isn't viewing it (``acceptance.note_viewed``)."""
    return _page(acceptance.by_token(token))


@public.post("/<token>/viewed")
@limiter.limit("20/minute")
def viewed(token: str) -> ResponseReturnValue:
    """Sent by the page's script when someone has it on the screen."""
    _note_viewed(acceptance.by_token(token))
    return "", 204


@public.post("/<token>/choose")
@limiter.limit("120/minute")
def choose(token: str) -> ResponseReturnValue:
    """The totals with the options chosen (uids); htmx gets only the offer."""
    quote = acceptance.by_token(token)
    _note_viewed(quote)
    return _page(quote, values=request.form, errors={}, refused="accept", sentence="")


@public.post("/<token>/accept")
@limiter.limit("20/minute")
def accept(token: str) -> ResponseReturnValue:
    """Accept the revision on the screen."""
    shown = request.form.get("shown", "")
    evidence = acceptance.Evidence(request.remote_addr or "", request.user_agent.string)
    try:
        acceptance.accept(token, request.form, _chosen(), evidence, shown)
    except (Invalid, Conflict) as error:
        return _refused(token, error, "accept")
    return _answered(token)


@public.post("/<token>/decline")
@limiter.limit("20/minute")
def decline(token: str) -> ResponseReturnValue:
    """Decline, with a reason."""
    try:
        acceptance.decline(token, request.form)
    except (Invalid, Conflict) as error:
        return _refused(token, error, "decline")
    return _answered(token)


@public.get("/<token>/quote.pdf")
@limiter.limit("30/minute")
def pdf(token: str) -> ResponseReturnValue:
    """The live revision as PDF; once it is accepted, with who accepted it and when."""
    quote = acceptance.by_token(token)
    if acceptance.is_withdrawn(quote):
        raise NotFound("This offer was declined or withdrawn, so its PDF is no longer available.")
    name = f"quote-{quote.number}.pdf"
    return pdf_response(document.newest_pdf(quote, runtime().config.public_base_url), name)


@public.get("/<token>/brand.css")
def brand_css(token: str) -> ResponseReturnValue:
    """The colors that the offer was published with, as variables. The address names the revision, so it is kept."""
    return branding.variables(_live(acceptance.by_token(token))[1].brand)


@public.get("/<token>/logo")
def logo(token: str) -> ResponseReturnValue:
    """The logo that the offer was published with."""
    return branding.logo(_live(acceptance.by_token(token))[1].brand)


def _note_viewed(quote: Quote) -> None:
    prefetched = "prefetch" in request.headers.get("Sec-Purpose", request.headers.get("Purpose", ""))
    if current_user.is_authenticated or prefetched or acceptance.is_scanner(request.user_agent.string):
        return
    acceptance.note_viewed(quote)


def _chosen() -> list[str]:
    """What is chosen on the page (uids): check boxes, and a radio button for each section of which one is taken."""
    names = [name for name in request.form if name == "choose" or name.startswith("choose:")]
    return [uid for name in names for uid in request.form.getlist(name)]


def _answered(token: str) -> ResponseReturnValue:
    return redirect(url_for("public.show", token=token), 303)


def _refused(token: str, error: Invalid | Conflict, form: str) -> ResponseReturnValue:
    fields = error.fields if isinstance(error, Invalid) else {}
    status = 409 if isinstance(error, Conflict) else 422
    typed = {"values": request.form, "errors": fields, "sentence": str(error), "refused": form}
    return _page(acceptance.by_token(token), **typed), status


def _live(quote: Quote) -> tuple[Revision, Snapshot]:
    """The live revision and what it holds; a link exists from the first one on."""
    revision = quote.current_revision
    if revision is None:
        raise RuntimeError("A published quote must have a revision.")
    return revision, snapshot.parse(revision.content)


def _page(quote: Quote, **typed: Any) -> str:
    revision, frozen = _live(quote)
    g.place = frozen.place
    closed = acceptance.closed_reason(quote)
    shown_before, _ = quantities.read(frozen, request.form, quantities.WAS)
    before = pricing.with_choices(frozen, request.form.getlist("was"), shown_before)
    wanted, wrong = quantities.read(frozen, request.form)
    if not closed and "chosen" in request.form:
        # Where a quantity can't be chosen, the page keeps the one that it showed.
        frozen = pricing.with_choices(frozen, _chosen(), shown_before | wanted)
    computed, is_withdrawn = pricing.of_snapshot(frozen), acceptance.is_withdrawn(quote)
    linked = request.args.get("r", type=int)
    page = {
        "quote": quote,
        "revision": revision,
        "frozen": frozen,
        **choosing.shown(frozen, computed, is_open=not closed),
        "was": pricing.choices(frozen),
        "quantities": {} if closed else quantities.shown(frozen),
        "quantity_errors": wrong,
        "quantity_typed": request.form,
        "closed": closed,
        "withdrawn": is_withdrawn,
        "shown": acceptance.on_screen(frozen),
        "loss_reasons": loss_reasons.current()[0],
        "choosing": not closed,
        "brand_css": url_for("public.brand_css", token=quote.public_token, r=revision.number),
        "logo": url_for("public.logo", token=quote.public_token, r=revision.number)
        if frozen.brand.logo
        else "",
        "pdf_address": "" if is_withdrawn else url_for("public.pdf", token=quote.public_token),
        "older_link": linked if linked and linked < revision.number else None,
    }
    if is_htmx() and is_withdrawn:
        raise Invalid(closed)
    if is_htmx():
        return render_template("public/_choices.html", **page, said=choosing.change(before, frozen, computed))
    return render_template("public/show.html", **page, **{"values": {}, "errors": {}, **typed})
