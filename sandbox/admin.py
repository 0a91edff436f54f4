"""Routes for tests and demonstrations: tenants, seeds, faults, the log and the whole state."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox import byhand, contract, faults
from sandbox.calls import CallLog
from sandbox.errors import ApiError
from sandbox.query import Record
from sandbox.request import as_json
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
            return _json(byhand.add(tenant, _body(request)))
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
    return _by_hand(tenant, request, parts)


def _by_hand(tenant: Tenant, request: Request, parts: list[str]) -> Response:
    match (request.method, parts[0], len(parts)):
        case ("POST", "userDefinedFields", 2):
            return _json(byhand.define_field(tenant, parts[1], _body(request)), 201)
        case ("PATCH", "picklists", 3):
            return _json(byhand.change_picklist(tenant, parts[1], parts[2], _body(request)))
        case ("PATCH", name, 2):
            return _json(byhand.change(tenant, name, int(parts[1]), _body(request)))
        case ("DELETE", name, 2):
            byhand.delete(tenant, name, int(parts[1]))
            return _json({})
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


def _state(tenant: Tenant) -> dict[str, list[Record]]:
    with tenant.store:
        return {
            name: [byhand.without_data(row) for _, row in sorted(tenant.store.table(name).rows.items())]
            for name in sorted(contract.entities())
        }


def _faults(tenant: Tenant, request: Request, parts: list[str]) -> Response:
    if request.method == "POST" and not parts:
        return _json(tenant.faults.add(faults.read(_body(request))).describe(), 201)
    if request.method == "DELETE":
        tenant.faults.clear(int(parts[0]) if parts else 0)
        return _json({})
    if request.method == "GET" and not parts:
        return _json([fault.describe() for fault in tenant.faults.active])
    raise ApiError(405, "Use GET, POST or DELETE.")
