"""Count and time every request, for /metrics, and give it an id that its log lines share."""

from __future__ import annotations

import re
import secrets
import time

import structlog
from flask import Flask, Response, g, request

from webapp.services.core import metrics
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

    @app.after_request
    def end(response: Response) -> Response:
        if "began" in g:
            route = request.endpoint or "none"
            method = request.method if request.url_rule is not None else "any"
            metrics.count(metrics.REQUESTS, route, method, response.status_code)
            metrics.observe(metrics.REQUEST_SECONDS, time.perf_counter() - g.began, route)
            response.headers[HEADER] = g.request_id
        return response

    @app.teardown_request
    def send_on(_error: BaseException | None) -> None:
        structlog.contextvars.unbind_contextvars("request_id")
        metrics.flush_soon(runtime.redis)
