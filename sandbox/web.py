"""The WSGI application: the REST API under ``/atservicesrest``, the admin routes under ``/sandbox``, and pages."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from sandbox import admin, dialect, limits, pages, rest
from sandbox.errors import ApiError, nowhere
from sandbox.request import Call, as_json, log, logged, refusal
from sandbox.tenants import DEMO_CODE, Tenant, Tenants

# A second slash is no mistake: clients that join an address carelessly work at Autotask.
API = re.compile(r"^/+atservicesrest(?:/+(?P<rest>.*))?$", re.IGNORECASE)
VERSIONED = re.compile(r"^v1\.0/+(?P<rest>.*)$", re.IGNORECASE)
PREFIX = re.compile(r"^.*?/v1\.0(?=/)", re.IGNORECASE)
MAX_BODY = 32 * 1024 * 1024


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
            response = refusal(error.status, *error.sentences, **error.more)
        except HTTPException as error:
            response = refusal(error.code or 400, error.description or "The request could not be read.")
        except Exception as error:  # noqa: BLE001  a caller gets a sentence, never a traceback
            request.environ["wsgi.errors"].write(
                f"sandbox: {type(error).__name__} at {request.method} {request.path}\n"
            )
            response = refusal(500, "An error occurred while processing your request.")
        return response(environ, start_response)

    def foresee(self, environ: dict[str, Any]) -> bool:
        """Settle which fault befalls a call, before its body is read. True when it cuts the connection already now."""
        started = time.perf_counter()
        request = Request(environ)
        api = API.match(request.path)
        if api is None:
            return False
        call = Call(request, self.tenants.strays)
        try:
            self._recognize(call, api["rest"] or "")
            call.fault = environ["sandbox.fault"] = call.choose_fault()
        except ApiError:
            return False  # answered with its sentence when the request has been read
        if call.fault is None or call.fault.kind != "cut_before":
            return False
        log(call, None, started)
        return True

    def _dispatch(self, request: Request) -> Response:
        api = API.match(request.path)
        if api:
            call = Call(request, self.tenants.strays)
            return logged(call, lambda: self._answer(call, api["rest"] or ""))
        if request.path.startswith("/sandbox/"):
            return admin.answer(self.tenants, request)
        return pages.answer(self.tenants, request)

    def _recognize(self, call: Call, path: str) -> None:
        """Find out whose the call is and what its address means. Raises ApiError."""
        versioned = VERSIONED.match(path)
        name = (versioned["rest"] if versioned else path).strip("/").lower()
        if versioned is None:
            if name != "versioninformation":
                raise nowhere(path)
            call.only_get()
            call.address = "version"
        elif name == "zoneinformation":
            call.only_get()
            call.address = "zone"
            call.belongs_to(self._zoned(call.request))
        else:
            call.belongs_to(self._claimed(call.request))
            call.check_secret()
            if name in ("thresholdinformation", "version"):
                call.only_get()
                call.address = name.removesuffix("information")
            else:
                call.route = rest.route(call.request.method, versioned["rest"])

    def _answer(self, call: Call, path: str) -> Response:
        self._recognize(call, path)
        if call.tenant is None:
            return as_json(200, {"apiVersions": ["v1.0"]})
        tenant = call.tenant
        if call.route is not None:
            return _limited(call, tenant, call.route)
        match call.address:
            case "zone":
                document = _zone(call.request, tenant)
            case "threshold":
                document = limits.told(tenant)
            case _:
                document = {"majorVersion": "1", "minorVersion": "0", "build": "0", "revision": "0"}
        return call.with_fault(lambda: as_json(200, document))

    def _zoned(self, request: Request) -> Tenant:
        """The tenant that a zone look-up is about: it names a user, and may bring an integration code as well."""
        user = _arguments(request).get("user", "")
        claimed = self.tenants.find(request.headers.get("ApiIntegrationCode", ""))
        if claimed is not None and user and claimed.user.lower() == user.lower():
            return claimed
        found = self.tenants.of_user(user)
        if found is None:
            raise ApiError(500, "Zone information could not be determined")
        return found

    def _claimed(self, request: Request) -> Tenant:
        """The tenant that the integration code names. Raises ApiError."""
        code = request.headers.get("ApiIntegrationCode", "")
        if not code:
            raise ApiError(401, "The header ApiIntegrationCode is missing.")
        tenant = self.tenants.find(code)
        if tenant is None:
            meant = self.tenants.of_user(request.headers.get("UserName", ""))
            spoken = meant.dialect if meant is not None else {}
            raise ApiError(int(dialect.spoken(spoken, "wrongCode")), dialect.sentence(spoken, "wrongCode"))
        return tenant


def _arguments(request: Request) -> dict[str, str]:
    """What stands behind the question mark, with names in lower case: Autotask reads them in any."""
    return {name.lower(): value for name, value in request.args.items()}


def _zone(request: Request, tenant: Tenant) -> dict[str, Any]:
    host = request.host_url.rstrip("/")
    # Links into the pages carry the tenant, except for the one that a link without a tenant means anyway.
    web = host if tenant.code == DEMO_CODE else f"{host}/tenants/{tenant.code}"
    return {"zoneName": "Sandbox", "url": f"{host}/ATServicesRest/", "webUrl": f"{web}/", "ci": 1}


def _limited(call: Call, tenant: Tenant, route: rest.Route) -> Response:
    """Do a call's work within the limits: threads at one endpoint, and calls in an hour."""
    limit = tenant.thread_limit
    call.busy, over = tenant.log.begin(route.endpoint, limit)
    try:
        if over:
            raise ApiError(
                429,
                f"Thread Threshold Exceeded. The maximum of {limit} threads for this object endpoint is in use.",
            )
        limits.brake(tenant)
        if tenant.latency_ms:
            time.sleep(tenant.latency_ms / 1000)
        return call.with_fault(lambda: _work(call, tenant, route))
    finally:
        tenant.log.end(route.endpoint)


def _work(call: Call, tenant: Tenant, route: rest.Route) -> Response:
    request = call.request
    prefix = PREFIX.match(request.path)
    with rest.acting_as(tenant, route, request.headers.get("ImpersonationResourceId", "")):
        status, document, committed = rest.answer(
            tenant,
            route,
            request.method,
            request.get_data(),
            _arguments(request),
            request.host_url.rstrip("/") + (prefix[0] if prefix else ""),
        )
    call.committed = call.committed or committed
    return as_json(status, document)
