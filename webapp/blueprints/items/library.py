"""The item library: list, add and change items."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints.items import items
from webapp.blueprints.items.forms import ItemForm
from webapp.blueprints.support import actor, back_to, is_htmx, may, page_number, submit
from webapp.models import Item
from webapp.services.accounts.permissions import Permission
from webapp.services.catalog import categories
from webapp.services.catalog import items as catalog_items
from webapp.services.core.fields import Reader


@items.get("/")
@login_required
def index() -> ResponseReturnValue:
    """The list of items; htmx gets only the table."""
    text = request.args.get("q", "")
    category_id = Reader(request.args).identifier("category")
    page = page_number()
    matches = catalog_items.search(
        text,
        category_id=category_id,
        active_only=False,
        limit=catalog_items.PAGE + 1,
        offset=(page - 1) * catalog_items.PAGE,
    )
    template = "items/_table.html" if is_htmx() else "items/index.html"
    shown, more = matches[: catalog_items.PAGE], len(matches) > catalog_items.PAGE
    return render_template(
        template,
        items=shown,
        text=text,
        category_id=category_id,
        page=page,
        more=more,
        categories=categories.choices(),
    )


@items.route("/new", methods=["GET", "POST"])
@login_required
def new() -> ResponseReturnValue:
    """Add an item."""
    return _edit(None)


@items.route("/<int:item_id>", methods=["GET", "POST"])
@login_required
def item(item_id: int) -> ResponseReturnValue:
    """Change an item. Existing quote lines don't change."""
    return _edit(catalog_items.get(item_id))


def _form(record: Item | None, **options: Any) -> ItemForm:
    form = ItemForm(obj=record, seen=catalog_items.seen(actor(), record), **options)
    if not may(Permission.SEE_COST):
        del form.unit_cost
    return form


def _forged() -> dict[str, str]:
    """A cost that was sent without a field for it, for the service to refuse."""
    return {"unit_cost": request.form["unit_cost"]} if "unit_cost" in request.form else {}


def _edit(record: Item | None) -> ResponseReturnValue:
    form = _form(record)
    saved, status = submit(
        form,
        lambda: catalog_items.save(actor(), record, form.entered | _forged()),
        lambda: _form(record, formdata=None),
    )
    if saved is not None:
        return back_to("items.item", f"{saved.name} saved.", item_id=saved.id)
    return render_template("items/item.html", form=form, item=record), status
