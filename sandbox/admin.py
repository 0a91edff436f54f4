"""Routes for tests and demonstrations: tenants, seeds, faults, the log and the whole state."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox import amounts, changes, contract, faults, seed
from sandbox.calls import CallLog
from sandbox.contract import Entity
from sandbox.errors import ApiError
from sandbox.query import Record
from sandbox.request import as_json
from sandbox.seed.picklists import Picklist
from sandbox.tenants import SETTINGS, Tenant, Tenants, apply_settings
from sandbox.values import loads


def answer(tenants: Tenants, request: Request) -> Response:
    """Do what an address under ``/sandbox/`` says. Raises ApiError with a sentence."""
    parts = [part for part in request.path.split("/") if part][1:]
    if parts == ["calls"]:
        return _strays(tenants, request)
    if parts[:1] != ["tenants"]:
        raise ApiError(404, "The admin routes begin with /sandbox/tenants.")
    try:
        if len(parts) == 1:
            return _all(tenants, request)
        tenant = tenants.find(parts[1])
        if tenant is None:
            raise ApiError(404, f"There is no tenant {parts[1]}.")
        return _one(tenants, tenant, request, parts[2:])
    except KeyError as error:
        raise ApiError(400, f"The request is wrong: {error.args[0]} is missing.") from error
    except (ValueError, TypeError) as error:
        raise ApiError(400, f"The request is wrong: {str(error).rstrip('.')}.") from error


def _strays(tenants: Tenants, request: Request) -> Response:
    """The calls that belong to no tenant, because their integration code is nobody's."""
    if request.method == "DELETE":
        tenants.strays.clear()
        return _json({})
    if request.method != "GET":
        raise ApiError(405, "Use GET or DELETE.")
    return _json(_calls(tenants.strays, request))


def _calls(log: CallLog, request: Request) -> list[dict[str, Any]]:
    return log.since(int(request.args.get("since", 0)), max(int(request.args.get("last", 0)), 0))


def _body(request: Request) -> dict[str, Any]:
    data = request.get_data()
    document = loads(data) if data else {}
    if not isinstance(document, dict):
        raise ValueError("a JSON object was expected")  # noqa: TRY004  answered as a wrong request
    return document


def _json(document: Any, status: int = 200) -> Response:
    return as_json(status, document)


def _all(tenants: Tenants, request: Request) -> Response:
    if request.method == "GET":
        return _json([_describe(tenant) for tenant in tenants.all()])
    if request.method != "POST":
        raise ApiError(405, "Use GET or POST.")
    data = _body(request)
    settings = {
        name: value for name, value in data.items() if name in SETTINGS and name not in ("user", "secret")
    }
    unknown = set(data) - set(settings) - {"code", "user", "secret", "seed"}
    if unknown:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    missing = [name for name in ("code", "user", "secret") if not data.get(name)]
    if missing:
        raise ValueError(f"missing: {', '.join(missing)}")
    tenant = tenants.create(
        str(data["code"]), str(data["user"]), str(data["secret"]), str(data.get("seed", "demo")), **settings
    )
    return _json(_describe(tenant), 201)


def _one(tenants: Tenants, tenant: Tenant, request: Request, parts: list[str]) -> Response:
    if not parts:
        return _itself(tenants, tenant, request)
    method, name = request.method, parts[0]
    match (method, name, len(parts)):
        case ("POST", "reset", 1):
            tenant.reset()
            return _json(_describe(tenant))
        case ("POST", "seed", 1):
            return _json(_seed(tenant, _body(request)))
        case ("GET", "state", 1):
            return _json(_state(tenant))
        case ("GET", "calls", 1):
            return _json(_calls(tenant.log, request))
        case ("DELETE", "calls", 1):
            tenant.log.clear()
            return _json({})
        case ("GET", "stats", 1):
            return _json(tenant.log.stats())
        case ("POST", "usage", 1):
            tenant.log.pretend(int(_body(request)["calls"]))
            return _json({})
        case (_, "faults", _):
            return _faults(tenant, request, parts[1:])
        case ("PATCH", "picklists", 3):
            return _picklist(tenant, parts[1], parts[2], _body(request))
        case ("PATCH" | "DELETE", _, 2):
            return _edit(tenant, request, parts[0], int(parts[1]))
    raise ApiError(404, "There is no such admin route.")


def _itself(tenants: Tenants, tenant: Tenant, request: Request) -> Response:
    match request.method:
        case "GET":
            return _json(_describe(tenant))
        case "PATCH":
            with tenant.store:
                apply_settings(tenant, _body(request))
                tenant.remember()
            return _json(_describe(tenant))
        case "DELETE":
            tenants.remove(tenant.code)
            return _json({})
    raise ApiError(405, "Use GET, PATCH or DELETE.")


def _describe(tenant: Tenant) -> dict[str, Any]:
    shown = tenant.settings()
    shown.pop("secret")
    return {"code": tenant.code, "seed": tenant.seed_name, **shown}


