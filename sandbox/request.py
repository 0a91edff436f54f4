"""One request to the REST API: whose it is, what it means, which fault befalls it, and its line in the log."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox import dialect, faults
from sandbox.calls import CallLog
from sandbox.errors import ApiError, wrong_verb
from sandbox.faults import Fault
from sandbox.rest import Route
from sandbox.strikes import strike
from sandbox.tenants import Tenant
from sandbox.values import dumps


@dataclass
class Call:
    """One request to the REST API, as it is answered and logged.

    ``route``: what the address means, where it belongs to an entity; otherwise ``address`` is zone, threshold or
    version. ``tenant`` is None, and ``log`` the one of strays, until it is known whose the call is.
    """

    request: Request
    log: CallLog
    tenant: Tenant | None = None
    route: Route | None = None
    address: str = ""
    fault: Fault | None = None
    committed: bool = False
    busy: int = 0

    @property
    def entity(self) -> str:
        """The entity's name, or nothing."""
        return self.route.entity.name if self.route else ""

    @property
    def verb(self) -> str:
        """What faults and the log call it."""
        return self.route.verb if self.route else self.address

    def belongs_to(self, tenant: Tenant) -> None:
        """From here on the call is this tenant's."""
        self.tenant, self.log = tenant, tenant.log

    def check_secret(self) -> None:
        """Raises ApiError where the user or the secret is wrong."""
        user, secret = (self.request.headers.get(name, "") for name in ("UserName", "Secret"))
        tenant = self.tenant
        if tenant is None or user.lower() != tenant.user.lower() or secret != tenant.secret:
            raise ApiError(401, "The user name or the secret is wrong.")

    def only_get(self) -> None:
        """Raises ApiError for any other verb."""
        if self.request.method != "GET":
            raise wrong_verb(self.request.method)

    def choose_fault(self) -> Fault | None:
        """The fault that the call asks for itself, or one that waits for it. Raises ApiError."""
        header = self.request.headers.get("X-Sandbox-Fault")
        if not header:
            return self.tenant.faults.pick(self.entity, self.verb) if self.tenant else None
        try:
            return faults.from_header(header)
        except ValueError as error:
            raise ApiError(400, str(error)) from error

    def with_fault(self, work: Callable[[], Response]) -> Response:
        """Answer with ``work``, or with what a fault makes of it."""
        environ = self.request.environ
        self.fault = environ["sandbox.fault"] if "sandbox.fault" in environ else self.choose_fault()
        if self.fault is None:
            return work()
        spoken = self.tenant.dialect if self.tenant else {}
        return strike(self.fault, self.request, work, dialect.sentence(spoken, "unexpectedError"))


def as_json(status: int, document: Any) -> Response:
    """An answer; with its charset, because some clients take JSON without one for Latin-1."""
    return Response(dumps(document), status, content_type="application/json; charset=utf-8")


def refusal(status: int, *sentences: str, **more: Any) -> Response:
    """A refusal as Autotask writes it."""
    return as_json(status, {"errors": list(sentences), **more})


def logged(call: Call, work: Callable[[], Response]) -> Response:
    """Answer and log, whatever becomes of the call."""
    started = time.perf_counter()
    response: Response | None = None
    try:
        response = work()
    except ApiError as error:
        response = refusal(error.status, *error.sentences, **error.more)
    finally:
        log(call, response, started)
    return response


def log(call: Call, response: Response | None, started: float) -> None:
    """Keep a finished call. ``response`` None: it was cut off. ``started``: by ``time.perf_counter``."""
    request = call.request
    body = request.get_data().decode("utf-8", "replace")
    if call.entity == "OpportunityAttachments" and call.verb == "create":
        body = f"({len(body)} characters)"
    shown = ""
    if response is not None and not response.is_streamed:
        shown = response.get_data(as_text=True)
    call.log.add(
        {
            "time": time.time(),
            "method": request.method,
            "path": request.full_path.rstrip("?"),
            "entity": call.entity,
            "verb": call.verb,
            "status": response.status_code if response is not None else 0,
            "durationMs": round((time.perf_counter() - started) * 1000, 1),
            "fault": call.fault.kind if call.fault else "",
            "committed": call.committed,
            "concurrency": call.busy,
            "request": body,
            "response": shown,
        }
    )
