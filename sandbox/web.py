"""The WSGI application: the REST API under ``/atservicesrest``, the admin routes under ``/sandbox``, and pages."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from sandbox import admin, faults, pages, rest
from sandbox.errors import ApiError, nowhere, wrong_verb
from sandbox.faults import Fault
from sandbox.strikes import strike
from sandbox.tenants import DEMO_CODE, Tenant, Tenants
from sandbox.values import dumps

API = re.compile(r"^/atservicesrest(?:/(?P<rest>.*))?$", re.IGNORECASE)
VERSIONED = re.compile(r"^v1\.0/(?P<rest>.*)$", re.IGNORECASE)
MAX_BODY = 32 * 1024 * 1024


@dataclass
class Call:
    """One request to the REST API, as it is answered and logged."""

    request: Request
    tenant: Tenant
    route: rest.Route | None = None
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
            response = _errors(error.status, *error.sentences, **error.more)
        except HTTPException as error:
            response = _errors(error.code or 400, error.description or "The request could not be read.")
        except Exception as error:  # noqa: BLE001  a caller gets a sentence, never a traceback
            request.environ["wsgi.errors"].write(
                f"sandbox: {type(error).__name__} at {request.method} {request.path}\n"
            )
            response = _errors(500, "An error occurred while processing your request.")
        return response(environ, start_response)

    def foresee(self, environ: dict[str, Any]) -> bool:
        """Settle which fault befalls a call, before its body is read. True when it cuts the connection already now."""
        started = time.perf_counter()
        request = Request(environ)
        api = API.match(request.path)
        versioned = VERSIONED.match(api["rest"] or "") if api else None
        if versioned is None:
            return False
        try:
            call = Call(request, self._claimed(request))
            _check_secret(call)
            call.route = rest.route(request.method, versioned["rest"])
            call.fault = environ["sandbox.fault"] = _fault(call, call.route)
        except ApiError:
            return False  # answered with its sentence when the request has been read
        if call.fault is None or call.fault.kind != "cut_before":
            return False
        _log(call, None, started)
        return True

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
            raise nowhere(path)
        rest_path = versioned["rest"].rstrip("/")
        if rest_path.lower() == "zoneinformation":
            _only_get(request)
            found = self.tenants.of_user(request.args.get("user", ""))
            if found is None:
                raise ApiError(500, "Zone information could not be determined")
            return _logged(Call(request, found), lambda: self._zone(request, found))
        call = Call(request, self._claimed(request))
        return _logged(call, lambda: self._call(call, rest_path))

    def _zone(self, request: Request, tenant: Tenant) -> Response:
        host = request.host_url.rstrip("/")
        # Links into the pages carry the tenant, except for the one that a link without a tenant means anyway.
        web = host if tenant.code == DEMO_CODE else f"{host}/tenants/{tenant.code}"
        return _json(
            200, {"zoneName": "Sandbox", "url": f"{host}/ATServicesRest/", "webUrl": f"{web}/", "ci": 1}
        )

    def _claimed(self, request: Request) -> Tenant:
        """The tenant that the integration code names. Raises ApiError."""
        code = request.headers.get("ApiIntegrationCode", "")
        if not code:
            raise ApiError(401, "The header ApiIntegrationCode is missing.")
        tenant = self.tenants.find(code)
        if tenant is None:
            raise ApiError(401, "The API integration code is invalid.")
        return tenant

    def _call(self, call: Call, path: str) -> Response:
        _check_secret(call)
        if path.lower() == "thresholdinformation":
            _only_get(call.request)
            return _json(200, _threshold(call.tenant))
        call.route = rest.route(call.request.method, path)
        return self._limited(call, call.route)

    def _limited(self, call: Call, route: rest.Route) -> Response:
        tenant = call.tenant
        call.busy, over = tenant.log.begin(route.endpoint, tenant.thread_limit)
        try:
            if over:
                limit = tenant.thread_limit
                raise ApiError(
                    429,
                    f"Thread Threshold Exceeded. The maximum of {limit} threads for this object endpoint is in use.",
                )
            _threshold_brake(tenant)
            if tenant.latency_ms:
                time.sleep(tenant.latency_ms / 1000)
            return self._with_fault(call, route)
        finally:
            tenant.log.end(route.endpoint)

    def _with_fault(self, call: Call, route: rest.Route) -> Response:
        environ = call.request.environ
        call.fault = environ["sandbox.fault"] if "sandbox.fault" in environ else _fault(call, route)
        if call.fault is None:
            return self._work(call, route)
        return strike(call.fault, call.request, lambda: self._work(call, route))

    def _work(self, call: Call, route: rest.Route) -> Response:
        request = call.request
        prefix = request.path[: request.path.lower().index("/v1.0/") + 5]
        status, document, committed = rest.answer(
            call.tenant,
            route,
            request.method,
            request.get_data(),
            request.args.to_dict(),
            request.host_url.rstrip("/") + prefix,
        )
        call.committed = call.committed or committed
        return _json(status, document)


def _check_secret(call: Call) -> None:
    user, secret = (call.request.headers.get(name, "") for name in ("UserName", "Secret"))
    if user.lower() != call.tenant.user.lower() or secret != call.tenant.secret:
        raise ApiError(401, "The user name or the secret is wrong.")


def _fault(call: Call, route: rest.Route) -> Fault | None:
    """The fault that the call asks for itself, or one that waits for it."""
    header = call.request.headers.get("X-Sandbox-Fault")
    if not header:
        return call.tenant.faults.pick(route.entity.name, route.verb)
    try:
        return faults.from_header(header)
    except ValueError as error:
        raise ApiError(400, str(error)) from error


def _only_get(request: Request) -> None:
    if request.method != "GET":
        raise wrong_verb(request.method)


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


def _json(status: int, document: Any) -> Response:
    return Response(dumps(document), status, mimetype="application/json")


def _errors(status: int, *sentences: str, **more: Any) -> Response:
    return _json(status, {"errors": list(sentences), **more})


def _logged(call: Call, work: Callable[[], Response]) -> Response:
    """Answer and log, whatever becomes of the call."""
    started = time.perf_counter()
    response: Response | None = None
    try:
        response = work()
    except ApiError as error:
        response = _errors(error.status, *error.sentences, **error.more)
    finally:
        _log(call, response, started)
    return response


def _log(call: Call, response: Response | None, started: float) -> None:
    request = call.request
    entity, verb = (call.route.entity.name, call.route.verb) if call.route else ("", "")
    body = request.get_data().decode("utf-8", "replace")
    if entity == "OpportunityAttachments" and verb == "create":
        body = f"({len(body)} characters)"
    shown = ""
    if response is not None and not response.is_streamed:
        shown = response.get_data(as_text=True)
    call.tenant.log.add(
        {
            "time": time.time(),
            "method": request.method,
            "path": request.full_path.rstrip("?"),
            "entity": entity,
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
