"""The only module that speaks HTTP to Autotask.

Facts: Autotask's REST API, version 1.0. Queries are POSTed and paged by 500; children are written through their
parent; many validation failures come as status 500 with sentences; a thread-limit refusal may come without 429.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from webapp.services.autotask import hosts, replies
from webapp.services.autotask.errors import (
    AutotaskError,
    Busy,
    HourUsedUp,
    Refused,
    Temporary,
)

PAGE = 500
TRIES = 4
# What Autotask asks to wait longer is waited for outside: the push is put off, and its worker does another.
LONGEST_PAUSE = 5.0
# A shorter one would be found in too many words that have nothing to do with it.
SHORTEST_SECRET = 6

# Children: their parent and the parent's collection.
CHILDREN = {
    "QuoteItems": ("Quotes", "Items"),
    "Contacts": ("Companies", "Contacts"),
    "CompanyLocations": ("Companies", "Locations"),
    "OpportunityAttachments": ("Opportunities", "Attachments"),
    "ProductVendors": ("Products", "Vendors"),
}

Record = dict[str, Any]
Filter = dict[str, Any]


@dataclass(frozen=True)
class CallRecord:
    """One finished call, without credentials. ``status`` None: no answer came."""

    method: str
    path: str
    status: int | None
    duration_ms: int
    request_body: str
    response_body: str


class Budget(Protocol):
    """Keeps calls within Autotask's limits."""

    def slot(self, endpoint: str) -> AbstractContextManager[None]:
        """Hold one of the endpoint's threads."""

    def close(self) -> None:
        """Let nobody call for a while, since the hour's calls are used up."""


class _Unlimited:
    def slot(self, endpoint: str) -> AbstractContextManager[None]:
        return nullcontext()

    def close(self) -> None:
        return


def condition(op: str, field: str, value: Any = None) -> Filter:
    """One filter node."""
    node = {"op": op, "field": field}
    return node if value is None else {**node, "value": value}


def any_of(*nodes: Filter) -> Filter:
    """A group of which one must hold."""
    return {"op": "or", "items": list(nodes)}


