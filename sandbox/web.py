"""The WSGI application: the REST API under ``/atservicesrest``, the admin routes under ``/sandbox``, and pages."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from sandbox import admin, contract, faults, pages, rest
from sandbox.errors import ApiError
from sandbox.faults import Fault
from sandbox.tenants import Tenant, Tenants
from sandbox.values import dumps

API = re.compile(r"^/atservicesrest(?:/(?P<rest>.*))?$", re.IGNORECASE)
VERSIONED = re.compile(r"^v1\.0/(?P<rest>.*)$", re.IGNORECASE)
MAX_BODY = 32 * 1024 * 1024
HTML_ERROR = (
    "<html><head><title>Service Unavailable</title></head><body><h1>Service Unavailable</h1></body></html>"
)


@dataclass
class Call:
    """One request to the REST API, as it is answered and logged."""

    request: Request
    tenant: Tenant
    route: rest.Route
    fault: Fault | None = None
    committed: bool = False
    busy: int = 0


class Sandbox:
    """The WSGI callable; holds all tenants."""

    def __init__(self, tenants: Tenants) -> None:
        self.tenants = tenants

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request; nothing that a caller sends makes it raise."""
        request = Request(environ)
        request.max_content_length = MAX_BODY
        try:
            response = self._dispatch(request)
        except ConnectionAbortedError:
            raise
        except ApiError as error:
            response = _errors(error.status, *error.sentences)
        except HTTPException as error:
            response = _errors(error.code or 400, error.description or "The request could not be read.")
        except Exception as error:  # noqa: BLE001  a caller gets a sentence, never a traceback
            request.environ["wsgi.errors"].write(
                f"sandbox: {type(error).__name__} at {request.method} {request.path}\n"
            )
            response = _errors(500, "An error occurred while processing your request.")
        return response(environ, start_response)

    def _dispatch(self, request: Request) -> Response:
        api = API.match(request.path)
        if api:
            return self._api(request, api["rest"] or "")
        if request.path.startswith("/sandbox/"):
            return admin.answer(self.tenants, request)
        return pages.answer(self.tenants, request)

    def _api(self, request: Request, path: str) -> Response:
        if path.lower().rstrip("/") == "versioninformation":
            return _json(200, {"apiVersions": ["v1.0"]})
        versioned = VERSIONED.match(path)
        if versioned is None:
            raise ApiError(
                404, f"No HTTP resource was found that matches the request URI '{request.path[:200]}'."
            )
        rest_path = versioned["rest"].rstrip("/")
        if rest_path.lower() == "zoneinformation":
            return self._zone(request)
        tenant = self._authenticate(request)
        if rest_path.lower() == "thresholdinformation":
            return _json(200, _threshold(tenant))
        call = Call(request, tenant, rest.route(request.method, rest_path))
        return self._call(call)

    def _zone(self, request: Request) -> Response:
        tenant = self.tenants.of_user(request.args.get("user", ""))
        if tenant is None:
            raise ApiError(500, "The user name does not exist or is not an active API user.")
        host = request.host_url.rstrip("/")
        return _json(
            200,
            {"zoneName": "Sandbox", "url": f"{host}/ATServicesRest/", "webUrl": f"{host}/", "ci": 1},
        )

    def _authenticate(self, request: Request) -> Tenant:
        headers = request.headers
        tenant = self.tenants.find(headers.get("ApiIntegrationCode", ""))
        user, secret = headers.get("UserName", ""), headers.get("Secret", "")
        if not headers.get("ApiIntegrationCode"):
            raise ApiError(401, "The header ApiIntegrationCode is missing.")
        if tenant is None:
            raise ApiError(401, "The API integration code is invalid.")
        if user.lower() != tenant.user.lower() or secret != tenant.secret:
            raise ApiError(401, "The user name or the secret is wrong.")
        return tenant

    def _call(self, call: Call) -> Response:
        started = time.perf_counter()
        tenant, route = call.tenant, call.route
        call.busy, over = tenant.log.begin(route.endpoint, tenant.thread_limit)
        response: Response | None = None
        try:
            if over:
                raise ApiError(
                    429,
                    f"Thread Threshold Exceeded. The maximum of {tenant.thread_limit} threads for this object "
                    "endpoint is in use.",
                )
            _threshold_brake(tenant)
            if tenant.latency_ms:
                time.sleep(tenant.latency_ms / 1000)
            response = self._with_fault(call)
            return response
        except ApiError as error:
            response = _errors(error.status, *error.sentences)
            return response
        finally:
            tenant.log.end(route.endpoint)
            _log(call, response, started)

    def _with_fault(self, call: Call) -> Response:
        header = call.request.headers.get("X-Sandbox-Fault")
        try:
            call.fault = (
                faults.from_header(header)
                if header
                else call.tenant.faults.pick(call.route.entity.name, call.route.verb)
            )
        except ValueError as error:
            raise ApiError(400, str(error)) from error
        fault = call.fault
        if fault is None:
            return self._work(call)
        match fault.kind:
            case "delay":
                time.sleep(fault.seconds)
                return self._work(call)
            case "429":
                return _errors(429, "The hourly request threshold has been exceeded.")
            case "500":
                return _errors(500, "An error occurred while processing your request.")
            case "503":
                return Response(HTML_ERROR, 503, mimetype="text/html")
            case "thread_limit_sentence":
                # Some refusals of this kind were seen without a 429.
                return _errors(
                    500, "Thread Threshold Exceeded. Too many concurrent requests for this endpoint."
                )
            case "html":
                return Response(HTML_ERROR, 200, mimetype="text/html")
            case "cut_before":
                _cut(call.request)
        response = self._work(call)
        match fault.kind:
            case "cut_after_commit":
                _cut(call.request)
            case "timeout_after_commit":
                time.sleep(fault.seconds)
                _cut(call.request)
            case "truncated":
                body = response.get_data()
                response.set_data(body[: len(body) // 2])
            case "slow_body":
                _slow(call.request, response, fault.seconds)
            case "duplicate":
                self._work(call)
        return response

    def _work(self, call: Call) -> Response:
        request = call.request
        prefix = request.path[: request.path.lower().index("/v1.0/") + 5]
        status, document, committed = rest.answer(
            call.tenant,
            call.route,
            request.method,
            request.get_data(),
            dict(request.args),
            request.host_url.rstrip("/") + prefix,
        )
        call.committed = call.committed or committed
        return _json(status, document)


def _threshold(tenant: Tenant) -> dict[str, int]:
    return {
        "externalRequestThreshold": tenant.hourly_threshold,
        "requestThresholdTimeframe": 60,
        "currentTimeframeRequestCount": tenant.log.in_last_hour(),
    }


def _threshold_brake(tenant: Tenant) -> None:
    """Slow down from half of the hourly threshold on, refuse from all of it on."""
    used = tenant.log.in_last_hour()
    if tenant.hourly_threshold and used >= tenant.hourly_threshold:
        raise ApiError(
            429, "The hourly request threshold of this database has been reached. Try again later."
        )
    tenant.log.in_last_hour(count=True)
    if tenant.threshold_delays and tenant.hourly_threshold:
        share = used / tenant.hourly_threshold
        if share >= 0.5:
            time.sleep(1.0 if share >= 0.75 else 0.5)


def _cut(request: Request) -> None:
    """Cut the connection without an answer."""
    connection = request.environ.get("sandbox.socket")
    if isinstance(connection, socket.socket):
        connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError


def _slow(request: Request, response: Response, seconds: float) -> None:
    body = response.get_data()
    pieces = [
        body[place : place + max(1, len(body) // 5)] for place in range(0, len(body), max(1, len(body) // 5))
    ]

    def drip() -> Iterable[bytes]:
        for piece in pieces:
            time.sleep(seconds / max(1, len(pieces)))
            yield piece

    response.response = drip()
    response.content_length = len(body)


def _json(status: int, document: Any) -> Response:
    return Response(dumps(document), status, mimetype="application/json")


def _errors(status: int, *sentences: str) -> Response:
    return _json(status, {"errors": list(sentences)})


def _log(call: Call, response: Response | None, started: float) -> None:
    request = call.request
    verb = call.route.verb
    body = request.get_data().decode("utf-8", "replace") if request.content_length else ""
    if call.route.entity.name == "OpportunityAttachments" and verb == "create":
        body = f"({len(body)} characters)"
    shown = ""
    if response is not None and not response.is_streamed:
        shown = response.get_data(as_text=True)
    call.tenant.log.add(
        {
            "time": time.time(),
            "method": request.method,
            "path": request.full_path.rstrip("?"),
            "entity": call.route.entity.name,
            "verb": verb,
            "status": response.status_code if response is not None else 0,
            "durationMs": round((time.perf_counter() - started) * 1000, 1),
            "fault": call.fault.kind if call.fault else "",
            "committed": call.committed,
            "concurrency": call.busy,
            "request": body,
            "response": shown,
        }
    )


def known_entities() -> str:
    """The names of all entities, as JSON, for the admin's help."""
    return json.dumps(sorted(contract.entities()))
