"""The REST API itself: an address and a verb to a query, a read, a write or a description.

Pure of sockets: ``answer`` takes what a request says and returns a status and a document.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sandbox import changes, contract, describe, dialect, paging, query, rules
from sandbox.contract import Entity
from sandbox.errors import NO_PERMISSION, ApiError, invalid, nowhere, wrong_verb
from sandbox.tenants import Tenant
from sandbox.values import dumps, loads

NUMBER = re.compile(r"[0-9]{1,18}")
VERBS = {"POST": "create", "PATCH": "update", "PUT": "update", "DELETE": "delete", "GET": "get"}


@dataclass(frozen=True)
class Route:
    """What an address means. ``verb``: query, count, get, create, update, delete, metadata or threshold."""

    entity: Entity
    kind: str
    verb: str
    parent_id: int | None = None
    item_id: int | None = None
    token: str = ""

    @property
    def endpoint(self) -> str:
        """What the thread limit counts by."""
        return self.entity.name


def route(method: str, path: str) -> Route:
    """Read an address (behind ``/v1.0``). Raises ApiError 404 for one that Autotask does not have, 405 for its verb."""
    parts = [part for part in path.split("/") if part]
    entity = contract.find(parts[0]) if parts else None
    if entity is None:
        raise nowhere(path)
    rest = [part.lower() for part in parts[1:]]
    if len(rest) >= 2 and NUMBER.fullmatch(rest[0]):
        child = contract.child_of(entity, rest[1])
        if child is None:
            raise nowhere(path)
        return _child_route(method, path, child, int(rest[0]), rest[2:])
    return _flat_route(method, path, entity, rest, parts)


def _flat_route(method: str, path: str, entity: Entity, rest: list[str], parts: list[str]) -> Route:
    tail = "/".join(rest)
    if tail == "":
        _allow(method, entity.routes["root"], path, flat=True)
        return Route(entity, "root", VERBS[method])
    if tail in ("query", "query/count"):
        kind = "count" if tail.endswith("count") else "query"
        _allow(method, entity.routes[kind], path)
        return Route(entity, kind, kind)
    if len(rest) == 2 and rest[0] == "query" and rest[1] == "next":
        _allow(method, entity.routes["query"], path)
        return Route(entity, "next", "query")
    if tail in [name.lower() for name in entity.routes["information"]]:
        _allow(method, ["GET"], path)
        return Route(entity, tail, "metadata")
    if len(rest) == 1 and NUMBER.fullmatch(rest[0].removeprefix("-")):
        _allow(method, entity.routes["item"], path)
        return Route(entity, "item", VERBS[method], item_id=int(rest[0]))
    raise nowhere(path)


def _child_route(method: str, path: str, child: Entity, parent_id: int, rest: list[str]) -> Route:
    tail = "/".join(rest)
    if tail == "":
        _allow(method, child.routes["child"], path)
        return Route(child, "child", "query" if method == "GET" else VERBS[method], parent_id)
    if tail in [name.lower() for name in child.routes["childInformation"]]:
        _allow(method, ["GET"], path)
        return Route(child, tail, "metadata", parent_id)
    if len(rest) == 1 and NUMBER.fullmatch(rest[0]):
        _allow(method, child.routes["childItem"], path)
        return Route(child, "item", VERBS[method], parent_id, int(rest[0]))
    raise nowhere(path)


def _allow(method: str, allowed: list[str], path: str, *, flat: bool = False) -> None:
    if method in allowed:
        return
    # A child that is written through its parent has no flat address at all.
    if flat and not allowed:
        raise nowhere(path)
    raise wrong_verb(method)


def answer(
    tenant: Tenant, found: Route, method: str, body: bytes, args: dict[str, str], base: str
) -> tuple[int, dict[str, Any], bool]:
    """Do what the request says. Returns status, document and whether something was written. Raises ApiError.

    ``base``: the address of the entity's API root as the caller reached it, for next-page links.
    """
    _permit(tenant, found)
    with tenant.store:
        match found.verb:
            case "metadata":
                return 200, describe.document(tenant, found.entity, found.kind), False
            case "query" | "count":
                return 200, _search(tenant, found, method, body, args, base), False
            case "get":
                return 200, _get(tenant, found), False
            case "create":
                created = _create(tenant, found, _json(body))
                return int(dialect.spoken(tenant.dialect, "created")), created, True
            case "update":
                return 200, _update(tenant, found, _json(body), blank=method == "PUT"), True
            case _:
                return 200, _delete(tenant, found), True


@contextmanager
def acting_as(tenant: Tenant, found: Route, resource: str) -> Iterator[None]:
    """Write as ``resource`` (the header ``ImpersonationResourceId``); empty: as the API user. Raises ApiError."""
    if not resource or found.verb not in ("create", "update", "delete"):
        yield
        return
    if dialect.spoken(tenant.dialect, "impersonation") == "forbidden":
        sentence = dialect.sentence(tenant.dialect, "impersonation", number=resource)
        raise ApiError(int(dialect.spoken(tenant.dialect, "noPermission")), sentence)
    row = tenant.store.table("Resources").rows.get(int(resource)) if NUMBER.fullmatch(resource) else None
    if row is None or not row.get("isActive"):
        raise invalid(f"The Resource {resource} does not exist or is inactive.")
    tenant.acting.person = row["id"]
    try:
        yield
    finally:
        tenant.acting.person = None


def _permit(tenant: Tenant, found: Route) -> None:
    if not dialect.has(tenant.dialect, found.entity.name):
        raise nowhere(f"/{found.entity.name}")
    allowed = tenant.permissions.get(found.entity.name)
    verb = {"count": "query", "get": "query"}.get(found.verb, found.verb)
    if allowed is not None and verb != "metadata" and verb not in allowed:
        raise ApiError(int(dialect.spoken(tenant.dialect, "noPermission")), NO_PERMISSION)


def _json(body: bytes) -> Any:
    try:
        return loads(body)
    except (ValueError, UnicodeDecodeError) as error:
        raise ApiError(400, "The request body is not valid JSON.") from error


def _search(
    tenant: Tenant, found: Route, method: str, body: bytes, args: dict[str, str], base: str
) -> dict[str, Any]:
    entity = found.entity
    asked, by_get = _asked(found, method, body, args)
    search = query.parse(entity, asked, set(tenant.udfs.get(entity.name, [])))
    table = tenant.store.table(entity.name)
    if found.verb == "count":
        return {"queryCount": sum(1 for _ in table.find(search, search.after))}
    page = paging.read(args.get("paging", "")) if found.kind == "next" else paging.first(search.limit)
    rows = list(itertools.islice(table.find(search, max(search.after, page.after)), page.size + 1))
    shown = rows[: page.size]
    # Where MaxRecords is the total of a query, one that gives it ends with its first page.
    is_total = search.asked_limit and dialect.spoken(tenant.dialect, "maxRecords") == "total"
    goes_on = len(rows) > page.size and not is_total
    # A link that carries the search can be followed by GET. Autotask's does so only where the query was a GET too.
    link = f"{base}/{entity.name}/query/next"
    text = dumps(asked) if by_get or not tenant.strict else ""
    return {
        "items": [describe.wire(tenant, entity, record, search.include) for record in shown],
        "pageDetails": {
            "count": len(shown),
            "requestCount": page.size,
            "prevPageUrl": page.previous().url(link, text) if page.trail else None,
            "nextPageUrl": page.following(shown[-1]["id"]).url(link, text) if goes_on else None,
        },
    }


def _asked(found: Route, method: str, body: bytes, args: dict[str, str]) -> tuple[Any, bool]:
    """The search as JSON, and whether it came in the address."""
    if found.kind == "child":
        return {"filter": [{"op": "eq", "field": _key(found.entity), "value": found.parent_id}]}, True
    if method == "POST" and body.strip():
        return _json(body), False
    if found.kind == "next" and "search" not in args:
        # Seen by integrators: the next page of a POST must be asked for by POST, with the same body.
        raise wrong_verb(method) if method == "GET" else ApiError(400, "The request body is missing.")
    if not args.get("search", "").strip():
        raise ApiError(400, "The search is missing: GET carries it as search={...}, POST as its body.")
    try:
        return loads(args["search"]), True
    except ValueError as error:
        raise ApiError(400, "The search is not valid JSON.") from error


def _get(tenant: Tenant, found: Route) -> dict[str, Any]:
    record = tenant.store.table(found.entity.name).rows.get(found.item_id or 0)
    if record is not None and found.parent_id not in (None, record.get(_key(found.entity))):
        record = None
    # The content of a file is shown below its parent only.
    whole = found.parent_id is not None
    shown = describe.wire(tenant, found.entity, record, [], whole=whole) if record else None
    if whole and any(field.type == "bytes" for field in found.entity.fields.values()):
        # Clients read this one answer as a list.
        return {"item": shown, "items": [shown] if shown else []}
    return {"item": shown}


def _key(entity: Entity) -> str:
    """The field with the parent's id."""
    return entity.parent.key if entity.parent else ""


