"""List, add and change organizations."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints.people import people
from webapp.blueprints.people.forms import OrganizationForm
from webapp.blueprints.support import actor, back_to, is_htmx, page_number, runtime, submit
from webapp.models import Organization
from webapp.services.autotask.links import of_customer
from webapp.services.people import directory


@people.get("/organizations")
@login_required
def organizations() -> ResponseReturnValue:
    """The list of organizations; htmx gets only the table."""
    text = request.args.get("q", "")
    page, sort = page_number(), request.args.get("sort", directory.BY_NAME)
    matches = directory.search_organizations(
        text, limit=directory.PAGE + 1, offset=(page - 1) * directory.PAGE, sort=sort
    )
    template = "people/_organizations.html" if is_htmx() else "people/organizations.html"
    shown, more = matches[: directory.PAGE], len(matches) > directory.PAGE
    return render_template(template, organizations=shown, text=text, page=page, more=more, sort=sort)


@people.route("/organizations/new", methods=["GET", "POST"])
@login_required
def new_organization() -> ResponseReturnValue:
    """Add an organization."""
    return _edit(None)


@people.route("/organizations/<int:organization_id>", methods=["GET", "POST"])
@login_required
def organization(organization_id: int) -> ResponseReturnValue:
    """Change an organization."""
    return _edit(directory.get_organization(organization_id))


@people.post("/organizations/<int:organization_id>/unlink")
@login_required
def unlink(organization_id: int) -> ResponseReturnValue:
    """Undo the link to a company in Autotask."""
    organization = directory.get_organization(organization_id)
    of_customer.undo(actor(), organization, request.form.get("company", -1, type=int))
    sentence = "Link removed. The next sync looks for the company again, and asks if it isn't sure."
    return back_to("people.organization", sentence, organization_id=organization_id)


def _form(record: Organization | None, **options: Any) -> OrganizationForm:
    return OrganizationForm(obj=record, seen=directory.seen_organization(record), **options)


def _edit(record: Organization | None) -> ResponseReturnValue:
    form = _form(record)
    saved, status = submit(
        form,
        lambda: directory.save_organization(actor(), record, form.entered),
        lambda: _form(record, formdata=None),
    )
    if saved is not None:
        return back_to("people.organization", f"{saved.name} saved.", organization_id=saved.id)
    quotes = directory.quotes_of(actor(), organization=record) if record else []
    linked = of_customer.of_organization(runtime(), record.id) if record else None
    page = {"form": form, "organization": record, "quotes": quotes, "company": linked}
    return render_template("people/organization.html", **page), status
