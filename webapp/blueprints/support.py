"""Shared by all blueprints: the runtime, access checks, error pages, record forms."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial, wraps
from typing import Any, ParamSpec, TypeVar, cast

import structlog
from flask import Flask, current_app, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required
from flask_wtf import FlaskForm
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter, Map
from wtforms import HiddenField

from webapp.blueprints import kept, resume
from webapp.models import Quote, User, db
from webapp.services.accounts import permissions
from webapp.services.accounts.guessing import TooMany
from webapp.services.accounts.permissions import Permission
from webapp.services.core import outage, work
from webapp.services.core.errors import Busy, Conflict, Forbidden, Invalid, NotFound, ServiceError
from webapp.services.core.fields import MAX_ID
from webapp.services.core.runtime import Runtime
from webapp.services.delivery import room
from webapp.services.diary import diary

log = structlog.get_logger(__name__)
P = ParamSpec("P")
R = TypeVar("R")

PAGES = 10_000
# The status that a form was saved with: the browser is sent on.
SAVED = 303
# By what a service raised; anything else is 422.
STATUSES = {NotFound: 404, Forbidden: 403, Conflict: 409, TooMany: 429, Busy: 429}
# They change nothing, and what they are asked is too long for an address.
READ_BY_POST = ("quotes.foresee_lines",)
WITHOUT_SESSION = ("static", "monitor.healthz", "monitor.livez", "monitor.readyz", "monitor.show_metrics")

SENTENCES = {
    400: "We couldn't read that request. Nothing was changed. Go back and try again.",
    403: permissions.REFUSALS[Permission.ADMINISTER],
    404: "This page doesn't exist, or the record was deleted.",
    405: "This address can't be used that way. Nothing was changed.",
    413: "Your request is larger than 8 MB. Nothing was changed. Shorten it and try again.",
    429: "Wait a minute, then try again.",
    500: "We hit an unexpected error, so your change may not be saved. Try again, or tell your server admin.",
}


def runtime() -> Runtime:
    """The runtime of the current application."""
    return cast(Runtime, current_app.extensions["quotewright"])


def actor() -> User:
    """The signed-in user."""
    return cast(User, current_user.user)


def is_htmx() -> bool:
    """True for an htmx request, which gets a partial."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true"


def may(permission: Permission, quote: Quote | None = None) -> bool:
    """True if the signed-in user has the permission."""
    return permissions.may(actor(), permission, quote)


def require(permission: Permission, quote: Quote | None = None) -> None:
    """Show the 403 page with a sentence unless the signed-in user has the permission."""
    permissions.require(actor(), permission, quote)


def _required(*needed: Permission) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Allow only signed-in people with one of the permissions; others get the 403 page."""

    def guard(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        @login_required
        def guarded(*args: P.args, **kwargs: P.kwargs) -> Any:
            if not any(map(may, needed)):
                require(needed[0])
            return view(*args, **kwargs)

        return cast(Callable[P, R], guarded)

    return guard


admin_required = _required(Permission.ADMINISTER)
integrator_required = _required(Permission.INTEGRATE)
settings_required = _required(Permission.ADMINISTER, Permission.INTEGRATE)


def refusal(status: int, sentence: str = "") -> ResponseReturnValue:
    """The error page, or for htmx the error as an alert."""
    template = "errors/_alert.html" if is_htmx() else "errors/page.html"
    text = sentence or SENTENCES.get(status, SENTENCES[400])
    return render_template(template, status=status, sentence=text), status


def unavailable(sentence: str, error: Exception) -> ResponseReturnValue:
    """The page while the database is away: it asks the database nothing, not even who is signed in."""
    with suppress(Exception):  # the connection may be gone
        db.session.rollback()
    log.error("database.unavailable", reason=outage.reason(error), sentence=sentence, route=request.endpoint)
    template = "errors/_alert.html" if is_htmx() else "errors/unavailable.html"
    # Not by render_template, which lets Flask-Login look for the user of a cookie.
    body = current_app.jinja_env.get_template(template).render(sentence=sentence)
    return body, 503, {"Retry-After": "10"}


def init_app(app: Flask) -> None:
    """Show every error as a sentence, and let templates ask who may do what."""
    app.add_template_global(may, "may")
    _show_errors(app)

    @app.before_request
    def open_request() -> None:
        g.open = ExitStack()
        g.open.enter_context(work.bell(partial(room.nudge, runtime())))
        if request.method in ("GET", "HEAD") or request.endpoint in READ_BY_POST:
            g.open.enter_context(work.reading())
        if request.endpoint not in WITHOUT_SESSION:
            # Only a form that is sent gets a cookie for it: the answer to some other request might come after that of
            # a sign-in, and would replace its cookie.
            if request.method == "POST":
                session.setdefault("sid", secrets.token_hex(8))
            agent = request.user_agent.string
            g.open.enter_context(diary.origin(session.get("sid", ""), request.remote_addr or "", agent))

    @app.teardown_request
    def close_request(_error: BaseException | None) -> None:
        if "open" in g:
            g.pop("open").close()


def _show_errors(app: Flask) -> None:
    @app.errorhandler(HTTPException)
    def on_http(error: HTTPException) -> ResponseReturnValue:
        if error.code is not None and error.code < 400:
            return error
        return refusal(error.code or 500)

    @app.errorhandler(CSRFError)
    def on_csrf(_error: CSRFError) -> ResponseReturnValue:
        if resume.can_resume():
            sign_in = resume.needs_sign_in()
            return resume.partial(sign_in=sign_in) if is_htmx() else resume.page(sign_in=sign_in)
        return refusal(
            400,
            "This page was open too long or your session ended, so nothing was saved. Reload the page and try again.",
        )

    @app.errorhandler(ServiceError)
    def on_service(error: ServiceError) -> ResponseReturnValue:
        db.session.rollback()
        status = next((code for kind, code in STATUSES.items() if isinstance(error, kind)), 422)
        return refusal(status, str(error))

    @app.errorhandler(Exception)
    def on_any(error: Exception) -> ResponseReturnValue:
        sentence = outage.sentence(error)
        if sentence:
            return unavailable(sentence, error)
        db.session.rollback()
        app.logger.exception("unhandled error on %s %s", request.method, request.url_rule)
        if app.config.get("PROPAGATE_EXCEPTIONS"):
            raise error
        return refusal(500)


class RecordNumber(IntegerConverter):
    """``<int:...>`` in a URL: a valid record id, else 404."""

    def __init__(self, url_map: Map, **options: Any) -> None:
        super().__init__(url_map, **{"max": MAX_ID, **options})


def page_number() -> int:
    """The requested page of a list, from 1."""
    return max(1, min(request.args.get("page", 1, type=int), PAGES))


def ask(sentence: str, button: str) -> ResponseReturnValue | None:
    """A page that asks before something is deleted, unless the browser's script asked already; None: go ahead."""
    if is_htmx() or request.form.get("sure"):
        return None
    return render_template("errors/confirm.html", sentence=sentence, button=button, values=kept.values())


