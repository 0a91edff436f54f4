"""The first page after signing in."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints.support import actor, may
from webapp.services.accounts.permissions import Permission
from webapp.services.autotask.activity import states
from webapp.services.company.seal import settings as seal
from webapp.services.diary import reading
from webapp.services.quoting.lists import dashboard as dashboards

home = Blueprint("home", __name__)


@home.get("/")
@login_required
def dashboard() -> ResponseReturnValue:
    """The dashboard of the signed-in user, or (``who=everybody``) of the whole team."""
    everyone = request.args.get("who") == "everybody"
    board = dashboards.of_user(actor(), everyone=everyone)
    rows = (*board.to_order, *board.expiring, *board.waiting, *board.drafts, *board.expired)
    badges = states.of_quotes([row.quote.id for row in rows])
    feed = reading.feed(actor(), everyone=everyone)
    return render_template(
        "home/dashboard.html",
        board=board,
        everyone=everyone,
        push_badges=badges,
        feed=feed,
        warning=seal.warning() if may(Permission.ADMINISTER) else "",
    )
