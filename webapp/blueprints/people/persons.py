"""List, add and change people."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints.confirming import confirmed
from webapp.blueprints.people import people
from webapp.blueprints.people.forms import PersonForm
from webapp.blueprints.support import (
    actor,
    admin_required,
    ask,
    back_to,
    is_htmx,
    json_file,
    page_number,
    submit,
)
from webapp.models import Person
from webapp.services.people import directory
from webapp.services.privacy import anonymizing, exporting


@people.get("/")
@login_required
def index() -> ResponseReturnValue:
    """The list of people; htmx gets only the table."""
    text = request.args.get("q", "")
    page, sort = page_number(), request.args.get("sort", directory.BY_NAME)
    matches = directory.search_people(
        text, limit=directory.PAGE + 1, offset=(page - 1) * directory.PAGE, sort=sort
    )
    template = "people/_table.html" if is_htmx() else "people/index.html"
    more = len(matches) > directory.PAGE
    shown = matches[: directory.PAGE]
    return render_template(template, people=shown, text=text, page=page, more=more, sort=sort)


@people.route("/new", methods=["GET", "POST"])
@login_required
def new() -> ResponseReturnValue:
    """Add a person."""
    return _edit(None)


@people.route("/<int:person_id>", methods=["GET", "POST"])
@login_required
def person(person_id: int) -> ResponseReturnValue:
    """Change a person."""
    return _edit(directory.get_person(person_id))


@people.get("/organization-names")
@login_required
def organization_names() -> ResponseReturnValue:
    """Suggestions for the organization field."""
    matches = directory.search_organizations(request.args.get("organization", ""), limit=12)
    return render_template("people/_organization_names.html", organizations=matches)


@people.post("/<int:person_id>/export")
@admin_required
@confirmed
def export(person_id: int) -> ResponseReturnValue:
    """Everything that is held about a person, as a file."""
    content = exporting.person(actor(), directory.get_person(person_id))
    return json_file(content, f"person-{person_id}.json")


@people.post("/<int:person_id>/anonymize")
@admin_required
@confirmed
def anonymize(person_id: int) -> ResponseReturnValue:
    """Make a person anonymous, after a question that says what is kept."""
    record = directory.get_person(person_id)
    asked = ask(anonymizing.question(record), "Anonymize")
    if asked is not None:
        return asked
    anonymizing.person(actor(), person_id)
    return back_to("people.person", "The person was anonymized.", person_id=person_id)


def _form(record: Person | None, **options: Any) -> PersonForm:
    shown = {name: getattr(record, name) for name in (*directory.PERSON_TEXTS, "email")} if record else {}
    shown["organization"] = request.args.get("organization", "")
    shown["organization_id"] = request.args.get("organization_id", "")
    if record:
        shown["organization"] = record.organization.name if record.organization else ""
    return PersonForm(data=shown, seen=directory.seen_person(record), **options)


def _edit(record: Person | None) -> ResponseReturnValue:
    form = _form(record)
    saved, status = submit(
        form,
        lambda: directory.save_person(actor(), record, form.entered),
        lambda: _form(record, formdata=None),
    )
    if saved is not None:
        return back_to("people.person", f"{saved.full_name} saved.", person_id=saved.id)
    quotes = directory.quotes_of(actor(), person=record) if record else []
    return render_template("people/person.html", form=form, person=record, quotes=quotes), status
