"""Live Autotask search on the quote pages. When Autotask is unavailable, the page says so and still works."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints.quotes import quotes
from webapp.blueprints.quotes.lines import line_added
from webapp.blueprints.support import actor, back_to, is_htmx, runtime
from webapp.services.autotask.desk import choosing, pull
from webapp.services.core.fields import Reader, clean_text
from webapp.services.quoting.draft import editing, lines


def _text() -> str:
    return clean_text(request.args.get("q", ""))[:100]


@quotes.get("/autotask/customers")
@login_required
def autotask_customers() -> ResponseReturnValue:
    """Contacts and open opportunities for choosing a customer."""
    quote_id = Reader(request.args).identifier("quote_id")
    page = {
        "text": _text(),
        "quote": editing.get(quote_id) if quote_id else None,
        "contacts": pull.contacts(runtime(), _text()),
        "opportunities": pull.opportunities(runtime(), _text()),
    }
    template = "quotes/_autotask_customers.html" if is_htmx() else "quotes/autotask_customers.html"
    return render_template(template, **page)


@quotes.post("/autotask/contact")
@login_required
def use_contact() -> ResponseReturnValue:
    """Pull a contact, then create a quote for it (or, with ``quote_id``, make it that quote's customer)."""
    reader = Reader(request.form)
    contact_id, quote_id = reader.remote_identifier("contact_id"), reader.identifier("quote_id")
    person = pull.contact(runtime(), actor(), contact_id or 0)
    if quote_id is None:
        quote = editing.create(actor(), person=person, contact_id=contact_id)
    else:
        quote = editing.set_customer(actor(), quote_id, person=person, contact_id=contact_id)
    return redirect(url_for("quotes.show", quote_id=quote.id), 303)


@quotes.post("/autotask/opportunity")
@login_required
def use_opportunity() -> ResponseReturnValue:
    """Create a quote for an open opportunity, with its contact (if it has one) and company."""
    hit = pull.opportunity(runtime(), Reader(request.form).remote_identifier("opportunity_id") or 0)
    person, organization = pull.customer(runtime(), actor(), hit)
    quote = editing.create(
        actor(),
        person=person,
        organization=organization,
        contact_id=hit.contact_id if person else None,
        title=hit.title,
        opportunity=(hit.opportunity_id, hit.title),
    )
    return redirect(url_for("quotes.show", quote_id=quote.id), 303)


@quotes.post("/autotask/company")
@login_required
def use_company() -> ResponseReturnValue:
    """Pull a company, then create a quote for it."""
    company_id = Reader(request.form).remote_identifier("company_id") or 0
    quote = editing.create(actor(), organization=pull.company(runtime(), actor(), company_id))
    return redirect(url_for("quotes.show", quote_id=quote.id), 303)


@quotes.route("/<int:quote_id>/opportunity", methods=["GET", "POST"])
@login_required
def opportunity(quote_id: int) -> ResponseReturnValue:
    """Choose the opportunity of a quote; without one, the push finds or creates it."""
    if request.method == "POST":
        wanted = Reader(request.form).remote_identifier("opportunity_id")
        hit = pull.opportunity(runtime(), wanted) if wanted else None
        choosing.choose(actor(), quote_id, hit)
        return back_to("quotes.show", quote_id=quote_id)
    page: dict[str, Any]
    quote = editing.get(quote_id)
    if choosing.held_by(quote) is not None:
        page = {"quote": quote, "stays": choosing.STAYS, "is_misled": choosing.is_misled(quote)}
        return render_template("quotes/opportunity_stays.html", **page)
    company_id = pull.company_id_of(quote.organization)
    everywhere = bool(request.args.get("everywhere")) or company_id is None
    answer = pull.opportunities(runtime(), _text(), None if everywhere else company_id)
    page = {
        "quote": editing.get(quote_id),
        "text": _text(),
        "opportunities": answer,
        "company_known": company_id is not None,
        "everywhere": everywhere,
    }
    template = "quotes/_opportunities.html" if is_htmx() else "quotes/opportunity.html"
    return render_template(template, **page)


@quotes.get("/<int:quote_id>/find/autotask")
@login_required
def find_autotask(quote_id: int) -> ResponseReturnValue:
    """Products, services and bundles for a new line."""
    answer = pull.search_catalog(runtime(), _text())
    page = {"quote": editing.get(quote_id), "find_text": _text(), "answer": answer}
    template = "quotes/_autotask_results.html" if is_htmx() else "quotes/autotask_results.html"
    return render_template(template, **page)


@quotes.post("/<int:quote_id>/lines/autotask")
@login_required
def add_autotask_line(quote_id: int) -> ResponseReturnValue:
    """Pull a product, service or bundle into the library and add it as a line."""
    reader = Reader(request.form)
    item = pull.item(runtime(), actor(), reader.raw("entity"), reader.remote_identifier("record_id") or 0)
    before = lines.order(quote_id)
    line = lines.add_item(actor(), quote_id, item)
    return line_added(quote_id, line.uid, before)