def _create(tenant: Tenant, found: Route, body: Any) -> dict[str, Any]:
    given = rules.read_body(found.entity, body)
    given.pop("id", None)
    _bind_parent(tenant, found, given)
    record = rules.new_record(tenant, found.entity, given)
    tenant.store.put(found.entity.name, record)
    changes.follow_up(tenant, found.entity.name, "Create", None, record, tenant.person)
    return {"itemId": record["id"]}


def _update(tenant: Tenant, found: Route, body: Any, *, blank: bool) -> dict[str, Any]:
    given = rules.read_body(found.entity, body)
    number = given.pop("id", None)
    if number is None:
        raise ApiError(500, "Missing Required Field: id.")
    old = tenant.store.table(found.entity.name).rows.get(number)
    if old is None or found.parent_id not in (None, old.get(_key(found.entity))):
        raise _gone(tenant, "goneOnUpdate", found.entity.name, number)
    _bind_parent(tenant, found, given)
    record = rules.changed_record(tenant, found.entity, old, given, blank=blank)
    tenant.store.put(found.entity.name, record)
    changes.follow_up(tenant, found.entity.name, "Update", old, record, tenant.person)
    return {"itemId": number}


def _delete(tenant: Tenant, found: Route) -> dict[str, Any]:
    table = tenant.store.table(found.entity.name)
    old = table.rows.get(found.item_id or 0)
    if old is None or found.parent_id not in (None, old.get(_key(found.entity))):
        raise _gone(tenant, "goneOnDelete", found.entity.name, found.item_id)
    rules.check_delete(tenant, found.entity, old)
    tenant.store.remove(found.entity.name, old["id"])
    changes.follow_up(tenant, found.entity.name, "Delete", old, None, tenant.person)
    return {"itemId": old["id"]}


def _gone(tenant: Tenant, switch: str, entity: str, number: int | None) -> ApiError:
    """The refusal of a write to a record that isn't there."""
    status = int(dialect.spoken(tenant.dialect, switch))
    return ApiError(status, dialect.sentence(tenant.dialect, switch, entity=entity, number=number))


def _bind_parent(tenant: Tenant, found: Route, given: dict[str, Any]) -> None:
    parent = found.entity.parent
    if parent is None or found.parent_id is None:
        return
    if found.parent_id not in tenant.store.table(parent.entity).rows:
        raise _gone(tenant, "goneOnUpdate", parent.entity, found.parent_id)
    if given.get(parent.key) not in (None, found.parent_id):
        raise ApiError(500, f"The field {parent.key} does not agree with the address.")
    given[parent.key] = found.parent_id
