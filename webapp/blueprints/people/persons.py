"""People: list, add, change."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints.people import people
from webapp.blueprints.people.forms import PersonForm
from webapp.blueprints.support import actor, back_to, is_htmx, show_errors
from webapp.models import Person
from webapp.services import directory
from webapp.services.errors import Invalid


@people.get("/")
@login_required
def index() -> ResponseReturnValue:
    """People; htmx gets the table alone."""
    text = request.args.get("q", "")
    page = max(1, min(request.args.get("page", 1, type=int), 10_000))
    found = directory.search_people(text, limit=directory.PAGE + 1, offset=(page - 1) * directory.PAGE)
    template = "people/_table.html" if is_htmx() else "people/index.html"
    more = len(found) > directory.PAGE
    return render_template(template, people=found[: directory.PAGE], text=text, page=page, more=more)


@people.route("/new", methods=["GET", "POST"])
@login_required
def new() -> ResponseReturnValue:
    """Add a person."""
    return _edit(None, PersonForm(data={"organization": request.args.get("organization", "")}))


@people.route("/<int:person_id>", methods=["GET", "POST"])
@login_required
def person(person_id: int) -> ResponseReturnValue:
    """Change a person."""
    record = directory.get_person(person_id)
    organization = record.organization.name if record.organization else ""
    form = PersonForm(obj=record)
    if request.method == "GET":
        form.organization.data = organization
    return _edit(record, form)


@people.get("/organization-names")
@login_required
def organization_names() -> ResponseReturnValue:
    """Options for the organization field, by what was typed so far."""
    found = directory.search_organizations(request.args.get("organization", ""), limit=12)
    return render_template("people/_organization_names.html", organizations=found)


def _edit(record: Person | None, form: PersonForm) -> ResponseReturnValue:
    if form.validate_on_submit():
        try:
            saved = directory.save_person(actor(), record, form.data)
        except Invalid as error:
            show_errors(form, error)
        else:
            return back_to("people.person", f"{saved.full_name} was saved.", person_id=saved.id)
    quotes = directory.quotes_of(person=record) if record else []
    status = 422 if form.is_submitted() else 200
    return render_template("people/person.html", form=form, person=record, quotes=quotes), status
