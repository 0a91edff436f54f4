"""Send calls to Autotask over HTTP and record them. The only module that uses ``requests``.

A call takes a slot, is sent, is read, and is recorded; credentials are hidden from every record and every sentence.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import MaxRetryError, NewConnectionError

from webapp.services.autotask.api import hosts, replies
from webapp.services.autotask.api.errors import AutotaskError, Refused, Temporary
from webapp.services.core import deadline, metrics, tracing

# A shorter secret would be found, and hidden, in too many words that have nothing to do with it.
SHORTEST_SECRET = 6
LONGEST_BODY = 20_000


@dataclass(frozen=True)
class CallRecord:
    """One finished call, without credentials. ``status`` None: no response came."""

    method: str
    path: str
    status: int | None
    duration_ms: int
    request_body: str
    response_body: str


class Transport:
    """Sends calls to one zone with one API user's credentials. May be used from several threads.

    ``on_call`` gets a record of each finished call; ``before_call`` may raise to keep a call from being sent. In a job
    whose time is over no call is sent: OutOfTime.
    """

    def __init__(
        self,
        *,
        zone_url: str,
        user_name: str,
        secret: str,
        integration_code: str,
        timeout: float,
        allowed_hosts: Sequence[str] = (),
        on_call: Callable[[CallRecord], None] | None = None,
        before_call: Callable[[], None] | None = None,
    ) -> None:
        base = zone_url.rstrip("/")
        self.base = base if base.lower().endswith("/v1.0") else f"{base}/v1.0"
        self.timeout = timeout
        self._on_call = on_call
        self._before_call = before_call
        self._hidden = tuple(value for value in (secret, integration_code) if len(value) >= SHORTEST_SECRET)
        self._session = open_session(allowed_hosts)
        self._host = urlsplit(self.base).hostname or ""
        # Calls are also made by threads that have no span of their own.
        self._trace = tracing.here()
        self._session.headers.update(
            {"ApiIntegrationCode": integration_code, "UserName": user_name, "Secret": secret}
        )

    def send(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None,
        slot: AbstractContextManager[None],
        *,
        acting_as: int | None = None,
    ) -> dict[str, Any]:
        """Prepare one request, send it once, and return its document. Raises AutotaskError.

        ``acting_as``: the resource that Autotask shows as the author, instead of the API user.

        Only the call itself happens inside ``slot``, because other calls wait for it.
        """
        text = None if body is None else json.dumps(body, default=replies.number)
        headers = {} if text is None else {"Content-Type": "application/json"}
        if acting_as is not None:
            headers["ImpersonationResourceId"] = str(acting_as)
        request = self._session.prepare_request(
            requests.Request(
                method,
                f"{self.base}/{path}",
                headers=headers,
                data=text.encode() if text is not None else None,
            )
        )
        started = 0.0
        response: requests.Response | None = None
        try:
            with slot:
                deadline.check()
                if self._before_call:
                    self._before_call()
                started = time.perf_counter()
                response = self._call(request, f"{method} {_named(path)}")
        except requests.RequestException as error:
            raise _not_answered(error, path) from error
        finally:
            if started:
                _count(path, response, time.perf_counter() - started)
                self._record(method, path, text, response, started)
        return replies.read(
            response.status_code, response.headers, response.content, path, hide=self._without_credentials
        )

    def _call(self, request: requests.PreparedRequest, name: str) -> requests.Response:
        about = {"http.request.method": request.method or "", "server.address": self._host}
        with tracing.call(name, self._trace, **about) as note:
            response = self._session.send(
                request, timeout=(min(10.0, self.timeout), self.timeout), allow_redirects=False
            )
            note("http.response.status_code", response.status_code)
            return response

    def _record(
        self, method: str, path: str, text: str | None, response: requests.Response | None, started: float
    ) -> None:
        if self._on_call:
            self._on_call(
                CallRecord(
                    method=method,
                    path=path,
                    status=response.status_code if response is not None else None,
                    duration_ms=round((time.perf_counter() - started) * 1000),
                    request_body=self._without_credentials(_without_file(path, text or "")),
                    response_body=(
                        self._without_credentials(response.text)[:LONGEST_BODY]
                        if response is not None
                        else ""
                    ),
                )
            )

    def _without_credentials(self, text: str) -> str:
        """``text`` with our credentials hidden: whatever responds, a proxy say, may repeat the headers it got."""
        for value in self._hidden:
            text = text.replace(value, "(hidden)")
        return text


class _Guarded(HTTPAdapter):
    """Checks the host of every request as it leaves, however the request was prepared."""

    def __init__(self, allowed_hosts: Sequence[str]) -> None:
        self._allowed_hosts = tuple(allowed_hosts)
        super().__init__(pool_connections=4, pool_maxsize=32)

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        try:
            hosts.check_request(request.url or "", self._allowed_hosts)
        except hosts.ForeignHost as error:
            raise AutotaskError(str(error)) from error
        return super().send(request, *args, **options)


def open_session(allowed_hosts: Sequence[str]) -> requests.Session:
    """A session that no proxy setting and no .netrc of this machine can redirect or give other credentials."""
    session = requests.Session()
    session.trust_env = False
    adapter = _Guarded(allowed_hosts)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def find_zone(root: str, user_name: str, timeout: float, allowed_hosts: Sequence[str] = ()) -> dict[str, Any]:
    """Ask ``root`` for the zone of an API user: ``{"zoneName", "url", "webUrl"}``.

    Raises Refused when Autotask doesn't know the user, Temporary when it can't be reached, AutotaskError when the
    server that responds isn't Autotask.
    """
    try:
        response = open_session(allowed_hosts).get(
            f"{root}/v1.0/zoneInformation",
            params={"user": user_name},
            timeout=(min(10.0, timeout), timeout),
            allow_redirects=False,
        )
    except requests.RequestException as error:
        raise Temporary("Autotask didn't respond.") from error
    try:
        answer = response.json()
    except ValueError as error:
        raise AutotaskError(
            "The server that responded isn't Autotask.", status=response.status_code
        ) from error
    if response.ok and isinstance(answer, dict) and isinstance(answer.get("url"), str):
        return answer
    sentences = replies.sentences(answer)
    if sentences or response.status_code in (400, 401, 404, 500):
        raise Refused(sentences or ["Autotask doesn't know this user name."], status=response.status_code)
    raise AutotaskError("The server that responded isn't Autotask.", status=response.status_code)


def _named(path: str) -> str:
    """What the path names, without ids: ``Quotes/12/Items`` is ``Quotes/Items``."""
    words = [
        word for word in path.split("?", maxsplit=1)[0].split("/") if not word.isdigit() and word != "query"
    ]
    return "/".join(words[:2])


def _count(path: str, response: requests.Response | None, seconds: float) -> None:
    """For /metrics: by what the path names."""
    metrics.count(metrics.CALLS, _named(path), response.status_code if response is not None else 0)
    metrics.observe(metrics.CALL_SECONDS, seconds)


def _not_answered(error: requests.RequestException, path: str) -> Temporary:
    """The error for a call without a response; in doubt when the request may have reached Autotask."""
    if isinstance(error, requests.exceptions.ConnectTimeout | requests.exceptions.SSLError):
        return Temporary("Autotask can't be reached. The call will be retried.", path=path)
    return Temporary(
        "The connection to Autotask broke before the response arrived. We check what happened before anything is "
        "repeated.",
        path=path,
        in_doubt=not _never_sent(error),
        timed_out=isinstance(error, requests.exceptions.Timeout),
    )


def _never_sent(error: requests.RequestException) -> bool:
    """True when no connection was established, so the request can't have taken effect."""
    cause = error.args[0] if error.args else None
    return isinstance(cause.reason if isinstance(cause, MaxRetryError) else cause, NewConnectionError)


def _without_file(path: str, text: str) -> str:
    """A request body for the journal, with a file's content replaced by its size."""
    if "attachments" in path.lower() and text:
        return f"(a file, {len(text)} characters)"
    return text[:LONGEST_BODY]
