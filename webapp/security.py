"""Cookies, security headers (with a strict content security policy), trusted proxies, and a log of what is refused."""

from __future__ import annotations

from typing import Any

import structlog
from flask import Flask, Response, request
from flask_login import current_user
from werkzeug.middleware.proxy_fix import ProxyFix

from config import Config
from webapp.services.accounts import sessions

_ALWAYS = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; manifest-src 'self'; "
)
POLICY = _ALWAYS + "frame-ancestors 'none'"
# For a page that shows others of ours in frames, and for those.
WITH_FRAMES = POLICY + "; frame-src 'self'"
# For a page that shows a PDF of ours besides; and for that PDF, which browsers show in a frame of their own.
WITH_PDF = WITH_FRAMES + "; object-src 'self'"
IN_A_FRAME = _ALWAYS + "frame-ancestors 'self'"
# For an email, in a frame of ours: it has styles of its own, runs no script, and loads nothing.
MAIL_IN_A_FRAME = (
    "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "sandbox; frame-ancestors 'self'"
)


# What is logged of refused requests, by status; an address can hold the secret of a customer's link, so it is not.
REFUSED = {403: "access.refused", 429: "requests.limited"}

log = structlog.get_logger(__name__)


def cookies(config: Config) -> dict[str, Any]:
    """The settings of the session's cookie; the only other one is the choice of colors (``blueprints.theme``).

    With TLS its name binds it to this host (the prefix ``__Host-``).

    It isn't sent again with each response: a late one would bring back a session that was left or replaced.
    """
    return {
        "SESSION_COOKIE_NAME": "__Host-session" if config.cookie_secure else "session",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": config.cookie_secure,
        "SESSION_REFRESH_EACH_REQUEST": False,
        "PERMANENT_SESSION_LIFETIME": sessions.KEPT_LONGEST,
    }


def init_app(app: Flask) -> None:
    """Add the headers to every response, and trust the configured number of proxies."""
    proxies = app.extensions["quotewright"].config.trusted_proxies
    if proxies:
        # Acceptances and rate limits need the client's address, not the proxy's.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]

    @app.after_request
    def log_refusal(response: Response) -> Response:
        if response.status_code in REFUSED:
            user = current_user.user.id if current_user.is_authenticated else None
            log.warning(
                REFUSED[response.status_code],
                address=request.remote_addr,
                user=user,
                method=request.method,
                endpoint=request.endpoint,
                **{
                    name: value for name, value in (request.view_args or {}).items() if isinstance(value, int)
                },
            )
        return response

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        if app.config["SESSION_COOKIE_SECURE"]:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        if request.blueprint == "public":
            response.headers.setdefault("X-Robots-Tag", "noindex")
        if response.mimetype == "text/html":
            response.headers.setdefault("Cache-Control", "no-store")
            response.vary.add("HX-Request")
        return response
