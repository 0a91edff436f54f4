"""Choose the customer of a new or an existing quote."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints.people.forms import PersonForm
from webapp.blueprints.quotes import quotes
from webapp.blueprints.support import actor, back_to, is_htmx, submit
from webapp.models import Organization, Person, Quote
from webapp.services.autotask.connection import connection
from webapp.services.core.fields import Reader, clean_text
from webapp.services.people import directory, required_fields
from webapp.services.quoting.draft import editing

SHOWN = 8


@quotes.route("/new", methods=["GET", "POST"])
@login_required
def new() -> ResponseReturnValue:
    """Choose the customer of a new quote."""
    if request.method == "POST":
        person, organization = _chosen()
        return _open(editing.create(actor(), person=person, organization=organization))
    return _choose(None)


@quotes.route("/<int:quote_id>/customer", methods=["GET", "POST"])
@login_required
def customer(quote_id: int) -> ResponseReturnValue:
    """Choose another customer for a quote."""
    if request.method == "POST":
        person, organization = _chosen()
        editing.set_customer(actor(), quote_id, person=person, organization=organization)
        return back_to("quotes.show", quote_id=quote_id)
    return _choose(editing.get(quote_id))


@quotes.post("/new/person")
@login_required
def new_person() -> ResponseReturnValue:
    """Add a person, then create a quote for them (or, with ``quote_id``, make them that quote's customer)."""
    needed = _needed()
    form = PersonForm(needed=needed)
    quote_id = Reader(request.form).identifier("quote_id")
    quote = editing.get(quote_id) if quote_id else None
    person, status = submit(form, lambda: directory.save_person(actor(), None, form.data, needed))
    if person is None:
        return _choose(quote, form=form), status
    if quote is None:
        return _open(editing.create(actor(), person=person))
    editing.set_customer(actor(), quote.id, person=person)
    return back_to("quotes.show", quote_id=quote.id)


def _needed() -> frozenset[str]:
    """What Autotask needs of a quote's customer, if it is connected."""
    return required_fields.needed_for_autotask(connection.load() is not None)


def _chosen() -> tuple[Person | None, Organization | None]:
    reader = Reader(request.form)
    person_id, organization_id = reader.identifier("person_id"), reader.identifier("organization_id")
    person = directory.get_person(person_id) if person_id else None
    organization = directory.get_organization(organization_id) if organization_id else None
    return person, organization


def _open(quote: Quote) -> ResponseReturnValue:
    return redirect(url_for("quotes.show", quote_id=quote.id), 303)


def _choose(quote: Quote | None, **more: Any) -> str:
    text = clean_text(request.args.get("q", ""))[:200]
    page = {
        "text": text,
        "people": directory.search_people(text, limit=SHOWN),
        "organizations": directory.search_organizations(text, limit=SHOWN) if text else [],
        "quote": quote,
        "target": url_for("quotes.customer", quote_id=quote.id) if quote else url_for("quotes.new"),
    }
    if is_htmx():
        return render_template("quotes/_customers.html", **page)
    return render_template("quotes/new.html", **page, **{"form": PersonForm(needed=_needed()), **more})
