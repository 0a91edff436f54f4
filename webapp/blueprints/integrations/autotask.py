"""The settings page of Autotask: its sections, each saved by itself, and “Save Integration”."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.blueprints.integrations import integrations
from webapp.blueprints.integrations.categories import CATEGORY_SECTION, category_context, category_view
from webapp.blueprints.support import actor, admin_required, back_to, is_htmx, runtime
from webapp.models import db
from webapp.services.autotask import (
    connection,
    metadata,
    prerequisites,
    section_forms,
    settings_page,
    settings_store,
    tax_mapping,
)
from webapp.services.autotask.choices import Choices
from webapp.services.autotask.form_fields import STATUS_LABELS, STATUSES
from webapp.services.autotask.settings import ItemCategoryMapping, TaxCodeMapping
from webapp.services.autotask.settings_page import SectionView
from webapp.services.errors import Conflict, Invalid, NotFound, ServiceError

TAX_SECTION = "tax_code"


@integrations.get("/autotask")
@admin_required
def autotask() -> ResponseReturnValue:
    """The whole page."""
    if connection.load() is None:
        return redirect(url_for("integrations.connect"), 303)
    return _page(Choices(runtime()))


@integrations.get("/autotask/sections/<section>")
@admin_required
def section(section: str) -> ResponseReturnValue:
    """One section as last saved; without JavaScript the page, at that section."""
    if section not in settings_page.TITLES:
        raise NotFound("There is no such section of the settings.")
    if not is_htmx():
        return redirect(url_for("integrations.autotask", _anchor=f"section-{section}"), 303)
    choices = Choices(runtime())
    return _partial(_view(section, choices), choices)


@integrations.post("/autotask/sections/<section>")
@admin_required
def save_section(section: str) -> ResponseReturnValue:
    """Save one section as a draft."""
    posted, choices = request.form.to_dict(), Choices(runtime())
    if section == CATEGORY_SECTION and posted.get("do", "save") != "save":
        return _answer(category_view(posted, choices), choices)
    if section not in settings_page.TITLES or section == TAX_SECTION:
        raise NotFound("There is no such section of the settings.")
    version = request.form.get("version", -1, type=int)
    try:
        view = settings_page.save(section, posted, version, choices, actor())
    except (Invalid, Conflict) as error:
        db.session.rollback()
        return _answer(settings_page.refused(section, posted, error), choices)
    if is_htmx():
        return _partial(view, choices)
    message = f"{view.title} was saved as a draft. “Save Integration” makes it count."
    return back_to("integrations.autotask", message, _anchor=f"section-{section}")


@integrations.post("/autotask/save")
@admin_required
def save() -> ResponseReturnValue:
    """“Save Integration”: all sections count from now on."""
    choices = Choices(runtime())
    before = settings_store.active().version
    try:
        number = settings_page.save_integration(choices, actor())
    except Invalid as error:
        return _page(choices, problems=error), 422
    sentence = f"Saved: version {number} of the settings counts from now on."
    if number == before:
        sentence = "Nothing was changed since the last time, so there was nothing to save."
    return back_to("integrations.autotask", sentence)


@integrations.get("/autotask/prerequisites")
@admin_required
def check_prerequisites() -> ResponseReturnValue:
    """The prerequisites, checked live."""
    checks = prerequisites.check(runtime())
    if is_htmx():
        return render_template("integrations/autotask/_prerequisites.html", checks=checks)
    return _page(Choices(runtime()), checks=checks)


@integrations.post("/autotask/refresh")
@admin_required
def refresh() -> ResponseReturnValue:
    """Read all lists from Autotask anew."""
    try:
        metadata.refresh(runtime())
    except ServiceError as error:
        db.session.rollback()
        flash(f"The lists were not refreshed, and those of the last time still serve. {error}", "error")
        return redirect(url_for("integrations.autotask"), 303)
    return back_to("integrations.autotask", "The lists were read from Autotask anew.")


def _answer(view: SectionView, choices: Choices) -> ResponseReturnValue:
    """A section that was not saved, as a partial or within the page."""
    status = 409 if view.stale else 422 if view.errors or view.sentence else 200
    body = _partial(view, choices) if is_htmx() else _page(choices, changed=view)
    return body, status


def _view(section: str, choices: Choices) -> SectionView:
    return settings_page.view(section, choices, actor())


def _partial(view: SectionView, choices: Choices) -> str:
    return render_template(
        "integrations/autotask/_answer.html", view=view, part=_context(view), **_frame(choices)
    )


def _page(
    choices: Choices,
    *,
    changed: SectionView | None = None,
    problems: Invalid | None = None,
    checks: list[prerequisites.Check] | None = None,
) -> str:
    views = {
        name: _view(name, choices) for name in settings_page.TITLES if changed is None or changed.name != name
    }
    if changed is not None:
        views[changed.name] = changed
    ordered = {name: views[name] for name in settings_page.TITLES}
    contexts = {name: _context(view) for name, view in ordered.items()}
    return render_template(
        "integrations/autotask/page.html",
        views=ordered,
        contexts=contexts,
        problems=problems,
        checks=checks,
        connection=connection.load(),
        fetched_at=metadata.fetched_at(),
        advice=prerequisites.advice(),
        **_frame(choices),
    )


def _frame(choices: Choices) -> dict[str, Any]:
    """What the bar at the bottom and the table of contents show."""
    return {
        "choices": choices,
        "titles": settings_page.TITLES,
        "states": settings_page.overview(),
        "unmapped": settings_page.unmapped(),
        "newest": next(iter(settings_store.history(1)), None),
    }


def _context(view: SectionView) -> dict[str, Any]:
    """What the section's own template needs besides its view."""
    if isinstance(view.content, ItemCategoryMapping):
        return category_context(view, request.values.to_dict())
    if isinstance(view.content, TaxCodeMapping):
        taxes = settings_page.taxes(runtime())
        return {
            "rows": tax_mapping.rows(view.content, taxes),
            "unmapped": tax_mapping.unmapped_count(view.content),
        }
    fields = {item.name: item for item in section_forms.fields_of(view.name)}
    return {"fields": fields, "statuses": STATUSES, "status_labels": STATUS_LABELS}