def back_to(endpoint: str, message: str = "", **values: Any) -> ResponseReturnValue:
    """Redirect (303) to a page that shows ``message``."""
    if message:
        flash(message, "success")
    return redirect(url_for(endpoint, **values), 303)


def render_block(template: str, block: str, **context: Any) -> str:
    """One named block of a template: for an answer that swaps a part of it."""
    current_app.update_template_context(context)
    found = current_app.jinja_env.get_template(template)
    return "".join(found.blocks[block](found.new_context(context)))


def json_file(content: str, name: str) -> ResponseReturnValue:
    """A JSON file to download, which browsers don't keep."""
    disposition = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return content, 200, {"Content-Type": "application/json; charset=utf-8", **disposition}


def show_errors(form: FlaskForm, error: Invalid) -> None:
    """Put a service's sentences next to their fields, the rest above the form."""
    shown = False
    for name, sentence in error.fields.items():
        if name in form:
            form[name].errors = [*form[name].errors, sentence]
            shown = True
    if not shown:
        form.form_errors.append(str(error))


class RecordForm(FlaskForm):
    """A form of one record; ``seen`` says what it was opened with (``core.merge``)."""

    seen = HiddenField()

    @property
    def entered(self) -> dict[str, Any]:
        """What was sent, with the choice between two values."""
        return {**self.data, **choice()}


def choice() -> dict[str, str]:
    """The button that was pressed beside a field that two people changed, as ``core.merge`` reads it."""
    return {name: request.form[name] for name in ("use_mine", "keep_theirs") if name in request.form}


def submit(
    form: FlaskForm, save: Callable[[], R], stored: Callable[[], RecordForm] | None = None
) -> tuple[R | None, int]:
    """Save a submitted form. Returns what was saved and SAVED, or None and the status of the page with the errors.

    ``stored``: creates the same form from the stored record, for when someone else saved it first; without it, that is
    an error page. Forms that a template writes itself have the same in ``answered.attempt``.
    """
    if not form.validate_on_submit():
        return None, 422 if request.method == "POST" else 200
    try:
        return save(), SAVED
    except Invalid as error:
        show_errors(form, error)
        return None, 422
    except Conflict as error:
        if stored is None or not isinstance(form, RecordForm):
            raise
        show_conflict(form, stored(), error)
        return None, 409


def show_conflict(form: RecordForm, stored: RecordForm, error: Conflict) -> None:
    """Show both values of each field that two people changed, with a choice, and what only the other one changed.

    ``stored``: the same form, filled from the stored record.
    """
    form.form_errors.append(str(error))
    form.seen.data = error.seen
    for item in form:
        # A choice among records is called after its id.
        name = item.name.removesuffix("_id")
        if name in error.taken:
            item.data = stored[item.name].data
        if name in error.fields:
            item.errors = [*item.errors, error.fields[name]]
            item.clash = name
