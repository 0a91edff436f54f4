"""The settings page of Autotask: its sections, each saved as a draft, and “Save Integration”."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.blueprints.confirming import confirmed
from webapp.blueprints.integrations import integrations, lists
from webapp.blueprints.support import actor, back_to, integrator_required, is_htmx, runtime
from webapp.services.autotask.connection import connection, prerequisites
from webapp.services.autotask.settings import backlog, category_table, examples
from webapp.services.autotask.settings import page as settings_page
from webapp.services.autotask.settings import store as settings_store
from webapp.services.autotask.settings.choices import Choices
from webapp.services.autotask.settings.fields.user_defined import is_user_defined
from webapp.services.autotask.settings.kinds import KINDS
from webapp.services.autotask.settings.section_view import TITLES, SectionView
from webapp.services.core import work
from webapp.services.core.errors import Conflict, Invalid, NotFound
from webapp.services.core.runtime import Runtime

TAX_SECTION = "tax_code"


@integrations.get("/autotask")
@integrator_required
def autotask() -> ResponseReturnValue:
    """The whole page."""
    if connection.load() is None:
        return redirect(url_for("integrations.connect"), 303)
    return page()


@integrations.get("/autotask/sections/<section>")
@integrator_required
def section(section: str) -> ResponseReturnValue:
    """One section as last saved; without JavaScript the page, at that section."""
    if section not in TITLES:
        raise NotFound("There's no such settings section.")
    if not is_htmx():
        return redirect(url_for("integrations.autotask", _anchor=f"section-{section}"), 303)
    choices = cached()
    return _partial(settings_page.view(section, choices, actor()), choices)


@integrations.post("/autotask/sections/<section>")
@integrator_required
def save_section(section: str) -> ResponseReturnValue:
    """Save one section as a draft; with ``do``, show it again with everything typed, or discard its draft."""
    posted, choices = _posted(), cached()
    if section not in TITLES or section == TAX_SECTION:
        raise NotFound("There's no such settings section.")
    do = posted.get("do", "save")
    if do == "redraw":
        return _answer(settings_page.with_input(section, posted, choices), choices)
    if section == category_table.SECTION and do not in ("save", "discard"):
        return _answer(category_table.redrawn(posted, choices), choices)
    change = settings_page.discard if do == "discard" else settings_page.save
    try:
        view = change(section, posted, choices, actor())
    except (Invalid, Conflict) as error:
        return _answer(settings_page.refused(section, posted, error, actor()), choices)
    if is_htmx():
        return _partial(view, choices)
    message = f"{view.title}: draft saved. Press Save Integration to make it live. {view.note}"
    if do == "discard":
        message = f"{view.title}: draft discarded."
    return back_to("integrations.autotask", message.strip(), _anchor=f"section-{section}")


@integrations.post("/autotask/categories")
@integrator_required
def category_rows() -> ResponseReturnValue:
    """Open or close the row of a category; htmx gets the groups of rows that change, others the page."""
    view, choices = category_table.redrawn(_posted(), cached()), cached()
    if not is_htmx():
        return page(changed=view)
    touched = category_table.touched(_posted())
    part = _context(view)
    groups = [
        group for group in part["groups"] if touched.intersection(line.row.category.id for line in group)
    ]
    return render_template(
        "integrations/autotask/_categories_touched.html", view=view, part=part, groups=groups, choices=choices
    )


@integrations.post("/autotask/save")
@integrator_required
@confirmed
def save() -> ResponseReturnValue:
    """“Save Integration”: make all sections live; with ``suggestions``, accept the suggestions for unsaved sections."""
    choices = cached()
    before = settings_store.active().version
    seen = request.form.get("seen", -1, type=int)
    try:
        with work.unit():
            if request.form.get("suggestions"):
                settings_page.accept_suggestions(choices, actor())
            left = backlog.choose(actor(), request.form.to_dict())
            number = settings_page.save_integration(choices, actor(), seen)
    except (Invalid, Conflict) as error:
        return page(problems=error), 422 if isinstance(error, Invalid) else 409
    sentence = f"Saved. Version {number} is now live."
    if number == before:
        sentence = f"No changes to save. Version {number} is live."
    if left:
        sentence += f" {left} waiting {'quote was' if left == 1 else 'quotes were'} left out."
    return back_to("integrations.autotask", f"{sentence} {settings_page.reminder(choices)}".strip())


@integrations.get("/autotask/example")
@integrator_required
def example() -> ResponseReturnValue:
    """The result of a title pattern for a quote, while the admin types it."""
    known = (name for name in request.args if name in examples.FIELDS or is_user_defined(name))
    name = next(known, "title_pattern")
    result = examples.of_pattern(offline(), name, request.args.get(name, ""))
    return render_template("integrations/autotask/_example.html", example=result)


def _answer(view: SectionView, choices: Choices) -> ResponseReturnValue:
    """A section that wasn't saved, as a partial or within the page."""
    status = 409 if view.conflict else 422 if view.errors or view.sentence else 200
    body = _partial(view, choices) if is_htmx() else page(changed=view)
    return body, status


def _partial(view: SectionView, choices: Choices) -> str:
    return render_template(
        "integrations/autotask/_answer.html", view=view, part=_context(view), **frame(choices)
    )


def offline() -> Runtime:
    """A runtime that uses the lists as they were last read."""
    return replace(runtime(), offline=True)


def cached() -> Choices:
    """The lists as they were last read, so that no page or save waits for Autotask."""
    return Choices(offline())


def page(
    *,
    changed: SectionView | None = None,
    problems: Invalid | Conflict | None = None,
    checks: list[prerequisites.Check] | None = None,
) -> str:
    """The whole page; ``changed`` is a section with unsaved input."""
    choices = cached()
    views = {
        name: changed
        if changed is not None and changed.name == name
        else settings_page.view(name, choices, actor())
        for name in TITLES
    }
    return render_template(
        "integrations/autotask/page.html",
        views=views,
        contexts={name: _context(view) for name, view in views.items()},
        problems=problems,
        checks=checks,
        connection=connection.load(),
        backlog=backlog.current(),
        waiting=settings_page.waiting_pushes(),
        advice=prerequisites.advice(),
        **lists.of_page(),
        **frame(choices),
    )


def frame(choices: Choices) -> dict[str, Any]:
    """The values for the bar at the bottom and the table of contents."""
    newest = next(iter(settings_store.history(1)), None)
    return {
        "choices": choices,
        "titles": TITLES,
        "states": settings_page.overview(),
        "unmapped": settings_page.unmapped(choices),
        "flawed": settings_page.flawed(choices),
        "newest": newest,
        "seen": newest.number if newest else 0,
    }


def _context(view: SectionView) -> Mapping[str, Any]:
    """What the section's own template needs besides its view."""
    return KINDS[view.name].details(view, {**request.args.to_dict(), **_posted()}, offline())


def _posted() -> dict[str, str]:
    """The form; of its parts each says itself with what it was opened."""
    posted = request.form.to_dict()
    return {**posted, "seen": " ".join(request.form.getlist("seen"))} if "seen" in posted else posted
