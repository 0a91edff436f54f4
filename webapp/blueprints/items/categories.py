"""Categories: everyone can view them; admins change them, because mappings depend on them."""

from __future__ import annotations

from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints.items import items
from webapp.blueprints.items.forms import CategoryForm
from webapp.blueprints.support import actor, admin_required, ask, back_to, submit
from webapp.models import Category
from webapp.services.catalog import categories
from webapp.services.core.errors import Invalid


@items.get("/categories")
@login_required
def category_list() -> ResponseReturnValue:
    """All categories with their subcategories."""
    return render_template("items/categories.html", categories=categories.tree())


@items.route("/categories/new", methods=["GET", "POST"])
@admin_required
def new_category() -> ResponseReturnValue:
    """Add a category."""
    return _edit(None)


@items.route("/categories/<int:category_id>", methods=["GET", "POST"])
@admin_required
def category(category_id: int) -> ResponseReturnValue:
    """Rename or move a category."""
    return _edit(categories.get(category_id))


@items.post("/categories/<int:category_id>/delete")
@admin_required
def delete_category(category_id: int) -> ResponseReturnValue:
    """Delete an unused category."""
    record = categories.get(category_id)
    asked = ask("Delete this category?", "Delete")
    if asked:
        return asked
    try:
        categories.delete(actor(), record)
    except Invalid as error:
        form = _form(record, formdata=None)
        form.form_errors.append(str(error))
        return render_template("items/category.html", form=form, category=record), 422
    return back_to("items.category_list", "Category deleted.")


def _form(record: Category | None, **options: Any) -> CategoryForm:
    return CategoryForm(obj=record, seen=categories.seen(record), **options)


def _edit(record: Category | None) -> ResponseReturnValue:
    form = _form(record)
    saved, status = submit(
        form,
        lambda: categories.save(actor(), record, form.entered),
        lambda: _form(record, formdata=None),
    )
    if saved is not None:
        return back_to("items.category_list", f"{saved.path} saved.")
    return render_template("items/category.html", form=form, category=record), status
