"""Count and time every request, for /metrics, and give it an id that its log lines share."""

from __future__ import annotations

import re
import secrets
import time
from contextlib import ExitStack

import structlog
from flask import Flask, Response, g, request

from webapp.services.core import metrics, tracing
from webapp.services.core.runtime import Runtime

# Of a proxy in front of us; anything else could be a line of its own in a log.
_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
HEADER = "X-Request-ID"


def init_app(app: Flask) -> None:
    """Measure from before the first handler to after the last."""
    runtime: Runtime = app.extensions["quotewright"]
    behind_proxy = runtime.config.trusted_proxies > 0

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()
        given = request.headers.get(HEADER, "") if behind_proxy else ""
        g.request_id = given if _ID.fullmatch(given) else secrets.token_hex(8)
        structlog.contextvars.bind_contextvars(request_id=g.request_id)
        g.traced = ExitStack()
        method = request.method if request.url_rule is not None else "any"
        g.note = g.traced.enter_context(
            tracing.click(
                g.request_id,
                f"{method} {request.endpoint or 'none'}",
                **{"http.request.method": method, "http.route": str(request.url_rule or "")},
                request_id=g.request_id,
            )
        )

    @app.after_request
    def end(response: Response) -> Response:
        if "began" in g:
            route = request.endpoint or "none"
            method = request.method if request.url_rule is not None else "any"
            metrics.count(metrics.REQUESTS, route, method, response.status_code)
            metrics.observe(metrics.REQUEST_SECONDS, time.perf_counter() - g.began, route)
            g.note("http.response.status_code", response.status_code)
            response.headers[HEADER] = g.request_id
        return response

    @app.teardown_request
    def send_on(_error: BaseException | None) -> None:
        structlog.contextvars.unbind_contextvars("request_id")
        if "traced" in g:
            g.pop("traced").close()
        metrics.flush_soon(runtime.redis)
