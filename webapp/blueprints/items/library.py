"""The item library: list, add and change items."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints.items import items
from webapp.blueprints.items.forms import ItemForm
from webapp.blueprints.support import actor, back_to, is_htmx, may, page_number, submit
from webapp.filters import reader_place
from webapp.models import Item
from webapp.services.accounts.permissions import Permission
from webapp.services.catalog import (
    bundles,
    categories,
    costs,
    dates,
    favorites,
    files,
    listing,
    price_rules,
    replacing,
    rich_text,
)
from webapp.services.catalog import items as catalog_items
from webapp.services.catalog.listing import Wish
from webapp.services.core.fields import Reader, clean_text
from webapp.services.quoting.lists import of_item

SUGGESTED = 8
# As many names of items that this one replaces are shown.
REPLACES = 5


@items.app_template_filter("age")
def age(day: date) -> str:
    """“14 months ago”, for whoever reads the page."""
    return dates.age(day, reader_place().today())


@items.app_template_test("stale")
def is_stale(item: Item) -> bool:
    """Whether the item's cost is old."""
    return dates.is_stale(item, reader_place().today())


@items.get("/")
@login_required
def index() -> ResponseReturnValue:
    """The list of items; htmx gets only the table."""
    page = listing.of(actor(), _wish())
    if is_htmx():
        return render_template("items/_table.html", page=page)
    return render_template(
        "items/index.html",
        page=page,
        categories=categories.choices(),
        suppliers=listing.suppliers(),
        choices=listing.choices(actor()),
    )


@items.get("/suggest")
@login_required
def suggest() -> ResponseReturnValue:
    """Items for the field that names a successor or a part, as options."""
    text = clean_text(request.args.get(replacing.FIELD) or request.args.get("add", ""))[:200]
    found = catalog_items.search(text, limit=SUGGESTED, viewer=actor()) if text else []
    return render_template("items/_suggested.html", names=[replacing.named(item) for item in found])


@items.route("/new", methods=["GET", "POST"])
@login_required
def new() -> ResponseReturnValue:
    """Add an item."""
    return _edit(None)


@items.route("/<int:item_id>", methods=["GET", "POST"])
@login_required
def item(item_id: int) -> ResponseReturnValue:
    """Show and change an item. Existing quote lines don't change."""
    return _edit(catalog_items.get(item_id))


@items.post("/<int:item_id>/favorite")
@login_required
def favorite(item_id: int) -> ResponseReturnValue:
    """Mark an item as a favorite of one's own, or no longer; htmx gets the button."""
    record = catalog_items.get(item_id)
    marked = favorites.mark(actor(), record, wanted=bool(request.form.get("wanted")))
    if is_htmx():
        return render_template("items/_favorite.html", item=record, marked=marked)
    return redirect(url_for("items.item", item_id=item_id), 303)


def _wish() -> Wish:
    asked = request.args
    return Wish(
        text=asked.get("q", ""),
        category_id=Reader(asked).identifier("category"),
        supplier=clean_text(asked.get("supplier", "")),
        shown=asked.get("show", ""),
        sort=asked.get("sort", ""),
        page=page_number(),
    )


def _form(record: Item | None, **options: Any) -> ItemForm:
    form = ItemForm(obj=record, seen=catalog_items.seen(actor(), record), **options)
    if not may(Permission.SEE_COST):
        for name in costs.HIDDEN:
            if name in form:
                del form[name]
    if record is not None and record.bundle:
        for name in price_rules.NOT_OF_BUNDLES[record.bundle]:
            if name in form:
                del form[name]
    return form


def _forged() -> dict[str, str]:
    """Costs that were sent without a field for them, for the service to refuse."""
    return {name: request.form[name] for name in costs.HIDDEN if name in request.form}


def _edit(record: Item | None) -> ResponseReturnValue:
    form = _form(record)
    saved, status = submit(
        form,
        lambda: catalog_items.save(actor(), record, form.entered | _forged()),
        lambda: _form(record, formdata=None),
    )
    if saved is not None:
        return back_to("items.item", f"{saved.name} saved.", item_id=saved.id)
    shown = _beside(record) if record is not None else {}
    return render_template(
        "items/item.html", form=form, item=record, suppliers=listing.suppliers(), **shown
    ), status


def _beside(record: Item) -> dict[str, Any]:
    """What the page of an item shows beside its form."""
    return {
        "description": rich_text.html(record.markdown),
        "image": files.image_of(record),
        "files": files.of_item(record),
        "marked": favorites.is_marked(actor(), record),
        "replaces": replacing.predecessors(record, REPLACES),
        "successor": replacing.successor(record),
        "uses": of_item.quotes(actor(), record),
        "bundles": bundles.of_part(record),
    }
