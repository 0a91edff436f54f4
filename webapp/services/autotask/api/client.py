"""The calls that Quotewright makes to Autotask: query, get, create, update, delete, with retries and limits.

About Autotask's REST API, version 1.0: queries are POSTed and paged by 500. Children are written through their parent.
Many validation failures arrive as status 500 with sentences. A thread-limit refusal may arrive without status 429.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol
from urllib.parse import urlsplit

from webapp.services.autotask.api import replies, values
from webapp.services.autotask.api.errors import AutotaskError, Busy, Forbidden, HourUsedUp, Refused, Temporary
from webapp.services.autotask.api.transport import CallRecord, Transport

PAGE = 500
TRIES = 4
# When Autotask asks for a longer wait, the push is postponed, and its worker does another push.
LONGEST_PAUSE = 5.0

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


class Budget(Protocol):
    """Keeps calls within Autotask's limits."""

    def slot(self, endpoint: str) -> AbstractContextManager[None]:
        """Hold one of the endpoint's threads."""

    def close(self) -> None:
        """Stop all calls for a while, because the hour's calls are used up."""


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
    """A group of conditions, at least one of which must be true."""
    return {"op": "or", "items": list(nodes)}


class Client:
    """Makes calls to one zone with one API user's credentials. May be used from several threads."""

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
        self._transport = Transport(
            zone_url=zone_url,
            user_name=user_name,
            secret=secret,
            integration_code=integration_code,
            timeout=timeout,
            allowed_hosts=allowed_hosts,
            on_call=on_call,
            before_call=before_call,
        )
        self._budget: Budget = budget or _Unlimited()
        self._pause = pause
        self._acts_as: int | None = None
        self.may_act = True

    def __repr__(self) -> str:
        return f"Client({self._transport.base})"

    def query(
        self, entity: str, filters: list[Filter], *, fields: list[str] | None = None, limit: int | None = None
    ) -> list[Record]:
        """All records that meet every filter, at most ``limit``. Raises AutotaskError."""
        body: dict[str, Any] = {"filter": filters}
        if limit is not None and limit < PAGE:
            # Otherwise we follow the pages: MaxRecords may be the size of a page or the total.
            body["maxRecords"] = limit
        if fields:
            body["includeFields"] = fields
        items: list[Record] = []
        for page in self._pages(entity, body):
            items += page
            if limit is not None and len(items) >= limit:
                return items[:limit]
        return items

    def get(self, entity: str, record_id: int) -> Record | None:
        """One record, or None when it doesn't exist. Raises AutotaskError."""
        try:
            answer = self._call("GET", entity, f"{entity}/{record_id}", safe=True)
        except Refused as error:
            if error.status == 404:
                return None
            raise
        item = answer.get("item")
        return values.without_user_defined(item) if isinstance(item, dict) else None

    def create(self, entity: str, record: Record, parent_id: int | None = None) -> int:
        """Create and return the new id. Raises AutotaskError; Temporary with ``in_doubt`` may have worked after all."""
        answer = self._write("POST", entity, _address(entity, parent_id), values.with_user_defined(record))
        return replies.item_id(answer, entity)

    def update(self, entity: str, record: Record, parent_id: int | None = None) -> None:
        """Update the given fields; ``record`` holds the id. Raises AutotaskError."""
        # Writing the same values twice does no harm, so an update whose response was lost is repeated.
        sent = values.with_user_defined(record)
        answer = self._write("PATCH", entity, _address(entity, parent_id), sent, safe=True)
        replies.item_id(answer, entity)

    def delete(self, entity: str, record_id: int, parent_id: int) -> None:
        """Delete a child; it may be gone already. Raises AutotaskError."""
        try:
            answer = self._write("DELETE", entity, f"{_address(entity, parent_id)}/{record_id}", safe=True)
            replies.item_id(answer, entity)
        except Refused as error:
            if error.status != 404:
                raise

    def act_as(self, resource_id: int | None) -> None:
        """Write as this Autotask resource from now on; None: as the API user. ``may_act`` says if that was allowed."""
        self._acts_as, self.may_act = resource_id, True

    @property
    def call_seconds(self) -> float:
        """How long we wait for a response, at most."""
        return self._transport.timeout

    def pause(self, seconds: float) -> None:
        """Wait until a call that timed out has ended in Autotask too."""
        self._pause(seconds)

    def fields(self, entity: str) -> list[Record]:
        """The entity's fields with their picklists, as Autotask describes them."""
        answer = self._call("GET", entity, f"{entity}/entityInformation/fields", safe=True)
        fields = answer.get("fields")
        return fields if isinstance(fields, list) else []

    def user_defined_fields(self, entity: str) -> list[Record]:
        """The entity's user-defined fields, as Autotask describes them."""
        answer = self._call("GET", entity, f"{entity}/entityInformation/userDefinedFields", safe=True)
        fields = answer.get("fields")
        return fields if isinstance(fields, list) else []

    def information(self, entity: str) -> Record:
        """What the API and this user may do with the entity."""
        answer = self._call("GET", entity, f"{entity}/entityInformation", safe=True)
        info = answer.get("info", answer)
        return info if isinstance(info, dict) else {}

    def threshold(self) -> Record:
        """The hour's call quota: ``externalRequestThreshold``, ``currentTimeframeRequestCount``, ..."""
        return self._call("GET", "ThresholdInformation", "ThresholdInformation", safe=True)

    def close_hour(self) -> None:
        """Stop the calls of all our processes for a minute, because the hour's calls are (nearly) used up."""
        self._budget.close()

    def _pages(self, entity: str, body: dict[str, Any]) -> Iterator[list[Record]]:
        answer = self._call("POST", entity, f"{entity}/query", body, safe=True)
        while True:
            items = answer.get("items")
            if not isinstance(items, list):
                raise Temporary("Autotask's response to a query had no items. The call will be retried.")
            yield [values.without_user_defined(item) for item in items]
            next_url = (answer.get("pageDetails") or {}).get("nextPageUrl")
            if not next_url:
                return
            answer = self._call("POST", entity, self._relative(str(next_url)), body, safe=True)

    def _relative(self, url: str) -> str:
        """The path of a next page within the zone; any other address would get our credentials."""
        marker = "/v1.0/"
        place = url.lower().find(marker)
        if place < 0 or urlsplit(url).netloc.lower() != urlsplit(self._transport.base).netloc.lower():
            raise AutotaskError(
                "Autotask returned a next page outside its own zone, so it was not requested."
            )
        return url[place + len(marker) :]

    def _write(
        self, method: str, endpoint: str, path: str, body: Record | None = None, *, safe: bool = False
    ) -> Record:
        """A call that writes: as ``act_as`` says, or as the API user where Autotask doesn't allow that."""
        acting_as = self._acts_as
        try:
            return self._call(method, endpoint, path, body, safe=safe, acting_as=acting_as)
        except (Refused, Forbidden) as error:
            if acting_as is None or "impersonat" not in str(error).lower():
                raise
            self._acts_as, self.may_act = None, False
        return self._call(method, endpoint, path, body, safe=safe)

    def _call(
        self,
        method: str,
        endpoint: str,
        path: str,
        body: Record | None = None,
        *,
        safe: bool = False,
        acting_as: int | None = None,
    ) -> Record:
        """One call with its retries. ``safe``: repeating the call does no harm, even if the first one worked.

        ``acting_as``: the resource that is shown as the author of a write.
        """
        for attempt in range(1, TRIES + 1):
            try:
                return self._transport.send(
                    method, path, body, self._budget.slot(endpoint), acting_as=acting_as
                )
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
        """Autotask mentioned its hourly threshold. Raises HourUsedUp when its count confirms it."""
        try:
            count = self._transport.send("GET", "ThresholdInformation", None, nullcontext())
            used, limit = int(count["currentTimeframeRequestCount"]), int(count["externalRequestThreshold"])
        except Busy:
            used = limit = 0
        except (AutotaskError, KeyError, TypeError, ValueError):
            return
        if used >= limit:
            self._budget.close()
            raise HourUsedUp(str(refusal), status=refusal.status, path=refusal.path) from refusal


def _address(entity: str, parent_id: int | None) -> str:
    if entity not in CHILDREN:
        return entity
    if parent_id is None:
        raise ValueError(f"{entity} are written through their parent, and its id is missing.")
    parent, collection = CHILDREN[entity]
    return f"{parent}/{parent_id}/{collection}"


def _backoff(attempt: int) -> float:
    """Seconds before the next try: 0.25, 0.5, 1, each with jitter."""
    return float(2 ** (attempt - 1) * 0.25 * (0.5 + random.random()))  # noqa: S311  no secret
