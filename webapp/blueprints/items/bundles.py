"""The parts of an item: what a bundle is made of, and how it is priced."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints import answered
from webapp.blueprints.items import items
from webapp.blueprints.support import actor, back_to
from webapp.services.catalog import bundles
from webapp.services.catalog import items as catalog_items


@items.route("/<int:item_id>/parts", methods=["GET", "POST"])
@login_required
def parts(item_id: int) -> ResponseReturnValue:
    """Show and change the parts. Existing quote lines don't change."""
    item = catalog_items.get(item_id)
    form = answered.opened(bundles.seen(item), bundles.shown(item))
    if request.method == "POST":
        saved, form = answered.attempt(
            lambda: bundles.save(actor(), item, request.form),
            lambda: bundles.shown(catalog_items.get(item_id)),
        )
        if saved is not None:
            return back_to("items.parts", "Saved.", item_id=item_id)
        item = catalog_items.get(item_id)
    owners = bundles.of_part(item)
    return render_template("items/parts.html", item=item, form=form, owners=owners, sum_of=bundles.sum_of), (
        form.status
    )