def _seed(tenant: Tenant, data: dict[str, Any]) -> dict[str, list[int]]:
    """Records as a person in Autotask might have made them: types are checked, rules are not."""
    made: dict[str, list[Record]] = {}
    with tenant.store:
        for name, rows in data.items():
            entity = contract.find(name)
            if entity is None:
                raise ValueError(f"there is no entity {name}")
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                raise ValueError(f"{name} needs a list of objects")
            first = tenant.store.table(entity.name).next_id
            made[entity.name] = [
                seed.complete(entity.name, row, first + place) for place, row in enumerate(rows)
            ]
        for name, records in made.items():
            tenant.store.put_many(name, records)
        for name, records in made.items():
            for record in records:
                amounts.after_change(tenant, name, record)
    return {name: [record["id"] for record in records] for name, records in made.items()}


def _state(tenant: Tenant) -> dict[str, list[Record]]:
    with tenant.store:
        return {
            name: [_without_data(row) for _, row in sorted(tenant.store.table(name).rows.items())]
            for name in sorted(contract.entities())
        }


def _without_data(record: Record) -> Record:
    if "data" not in record:
        return record
    data = base64.b64decode(record["data"] or "")
    rest = {name: value for name, value in record.items() if name != "data"}
    return {**rest, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def _faults(tenant: Tenant, request: Request, parts: list[str]) -> Response:
    if request.method == "POST" and not parts:
        return _json(tenant.faults.add(faults.read(_body(request))).describe(), 201)
    if request.method == "DELETE":
        tenant.faults.clear(int(parts[0]) if parts else 0)
        return _json({})
    if request.method == "GET" and not parts:
        return _json([fault.describe() for fault in tenant.faults.active])
    raise ApiError(405, "Use GET, POST or DELETE.")


def _picklist(tenant: Tenant, entity: str, field: str, change: dict[str, Any]) -> Response:
    """Change one value: ``{"value": "3", "isActive": false, "label": "..."}``; a new value is added."""
    found = contract.find(entity)
    named = found.find(field) if found else None
    if found is None or named is None or not named.picklist:
        raise ValueError(f"{entity}.{field} is no picklist")
    with tenant.store:
        entry = _picklist_value(
            tenant.picklists.setdefault(found.name, {}).setdefault(named.name, []), change
        )
        tenant.remember()
    return _json(entry)


def _picklist_value(values: Picklist, change: dict[str, Any]) -> dict[str, Any]:
    """Raises ValueError for a change of the wrong kind, before anything is changed."""
    if not isinstance(change["value"], str | int) or not isinstance(change.get("label", ""), str):
        raise ValueError("value must be a number or text, label text")  # noqa: TRY004  answered as a wrong request
    if not all(isinstance(change.get(name, True), bool) for name in ("isActive", "isDefaultValue", "remove")):
        raise ValueError("isActive, isDefaultValue and remove are true or false")
    entry = next((one for one in values if one["value"] == str(change["value"])), None)
    if entry is None:
        blank = {"isDefaultValue": False, "sortOrder": len(values) + 1, "parentValue": "", "isActive": True}
        entry = {"value": str(change["value"]), "label": str(change["value"]), **blank, "isSystem": False}
        values.append(entry)
    elif change.get("remove"):
        values.remove(entry)
    entry.update(
        {name: value for name, value in change.items() if name in ("label", "isActive", "isDefaultValue")}
    )
    return entry


def _edit(tenant: Tenant, request: Request, name: str, number: int) -> Response:
    """What a person in Autotask changes or deletes by hand."""
    entity = contract.find(name)
    if entity is None:
        raise ApiError(404, f"There is no entity {name}.")
    with tenant.store:
        old = tenant.store.table(entity.name).rows.get(number)
        if old is None:
            raise ApiError(404, f"{entity.name} has no record {number}.")
        if request.method == "DELETE":
            _take_out(tenant, entity, old)
            return _json({})
        changed = {**old, **seed.complete_partial(entity.name, _body(request)), "id": number}
        tenant.store.put(entity.name, changed)
        changes.follow_up(tenant, entity.name, "Update", old, changed, _somebody(tenant))
        return _json(_without_data(changed))


def _take_out(tenant: Tenant, entity: Entity, record: Record) -> None:
    """Delete a record with what is written below it, as a quote takes its items along."""
    for child in contract.entities().values():
        if child.parent and child.parent.entity == entity.name:
            for row in tenant.store.table(child.name).where(child.parent.key, record["id"]):
                _take_out(tenant, child, row)
    tenant.store.remove(entity.name, record["id"])
    changes.follow_up(tenant, entity.name, "Delete", record, None, _somebody(tenant))


def _somebody(tenant: Tenant) -> int | None:
    """A person who works in Autotask, rather than the API user."""
    return next(
        (row["id"] for row in tenant.store.table("Resources").rows.values() if row["id"] != tenant.person),
        None,
    )
