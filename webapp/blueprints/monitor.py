"""What monitors, load balancers and Prometheus ask: without signing in, and without a session."""

from __future__ import annotations

import hmac

from flask import Blueprint, Response, abort, request
from flask.typing import ResponseReturnValue

from webapp.blueprints.support import runtime
from webapp.services.operating import metrics, readiness

monitor = Blueprint("monitor", __name__)


@monitor.get("/livez")
def livez() -> ResponseReturnValue:
    """200 while the process answers at all: whoever gets nothing here should start it again."""
    return "ok", 200


@monitor.get("/healthz")
def healthz() -> ResponseReturnValue:
    """200 while the database answers."""
    if readiness.database_answers():
        return "ok", 200
    return "The database doesn't respond.", 503


@monitor.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Every check by name with what is wrong, 503 if anything is. ``for=web``: what showing pages needs."""
    if request.args.get("for") == "web":
        checks = readiness.of_web()
    else:
        with readiness.quick_redis(runtime()) as redis:
            checks = readiness.of_all(redis).checks
    ready = all(check.is_ok for check in checks)
    said = {check.name: check.sentence or "ok" for check in checks}
    return {"ready": ready, "checks": said}, 200 if ready else 503


@monitor.get("/metrics")
def show_metrics() -> ResponseReturnValue:
    """Prometheus' text format, for whoever brings METRICS_TOKEN; without that setting there is no such page."""
    token = runtime().config.metrics_token
    if not token:
        abort(404)
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(given.encode(), token.encode()):
        response = Response("Send METRICS_TOKEN as a bearer token.", 401)
        response.headers["WWW-Authenticate"] = "Bearer"
        return response
    return Response(metrics.text(runtime()), content_type="text/plain; version=0.0.4; charset=utf-8")
