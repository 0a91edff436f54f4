"""The page of one quote: the editor while it is open, the frozen offer when it is won or lost."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache, partial
from typing import Any

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints import answered, branding
from webapp.blueprints.quotes import quotes
from webapp.blueprints.support import actor, back_to, is_htmx, may, runtime
from webapp.models import Quote, QuoteLine, db, utc_now
from webapp.models.catalog import RECURRENCES
from webapp.models.quote import PENDING
from webapp.services.accounts import permissions
from webapp.services.accounts.permissions import Permission
from webapp.services.autotask.desk import choosing as opportunities
from webapp.services.autotask.preview import dry_run
from webapp.services.catalog import categories, costs, price_rules, tax_codes
from webapp.services.company import currencies, loss_reasons, place
from webapp.services.company.brand import of_quote
from webapp.services.core import work
from webapp.services.core.place import Place
from webapp.services.delivery import listing
from webapp.services.diary import reading
from webapp.services.payments import paying
from webapp.services.quoting.answer import choice, choosing, comments, links, sharing
from webapp.services.quoting.draft import (
    bundles,
    editing,
    kinds,
    lines,
    margins,
    price_facts,
    readiness,
    shown,
    stages,
    undo,
)
from webapp.services.quoting.lifecycle import sending, transitions
from webapp.services.quoting.money.totals import Totals
from webapp.services.quoting.paper import document, pictures, unsigned
from webapp.services.quoting.revisions import commitments, freezing, parts, pricing
from webapp.services.quoting.revisions.snapshot import FrozenLine, Snapshot

HISTORY_SHOWN = 30
# The controls of the outcome's forms, of which one is sent.
OUTCOME = dict.fromkeys(("status", "name", "reason", "loss_reason"), "")


@quotes.get("/<int:quote_id>")
@login_required
def show(quote_id: int) -> ResponseReturnValue:
    """The quote."""
    return page(editing.get(quote_id))


@quotes.post("/<int:quote_id>/header")
@login_required
@work.command
def save_header(quote_id: int) -> ResponseReturnValue:
    """Save title, dates, texts, discount and shipping."""
    before = _priced_by(editing.get(quote_id))
    saved, header = answered.attempt(
        lambda: editing.save_header(actor(), quote_id, request.form),
        lambda: shown.header(editing.get(quote_id)),
    )
    quote = editing.get(quote_id)
    if saved is not None:
        header = answered.saved(request.form, editing.seen(quote), shown.header(quote))
    if is_htmx():
        what = {"header": header, "is_header": True, "is_saved": saved is not None}
        # They change the amounts of every line.
        return changes(quote, **what, is_shared_discount=before != _priced_by(quote)), header.status
    if header.is_refused:
        return page(quote, header.status, header=header)
    return back_to("quotes.show", "Saved.", quote_id=quote_id)


@quotes.get("/<int:quote_id>/preview")
@login_required
def preview(quote_id: int) -> ResponseReturnValue:
    """What the customer would see if the quote was published now."""
    quote = editing.get(quote_id)
    return render_template("quotes/preview.html", quote=quote, **offer(_as_published(quote)))


@quotes.get("/<int:quote_id>/preview.pdf")
@login_required
def preview_pdf(quote_id: int) -> ResponseReturnValue:
    """The PDF of the draft; the stored PDF when nothing changed since the last revision."""
    quote = editing.get(quote_id)
    revision = quote.current_revision
    name = f"quote-{quote.number or 'draft'}.pdf"
    base = runtime().config.public_base_url
    if revision is not None and (quote.status != PENDING or not freezing.has_changes(quote, revision)):
        return pdf_response(document.newest_pdf(quote, runtime()), name)
    frozen = _as_published(quote)
    images, link = pictures.of(frozen), links.to_page(base, quote.public_token)
    blanks = unsigned.of(quote, frozen)
    db.session.rollback()  # rendering is slow; don't keep others waiting for this transaction
    return pdf_response(document.render(frozen, None, images, link, blanks), name)


def changes(quote: Quote, **what: Any) -> str:
    """What htmx swaps after an edit (_changed.html): ``touched`` lines, ``fresh`` and ``gone`` ones, forms."""
    nothing: dict[str, Any] = dict.fromkeys(("fresh", "touched", "gone"), frozenset())
    forms = {"form": None, "answer": None, "is_whole": False, "is_header": False}
    return render_template("quotes/_changed.html", **{**nothing, **forms, **context(quote), **what})


def page(quote: Quote, status: int = 200, **more: Any) -> ResponseReturnValue:
    """The whole page; after a refused save, ``more`` holds the input and its errors."""
    plain = "plain" in request.args or request.endpoint == "quotes.save_all"
    template = "quotes/plain.html" if plain else "quotes/edit.html"
    live = freezing.live(quote)
    extra: dict[str, Any] = {}
    if quote.status != PENDING or not may(Permission.CHANGE, quote):
        template = "quotes/closed.html"
        live = _as_published(quote) if quote.status == PENDING else live
        extra = offer(live) if live is not None else {}
        extra["chosen_quantities"] = choice.changed_quantities(quote)
    extra["due"] = due = paying.of_quote(quote, live, extra.get("computed"))
    if due is not None:
        extra["payments"] = paying.of(quote)
        extra["payment_form"] = answered.opened("", paying.form(due))
    extra["history"] = history = reading.history(actor(), "quote", quote.id, limit=HISTORY_SHOWN)
    extra["since"] = history[0].id if history else 0
    extra["deliveries"] = listing.of_quote(quote)
    return render_template(template, **{**context(quote), **extra, "plain": plain, **more}), status


def shown_line(
    line: QuoteLine, fields: Collection[str] = lines.FIELDS, here: Place | None = None
) -> dict[str, str]:
    """The controls of these fields of a line, as far as the signed-in user may see them. ``here``: the company."""
    here = here or place.of_company()
    # The form of the price is opened with the price, and shows it in the line.
    is_price = "list_price" in fields and "quantity" not in fields
    controls = {} if is_price else shown.cells(line, here)
    if "list_price" in fields:
        controls |= shown.pricing(line, here)
    if "description" in fields:
        controls |= shown.details(line)
    seen = costs.shown(actor(), fields)
    return {control: text for control, text in controls.items() if control.removesuffix("_id") in seen}


def opened_line(here: Place, fields: Collection[str], line: QuoteLine) -> answered.Answered:
    """The form of a line with these fields, as it is opened."""
    return answered.opened(lines.seen(actor(), line, fields), shown_line(line, fields, here))


def _priced_by(quote: Quote) -> tuple[object, ...]:
    return quote.discount_kind, quote.discount_value, quote.currency


def _kinds() -> Callable[[QuoteLine | FrozenLine], kinds.Kind]:
    """The kind of each line and part; which categories are labor is a setting of Autotask, read where one needs it."""
    labor = cache(dry_run.labor_categories)
    return lambda line: kinds.of_line(
        line, is_labor=line.category_id is not None and line.category_id in labor()
    )


def _by_section(quote: Quote) -> dict[str, list[QuoteLine]]:
    listed: dict[str, list[QuoteLine]] = {uid: [] for uid in ("", *(one.uid for one in quote.sections))}
    for line in quote.lines:
        listed[line.section_uid].append(line)
    return listed


def _price_facts(quote: Quote, totals: Totals, line: QuoteLine) -> list[price_facts.Fact]:
    amounts = totals.lines[quote.lines.index(line)]
    return price_facts.of_line(line, amounts, quote.currency, see_cost=may(Permission.SEE_COST))


def order_digest(order: Iterable[str]) -> str:
    """A digest of the lines that a page shows, and of their order (``lines.order``)."""
    return hashlib.sha256(" ".join(order).encode()).hexdigest()[:16]


def line_context(quote: Quote, totals: Totals) -> dict[str, Any]:
    """The context of the forms of a line."""
    return {
        "quote": quote,
        "parts_of": parts.listed,
        "price_endings": price_rules.ENDINGS,
        "price_facts": partial(_price_facts, quote, totals),
        "price_form": None,
        "see_cost": may(Permission.SEE_COST),
        # Asked only where they are shown: most answers hold no list of choices.
        "tax_codes": cache(tax_codes.everything),
        "category_paths": categories.paths,
        "recurrences": RECURRENCES,
        "margin_percent": pricing.line_margin_percent,
    }


def context(quote: Quote) -> dict[str, Any]:
    """The context of the editor's partials."""
    revision, totals = quote.current_revision, pricing.of_quote(quote)
    undo_label, redo_label = undo.next_labels(actor(), quote.id)
    here = place.of_company()
    conversation = cache(partial(comments.for_rep, quote))
    return {
        **line_context(quote, totals),
        "header": answered.opened(editing.seen(quote), shown.header(quote)),
        "opened_line": partial(opened_line, here, lines.FIELDS),
        "shown_cells": partial(shown.cells, here=here),
        # What the user may see is asked once.
        "seen_cells": partial(lines.seen, None, fields=costs.shown(actor(), lines.CELLS)),
        "kind_of": _kinds(),
        "saving_of": bundles.saving,
        "part_sum": bundles.part_sum,
        # Then a change of one line changes the amounts of others.
        "is_shared_discount": bool(quote.discount_kind == "amount" and quote.discount_value)
        or any(section.discount_value for section in quote.sections),
        "is_low_margin": partial(
            margins.is_low, minimum=permissions.minimum_margin(), currency=quote.currency
        ),
        "line_url": url_for("quotes.show_line", quote_id=quote.id, uid=""),
        "undo_label": undo_label,
        "redo_label": redo_label,
        "details_fields": lines.DETAILS,
        "lines_by_section": cache(partial(_by_section, quote)),
        "order": order_digest(line.uid for line in quote.lines),
        "refused_lines": {},
        "outcome": answered.opened("", OUTCOME),
        "comments_on": cache(lambda: comments.counts(conversation())),
        "conversation": conversation,
        "shares": partial(sharing.of_quote, quote),
        "reply": None,
        "mails": partial(sending.of_quote, quote),
        "send": None,
        "can_send": lambda: not sending.blocker(quote),
        "totals": totals,
        "amounts_of": {line.uid: one for line, one in zip(quote.lines, totals.lines, strict=True)},
        "contract": commitments.of_draft(quote, totals, here),
        "totals_digest": pricing.digest(totals),
        "section_sums": pricing.by_section(quote, totals) if quote.sections else {},
        "stage": stages.stage_of(quote, utc_now()),
        "problems": readiness.problems(quote, totals, actor()) if quote.status == PENDING else [],
        "checks": readiness.checks(quote, totals, actor()) if quote.status == PENDING else [],
        "changed": revision is not None and quote.status == PENDING and freezing.has_changes(quote, revision),
        "revision": revision,
        "possible": transitions.possible(quote) if may(Permission.CHANGE, quote) else (),
        "may_change": may(Permission.CHANGE, quote),
        "loss_reasons": lambda: loss_reasons.current()[0],
        "customer_link": links.to_page(runtime().config.public_base_url, quote.public_token),
        "currencies": [(code, code) for code in dict.fromkeys([*currencies.allowed(), quote.currency])],
        "brands": partial(of_quote.choices, quote),
        "held_opportunity": partial(opportunities.held_by, quote),
    }


def offer(frozen: Snapshot, chosen: Mapping[str, bool] | None = None) -> dict[str, Any]:
    """The context of the offer as the customer sees it."""
    if chosen is not None:
        frozen = pricing.with_choices(frozen, [uid for uid, is_chosen in chosen.items() if is_chosen])
    computed = pricing.of_snapshot(frozen)
    shown = choosing.shown(frozen, computed, is_open=False)
    address = partial(url_for, "items.picture")
    return {"frozen": frozen, "computed": computed, **shown, "picture_of": branding.pictures(frozen, address)}


def pdf_response(pdf: bytes, name: str) -> Response:
    """A PDF that opens in the browser."""
    response = Response(pdf, mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _as_published(quote: Quote) -> Snapshot:
    revision = quote.current_revision
    number = revision.number + 1 if revision else 1
    return freezing.freeze(quote, number=quote.number or 0, revision=number, published_at=utc_now())
