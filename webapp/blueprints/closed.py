"""What people see in maintenance mode: a sentence instead of the page, unless they are admins."""

from __future__ import annotations

from flask import Flask, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.blueprints import kept, resume
from webapp.blueprints.support import WITHOUT_SESSION, is_htmx, may
from webapp.services.accounts.permissions import Permission
from webapp.services.company import maintenance
from webapp.services.company.maintenance import Maintenance

# Seconds after which a program may ask again.
LATER = "120"
NOTHING_SAVED = "Nothing was saved."


def init_app(app: Flask) -> None:
    """Ask before every page, and let templates show an admin that the mode is on."""
    app.add_template_global(_now, "maintenance")
    app.before_request(_check)


def _now() -> Maintenance:
    """As it was when the request began."""
    found = g.get("maintenance")
    return found if isinstance(found, Maintenance) else Maintenance()


def _check() -> ResponseReturnValue | None:
    """The page of maintenance mode for everyone but admins; signing in stays open, so that admins come in."""
    if request.endpoint in WITHOUT_SESSION:
        return None
    g.maintenance = mode = maintenance.asked()
    if not mode.is_on or request.blueprint == "auth":
        return None
    if current_user.is_authenticated and may(Permission.ADMINISTER):
        return None
    return _page(mode.sentence)


def _page(sentence: str) -> ResponseReturnValue:
    headers = {"Retry-After": LATER, "Cache-Control": "no-store"}
    sends = request.method == "POST"
    if is_htmx():
        # The form is still on the screen.
        text = f"{sentence} {NOTHING_SAVED}" if sends else sentence
        return render_template("errors/_alert.html", sentence=text), 503, headers
    values = kept.values() if sends and resume.can_resume() else None
    lost = sends and (values is None or kept.has_files())
    body = render_template(
        "errors/maintenance.html", sentence=sentence, values=values, lost=lost, target=kept.target()
    )
    return body, 503, headers
