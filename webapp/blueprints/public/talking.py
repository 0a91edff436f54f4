"""The customer comments on the quote, and shares it with a colleague."""

from __future__ import annotations

import re
from typing import Any

from flask import g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from webapp.blueprints.public import public
from webapp.blueprints.public.views import live_of, page, talk_of, writer_of
from webapp.blueprints.support import is_htmx, runtime
from webapp.extensions import limiter
from webapp.models import QuoteComment
from webapp.services.company import mail_server
from webapp.services.core.errors import Conflict, Invalid
from webapp.services.quoting.answer import acceptance, comments, opened, sharing
from webapp.services.quoting.answer.opened import Opened

UID = re.compile(r"[\w-]{1,36}")


@public.post("/<token>/comments")
@limiter.limit("10/minute;100/day")
def comment(token: str) -> ResponseReturnValue:
    """Comment on a line or the whole quote; htmx gets the thread."""
    try:
        written = comments.write(token, request.form)
    except (Invalid, Conflict) as error:
        return _not_sent(opened.by_token(token), error)
    session["writer"] = [written.name, written.email]
    place = f"talk-{written.line_uid or 'whole'}"
    if is_htmx():
        return _thread(opened.by_token(token), written.line_uid, sent=written)
    return redirect(url_for("public.show", token=token, _anchor=place), 303)


@public.route("/<token>/share", methods=["GET", "POST"])
@limiter.limit("20/hour", methods=["POST"])
def share(token: str) -> ResponseReturnValue:
    """Make a link for a colleague. It is mailed, or else shown once, to the person who made it."""
    found = opened.by_token(token)
    typed: dict[str, Any] = {
        "refused": sharing.refused_reason(found),
        "values": {},
        "errors": {},
        "sentence": "",
    }
    if request.method == "GET":
        return _share_page(found, **typed), 409 if typed["refused"] else 200
    try:
        done = sharing.share(token, request.form)
    except Conflict as error:
        return _share_page(found, **{**typed, "refused": str(error)}), 409
    except Invalid as error:
        typed |= {"values": request.form, "errors": error.fields, "sentence": str(error)}
        return _share_page(found, **typed), 422
    link = f"{runtime().config.public_base_url}{url_for('public.show', token=done.share.token)}"
    is_mailed = bool(done.share.email) and mail_server.is_configured(runtime())
    return _share_page(found, **typed, done=done, link="" if is_mailed else link)


def _share_page(found: Opened, **what: Any) -> str:
    revision, frozen = live_of(found.quote)
    g.place = frozen.place
    context: dict[str, Any] = {
        "quote": found.quote,
        "token": found.token,
        "frozen": frozen,
        "brand_css": url_for("public.brand_css", token=found.token, r=revision.number),
        "logo": url_for("public.logo", token=found.token, r=revision.number) if frozen.brand.logo else "",
        "pdf_address": "",
        "writer": writer_of(found, frozen),
        "mails": mail_server.is_configured(runtime()),
        "good_for": sharing.good_for(found.quote),
        "done": None,
        "link": "",
        "shared": found.share,
    }
    return render_template("public/share.html", **{**context, **what})


def _not_sent(found: Opened, error: Invalid | Conflict) -> ResponseReturnValue:
    """The page, or for htmx the thread, with what was typed and why it wasn't sent."""
    is_refused = isinstance(error, Conflict)
    lines = {line.uid for line in live_of(found.quote)[1].lines}
    refusal: dict[str, Any] = {
        "comment_typed": request.form,
        "comment_at": request.form.get("line", "") if is_htmx() or request.form.get("line") in lines else "",
        "comment_errors": {} if isinstance(error, Conflict) else error.fields,
        "comment_sentence": str(error),
    }
    if is_htmx():
        # htmx swaps it like any answer.
        uid = request.form.get("line", "")
        return _thread(found, uid if UID.fullmatch(uid) else "", **refusal)
    return page(found, **refusal), 409 if is_refused else 422


def _thread(found: Opened, uid: str, sent: QuoteComment | None = None, **refusal: Any) -> str:
    revision, frozen = live_of(found.quote)
    g.place = frozen.place
    names = {one.uid: one.name for one in frozen.lines}
    context = {
        "quote": found.quote,
        "token": found.token,
        "frozen": frozen,
        "revision": revision,
        "uid": uid,
        # A line can be gone while someone writes about it.
        "name": names.get(uid, "this line"),
        "sent": sent,
        **talk_of(found, frozen),
        **refusal,
    }
    if acceptance.is_withdrawn(found.quote):  # the page shows nothing of it anymore
        context |= {"talk": {}, "name": "this line"}
    return render_template("public/_thread.html", **context)
