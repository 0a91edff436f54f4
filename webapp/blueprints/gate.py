"""What each address asks for beyond signing in, where its view doesn't say so: one table, checked before every view.

An address that names a quote (``quote_id``) asks that the quote may be seen, and unless it only reads, that it may be
changed. tests/web/test_roles.py walks the addresses of a quote.
"""

from __future__ import annotations

from flask import g, request
from flask_login import current_user

from webapp.blueprints.support import require
from webapp.models import Quote
from webapp.services.accounts.permissions import Permission
from webapp.services.core.fields import parse_id
from webapp.services.quoting.draft import editing

READING = ("GET", "HEAD", "OPTIONS")
# Of a quote that is named, something else than to see it (reading) or to change it.
OF_QUOTES = {
    "quotes.copy": Permission.SELL,
    "quotes.customer": Permission.CHANGE,
    "quotes.opportunity": Permission.CHANGE,
    "quotes.find": Permission.CHANGE,
    "quotes.here": Permission.CHANGE,
    "quotes.find_autotask": Permission.CHANGE,
    "activity.push_again": Permission.SYNC,
    "activity.answer": Permission.SYNC,
    "activity.bulk_dry_run": Permission.INTEGRATE,
    "drift.compare": Permission.REVIEW,
    "drift.decide": Permission.REVIEW,
    "drift.reopen": Permission.REVIEW,
}
# Of costs: what Autotask and a sync say about a quote.
WITH_COSTS = (
    "quotes.push_preview",
    "activity.run",
    "drift.show",
    "drift.compare",
    "drift.decide",
    "drift.reopen",
)
# To open it or to send it.
ALWAYS = {
    **dict.fromkeys(
        (
            *("quotes.new", "quotes.new_person", "quotes.autotask_customers"),
            *("quotes.use_contact", "quotes.use_opportunity", "quotes.use_company"),
            *("people.new", "people.new_organization", "people.unlink", "items.new"),
            *("items.set_image", "items.remove_image", "items.attach", "items.detach"),
        ),
        Permission.SELL,
    ),
    "quotes.hand_over": Permission.MANAGE,
    "quotes.do_together": Permission.SELL,
}
# To send it; reading is for all.
SENDING = dict.fromkeys(
    ("people.person", "people.organization", "items.item", "items.parts"), Permission.SELL
)


def check() -> None:
    """Refuse a request of someone who is signed in and may not. Others are sent to the sign-in by the view."""
    endpoint, reads = request.endpoint or "", request.method in READING
    if not current_user.is_authenticated or not endpoint:
        return
    for quote in _acted_on():
        require(Permission.CHANGE, quote)
    quote_id = (request.view_args or {}).get("quote_id")
    if quote_id is not None:
        quote = editing.get(quote_id)
        # The session forgets what nobody holds, and the view would load the quote, its customer and its lines again.
        g.held = quote, quote.organization, quote.person
        default = Permission.SEE if reads else Permission.CHANGE
        require(Permission.SEE, quote)
        require(OF_QUOTES.get(endpoint, default), quote)
    if endpoint in ALWAYS:
        require(ALWAYS[endpoint])
    if endpoint in SENDING and not reads:
        require(SENDING[endpoint])
    if endpoint == "quotes.delete":
        require(Permission.DELETE)
    if endpoint in WITH_COSTS:
        require(Permission.SEE_COST)


def _acted_on() -> list[Quote]:
    """The quotes that the form or the query names, where an address acts on such a quote."""
    if request.blueprint != "quotes":
        return []
    named = [*request.args.getlist("quote_id"), *request.form.getlist("quote_id")]
    return [editing.get(quote_id) for quote_id in map(parse_id, named) if quote_id is not None]