class Client:
    """Calls to one zone with one API user's credentials. May be used from several threads."""

    def __init__(
        self,
        *,
        zone_url: str,
        user_name: str,
        secret: str,
        integration_code: str,
        allowed_hosts: Sequence[str] = (),
        timeout: float = 30.0,
        budget: Budget | None = None,
        on_call: Callable[[CallRecord], None] | None = None,
        before_call: Callable[[], None] | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        base = zone_url.rstrip("/")
        self._base = base if base.lower().endswith("/v1.0") else f"{base}/v1.0"
        self._timeout = timeout
        self._budget: Budget = budget or _Unlimited()
        self._on_call = on_call
        self._before_call = before_call
        self._pause = pause
        self._hidden = tuple(value for value in (secret, integration_code) if len(value) >= SHORTEST_SECRET)
        self._session = _session(allowed_hosts)
        self._session.headers.update(
            {"ApiIntegrationCode": integration_code, "UserName": user_name, "Secret": secret}
        )

    def __repr__(self) -> str:
        return f"Client({self._base})"

    def query(
        self, entity: str, filters: list[Filter], *, fields: list[str] | None = None, limit: int | None = None
    ) -> list[Record]:
        """All records that meet every filter, at most ``limit``. Raises AutotaskError."""
        body: dict[str, Any] = {"filter": filters, "maxRecords": min(limit or PAGE, PAGE)}
        if fields:
            body["includeFields"] = fields
        items: list[Record] = []
        for page in self._pages(entity, body):
            items += page
            if limit is not None and len(items) >= limit:
                return items[:limit]
        return items

    def get(self, entity: str, record_id: int) -> Record | None:
        """One record, or None when it is not there. Raises AutotaskError."""
        try:
            answer = self._call("GET", entity, f"{entity}/{record_id}", safe=True)
        except Refused as error:
            if error.status == 404:
                return None
            raise
        item = answer.get("item")
        return item if isinstance(item, dict) else None

    def create(self, entity: str, record: Record, parent_id: int | None = None) -> int:
        """Create and return the new id. Raises AutotaskError; a Temporary one with ``in_doubt`` may have worked."""
        answer = self._call("POST", entity, _address(entity, parent_id), record)
        return replies.item_id(answer, entity)

    def update(self, entity: str, record: Record, parent_id: int | None = None) -> None:
        """Change the fields given; ``record`` holds the id. Raises AutotaskError."""
        # Setting the same values twice is the same as once, so a lost answer may be asked for again.
        self._call("PATCH", entity, _address(entity, parent_id), record, safe=True)

    def delete(self, entity: str, record_id: int, parent_id: int) -> None:
        """Delete a child; one that is gone already is fine. Raises AutotaskError."""
        try:
            self._call("DELETE", entity, f"{_address(entity, parent_id)}/{record_id}", safe=True)
        except Refused as error:
            if error.status != 404:
                raise

    def wait_out(self) -> None:
        """Wait as long as a call may take, so that one which timed out has come to its end in Autotask as well."""
        self._pause(self._timeout)

    def fields(self, entity: str) -> list[Record]:
        """The entity's fields with their picklists, as Autotask describes them."""
        answer = self._call("GET", entity, f"{entity}/entityInformation/fields", safe=True)
        found = answer.get("fields")
        return found if isinstance(found, list) else []

    def information(self, entity: str) -> Record:
        """What may be done with the entity, by the API and by this user."""
        answer = self._call("GET", entity, f"{entity}/entityInformation", safe=True)
        info = answer.get("info", answer)
        return info if isinstance(info, dict) else {}

    def threshold(self) -> Record:
        """Calls of this hour: ``externalRequestThreshold``, ``currentTimeframeRequestCount``, ..."""
        return self._call("GET", "ThresholdInformation", "ThresholdInformation", safe=True)

    def close_hour(self) -> None:
        """Let no process of ours call for a minute, since the hour's calls are used up or nearly so."""
        self._budget.close()

    def _pages(self, entity: str, body: dict[str, Any]) -> Iterator[list[Record]]:
        answer = self._call("POST", entity, f"{entity}/query", body, safe=True)
        while True:
            items = answer.get("items")
            if not isinstance(items, list):
                raise Temporary("Autotask's answer to a query held no items. The call is made again later.")
            yield items
            next_url = (answer.get("pageDetails") or {}).get("nextPageUrl")
            if not next_url:
                return
            answer = self._call("POST", entity, self._relative(str(next_url)), body, safe=True)

    def _relative(self, url: str) -> str:
        """A next-page address within the zone; any other would be sent our credentials."""
        marker = "/v1.0/"
        place = url.lower().find(marker)
        if place < 0 or urlsplit(url).netloc.lower() != urlsplit(self._base).netloc.lower():
            raise AutotaskError("Autotask named a next page outside its own zone, which was not followed.")
        return url[place + len(marker) :]

    def _call(
        self, method: str, endpoint: str, path: str, body: Record | None = None, *, safe: bool = False
    ) -> Record:
        """One call with its retries. ``safe``: repeating it does no harm, whatever became of the first."""
        for attempt in range(1, TRIES + 1):
            try:
                return self._once(method, path, body, self._budget.slot(endpoint))
            except HourUsedUp:
                raise
            except Temporary as error:
                if isinstance(error, Busy) and any(word in str(error).lower() for word in replies.HOURLY):
                    self._check_hour(error)
                repeatable = safe or isinstance(error, Busy) or not error.in_doubt
                if attempt == TRIES or not repeatable or error.retry_after > LONGEST_PAUSE:
                    raise
                self._pause(max(_backoff(attempt), error.retry_after))
        raise AssertionError("the loop returns or raises")

    def _check_hour(self, refusal: Busy) -> None:
        """Autotask spoke of its hourly threshold. Raises HourUsedUp when its count says so too."""
        try:
            count = self._once("GET", "ThresholdInformation", None, nullcontext())
            used, limit = int(count["currentTimeframeRequestCount"]), int(count["externalRequestThreshold"])
        except Busy:
            used = limit = 0
        except (AutotaskError, KeyError, TypeError, ValueError):
            return
        if used >= limit:
            self._budget.close()
            raise HourUsedUp(str(refusal), status=refusal.status, path=refusal.path) from refusal

    def _once(
        self, method: str, path: str, body: Record | None, slot: AbstractContextManager[None]
    ) -> Record:
        """One call. Nothing but the call itself is done in ``slot``, for which others wait."""
        text = None if body is None else json.dumps(body, default=replies.number)
        request = self._prepared(method, path, text)
        started = 0.0
        response: requests.Response | None = None
        try:
            with slot:
                if self._before_call:
                    self._before_call()
                started = time.perf_counter()
                response = self._session.send(
                    request, timeout=(min(10.0, self._timeout), self._timeout), allow_redirects=False
                )
            return replies.read(response.status_code, response.headers, response.content, path)
        except AutotaskError as error:
            # What answers (a proxy, say) may repeat the headers it got, and errors are shown to people.
            error.args = tuple(self._hide(str(one)) for one in error.args)
            if isinstance(error, Refused):
                error.sentences = [self._hide(one) for one in error.sentences]
            raise
        except (requests.exceptions.ConnectTimeout, requests.exceptions.SSLError) as error:
            raise Temporary(
                "Autotask could not be reached. The call is made again later.", path=path
            ) from error
        except requests.RequestException as error:
            # The request may have been read: whether it took effect is not known.
            raise Temporary(
                "The connection to Autotask broke before its answer came. What became of the call is looked up "
                "before anything is repeated.",
                path=path,
                in_doubt=not _never_sent(error),
                timed_out=isinstance(error, requests.exceptions.Timeout),
            ) from error
        finally:
            if started:
                self._tell(method, path, text, response, started)

    def _prepared(self, method: str, path: str, text: str | None) -> requests.PreparedRequest:
        headers = {"Content-Type": "application/json"} if text is not None else None
        data = text.encode() if text is not None else None
        return self._session.prepare_request(
            requests.Request(method, f"{self._base}/{path}", headers=headers, data=data)
        )

    def _tell(
        self, method: str, path: str, text: str | None, response: requests.Response | None, started: float
    ) -> None:
        if self._on_call:
            self._on_call(
                CallRecord(
                    method=method,
                    path=path,
                    status=response.status_code if response is not None else None,
                    duration_ms=round((time.perf_counter() - started) * 1000),
                    request_body=self._hide(_redact(path, text or "")),
                    response_body=self._hide(response.text)[:20_000] if response is not None else "",
                )
            )

    def _hide(self, text: str) -> str:
        """``text`` without our credentials, should they stand in it."""
        for value in self._hidden:
            text = text.replace(value, "(hidden)")
        return text


def find_zone(root: str, user_name: str, timeout: float, allowed_hosts: Sequence[str] = ()) -> Record:
    """Ask ``root`` for the zone of an API user: ``{"zoneName", "url", "webUrl"}``.

    Raises Refused when Autotask does not know the user, Temporary when it cannot be reached, AutotaskError when
    what answers is not Autotask.
    """
    try:
        response = _session(allowed_hosts).get(
            f"{root}/v1.0/zoneInformation",
            params={"user": user_name},
            timeout=(min(10.0, timeout), timeout),
            allow_redirects=False,
        )
    except requests.RequestException as error:
        raise Temporary("Nothing answered at Autotask's address.") from error
    try:
        answer = response.json()
    except ValueError as error:
        raise AutotaskError("What answered is not Autotask.", status=response.status_code) from error
    if response.ok and isinstance(answer, dict) and isinstance(answer.get("url"), str):
        return answer
    sentences = replies.sentences(answer)
    if sentences or response.status_code in (400, 401, 404, 500):
        raise Refused(sentences or ["The user name is not known."], status=response.status_code)
    raise AutotaskError("What answered is not Autotask.", status=response.status_code)


class _Guarded(HTTPAdapter):
    """Looks at each request as it leaves, whoever made it ready and from whatever."""

    def __init__(self, allowed_hosts: Sequence[str]) -> None:
        self._allowed_hosts = tuple(allowed_hosts)
        super().__init__(pool_connections=4, pool_maxsize=32)

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        try:
            hosts.check_request(request.url or "", self._allowed_hosts)
        except hosts.ForeignHost as error:
            raise AutotaskError(str(error)) from error
        return super().send(request, *args, **options)


def _session(allowed_hosts: Sequence[str]) -> requests.Session:
    session = requests.Session()
    # Proxies and .netrc of the machine must not see or replace the credentials.
    session.trust_env = False
    adapter = _Guarded(allowed_hosts)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _address(entity: str, parent_id: int | None) -> str:
    if entity not in CHILDREN:
        return entity
    if parent_id is None:
        raise ValueError(f"{entity} are written through their parent, whose id is missing.")
    parent, collection = CHILDREN[entity]
    return f"{parent}/{parent_id}/{collection}"


def _never_sent(error: requests.RequestException) -> bool:
    """True when no connection was made, so that nothing can have taken effect."""
    return "NewConnectionError" in repr(error) or "Connection refused" in str(error)


def _backoff(attempt: int) -> float:
    """Seconds before the next try: 0.25, 0.5, 1, each with jitter."""
    return float(2 ** (attempt - 1) * 0.25 * (0.5 + random.random()))  # noqa: S311  no secret


def _redact(path: str, text: str) -> str:
    """A request body for the journal; a file's content is replaced by its size."""
    if "attachments" in path.lower() and text:
        return f"(a file, {len(text)} characters)"
    return text[:20_000]
