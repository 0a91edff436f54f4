"""The links between our records and Autotask's: counting, exporting, importing and recovering them."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from webapp.blueprints import kept
from webapp.blueprints.confirming import confirmed, confirmed_first
from webapp.blueprints.integrations import integrations
from webapp.blueprints.support import actor, ask, back_to, integrator_required, runtime
from webapp.models import db, utc_now
from webapp.services.autotask.connection import other_autotask
from webapp.services.autotask.links import file as links_file
from webapp.services.autotask.links import rebuild
from webapp.services.autotask.links import rows as link_rows
from webapp.services.core.errors import ServiceError

# One request searches for at most this many quotes; the command line has no limit.
QUOTES_AT_ONCE = 200
CHOOSE_AGAIN = "Confirmed. Nothing was imported yet, so choose the file again."


@integrations.get("/autotask/links")
@integrator_required
def links() -> ResponseReturnValue:
    """The page."""
    return _page()


@integrations.route("/autotask/links.csv", methods=["GET", "POST"])
@integrator_required
@confirmed_first
def export_links() -> ResponseReturnValue:
    """All links as a file."""
    response = Response(links_file.export(), mimetype="text/csv", content_type="text/csv; charset=utf-8")
    name = f"autotask-links-{utc_now():%Y-%m-%d}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


@integrations.post("/autotask/links/import")
@integrator_required
@confirmed
def import_links() -> ResponseReturnValue:
    """Check a file, or import it if every row is valid."""
    sent = request.files.get("file")
    data = sent.read() if sent else b""
    if not data:
        # A page that asked for the password can't hold a file.
        again = kept.PASSWORD in request.form or kept.PASSKEY in request.form
        return _page(422, file_sentence=CHOOSE_AGAIN if again else "Choose a file that isn't empty.")
    imports = request.form.get("do") == "import"
    report = links_file.store(actor(), data) if imports else links_file.check(data)
    return _page(422 if report.problems else 200, report=report)


@integrations.post("/autotask/links/rebuild")
@integrator_required
@confirmed
def rebuild_links() -> ResponseReturnValue:
    """Search Autotask for lost links; with ``do=store``, save the results."""
    try:
        found = rebuild.search(runtime(), QUOTES_AT_ONCE)
    except ServiceError as error:
        db.session.rollback()
        return _page(422, rebuild_sentence=str(error))
    stores = request.form.get("do") == "store"
    if stores:
        rebuild.store(actor(), found)
    return _page(found=found, stored=stores)


@integrations.post("/autotask/links/forget")
@integrator_required
@confirmed
def forget_links() -> ResponseReturnValue:
    """Delete all links, for a switch to a different Autotask."""
    asked = ask(
        "Delete all links? Sync will search Autotask for every record again, and create those it can't find.",
        "Delete all links",
    )
    if asked is not None:
        return asked
    number = other_autotask.forget_links(actor())
    deleted = "Deleted 1 link" if number == 1 else f"Deleted {number:,} links"
    return back_to("integrations.links", f"{deleted}. The next sync of a quote searches Autotask again.")


def _page(status: int = 200, **more: Any) -> ResponseReturnValue:
    return render_template("integrations/autotask/links.html", counts=link_rows.counts(), **more), status
