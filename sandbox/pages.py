"""The pages: their URLs and templates. The parts that htmx polls are the same files that the pages include."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from sandbox import contract, show, weblinks
from sandbox.errors import ApiError
from sandbox.query import Record
from sandbox.tenants import DEMO_CODE, Tenant, Tenants

HERE = Path(__file__).parent
STATIC = {"htmx.min.js": "text/javascript", "sandbox.css": "text/css", "icon.svg": "image/svg+xml"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)


def breakable(text: str) -> Markup:
    """A URL that may wrap after each slash."""
    return Markup("/<wbr>").join(text.split("/"))


_environment = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=select_autoescape(),
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters |= {
    "breakable": breakable,
    "money": show.money,
    "price": show.price,
    "number": show.number,
    "pretty": show.pretty,
    "title_of": show.title,
}


def answer(tenants: Tenants, request: Request) -> Response:
    """Respond with a page, or with an error page."""
    try:
        return _answer(tenants, request)
    except ApiError as error:
        return _render("error.html", status=error.status, sentence=" ".join(error.sentences))


def _answer(tenants: Tenants, request: Request) -> Response:
    parts = [part for part in request.path.split("/") if part]
    if request.method not in ("GET", "HEAD"):
        raise ApiError(405, "Pages are read-only.")
    if parts[:1] == ["static"] and len(parts) == 2 and parts[1] in STATIC:
        return Response((HERE / "static" / parts[1]).read_bytes(), mimetype=STATIC[parts[1]])
    if parts in ([], ["tenants"], ["_tenants"]):
        there = tenants.all()
        # With a single tenant, go straight to its page.
        if not parts and len(there) == 1:
            return redirect(f"/tenants/{there[0].code}", 302)
        return _live(request, "tenants.html", show.tenants(there, tenants.strays), part=parts == ["_tenants"])
    if parts[0] != "tenants":
        # An address without a tenant is the demo tenant's, as its zone says.
        return _tenant_page(_tenant(tenants, DEMO_CODE), request, parts)
    return _tenant_page(_tenant(tenants, parts[1]), request, parts[2:])


def _tenant(tenants: Tenants, code: str) -> Tenant:
    tenant = tenants.find(code)
    if tenant is None:
        raise ApiError(404, f"There's no tenant {code[:80]}.")
    return tenant


def _tenant_page(tenant: Tenant, request: Request, parts: list[str]) -> Response:
    with tenant.store:
        if "/".join(parts).lower() == weblinks.PAGE:
            return _execute(tenant, request)
        match parts:
            case []:
                return _overview(tenant)
            case ["_entities"]:
                return _live(request, "entities.html", _entities(tenant), part=True, tenant=tenant)
            case ["_opportunities"]:
                return _part(request, tenant, tenant.store.version, "_opportunities.html", _opportunities)
            case ["_calls"]:
                return _part(request, tenant, tenant.log.sequence, "_calls.html", _calls)
            case ["calls", number]:
                return _call(tenant, number)
            case [name, *rest] if entity := contract.find(name):
                return _entity(tenant, entity, request, rest)
    raise ApiError(404, "There's no such page.")


def _overview(tenant: Tenant) -> Response:
    counted = _entities(tenant)
    return _render(
        "tenant.html",
        tenant=tenant,
        **_opportunities(tenant),
        **_calls(tenant),
        **counted,
        entities_mark=_mark(counted),
    )


def _entities(tenant: Tenant) -> dict[str, Any]:
    return {"entities": show.counts(tenant)}


def _opportunities(tenant: Tenant) -> dict[str, Any]:
    return {"opportunities": show.opportunities(tenant), "version": tenant.store.version}


def _calls(tenant: Tenant) -> dict[str, Any]:
    return {"calls": show.calls(tenant), "sequence": tenant.log.sequence, "stats": tenant.log.stats()}


def _part(request: Request, tenant: Tenant, mark: int, template: str, values: Any) -> Response:
    """A part of a page, or nothing (204, which HTMX leaves as it is) as long as what is ``seen`` still holds."""
    if request.args.get("seen") == str(mark):
        return Response(status=204)
    return _render(template, tenant=tenant, **values(tenant))


def _mark(values: dict[str, Any]) -> str:
    """The same for the same values, so that what did not change is left alone."""
    return hashlib.sha256(repr(values).encode("utf-8", "replace")).hexdigest()[:16]


def _live(request: Request, template: str, values: dict[str, Any], *, part: bool, **more: Any) -> Response:
    """A page, or with ``part`` the part of it (``_`` before its name) that HTMX asks for again: nothing (204) as long
    as ``values`` are what it has ``seen``.
    """
    mark = _mark(values)
    if part and request.args.get("seen") == mark:
        return Response(status=204)
    return _render(f"_{template}" if part else template, **more, **values, mark=mark)


def _call(tenant: Tenant, number: str) -> Response:
    found = [one for one in tenant.log.since() if str(one["seq"]) == number]
    if not found:
        raise ApiError(404, f"The log has no call {number[:20]}.")
    return _render("call.html", tenant=tenant, call=show.call(found[0]))


def _entity(tenant: Tenant, entity: contract.Entity, request: Request, rest: list[str]) -> Response:
    if rest in ([], ["_live"]):
        wanted = request.args.get("q", "").strip()[:100]
        rows, total = show.rows(tenant, entity, wanted)
        values = {
            "rows": rows,
            "total": total,
            "wanted": wanted,
            "columns": show.COLUMNS.get(entity.name, ()),
        }
        return _live(request, "records.html", values, part=bool(rest), tenant=tenant, entity=entity)
    number = int(rest[0]) if weblinks.NUMBER.fullmatch(rest[0]) else -1
    record = tenant.store.table(entity.name).rows.get(number)
    if record is None:
        raise ApiError(404, f"{entity.name} has no record {rest[0][:20]}.")
    if rest[1:] == ["file"] and record.get("data"):
        return _file(record)
    if rest[1:] not in ([], ["_live"]):
        raise ApiError(404, "There's no such page.")
    if entity.name == "Opportunities":
        template, values = "opportunity.html", {"one": show.opportunity(tenant, record)}
    else:
        template, values = "record.html", _record(tenant, entity, record)
    return _live(request, template, values, part=bool(rest[1:]), tenant=tenant, entity=entity)


def _record(tenant: Tenant, entity: contract.Entity, record: Record) -> dict[str, Any]:
    return {
        "record": show.without_content(record),
        "fields": show.fields(tenant, entity, record),
        "empty": [name for name in entity.fields if record.get(name) is None],
        "related": show.related(tenant, entity.name, record["id"]),
    }


def _file(record: Record) -> Response:
    """A file's content; only a PDF is shown by the browser itself."""
    pdf = record["contentType"] == "application/pdf"
    return Response(
        base64.b64decode(record["data"]),
        mimetype="application/pdf" if pdf else "application/octet-stream",
        headers={
            "Content-Disposition": "inline" if pdf else "attachment",
            "X-Content-Type-Options": "nosniff",
        },
    )


def _execute(tenant: Tenant, request: Request) -> Response:
    """``ExecuteCommand.aspx?Code=OpenOpportunity&OpportunityID=1``: to that record's page, or a list of several."""
    try:
        name, records = weblinks.find(tenant, request.args.to_dict())
    except LookupError as error:
        raise ApiError(404, str(error.args[0])) from error
    if len(records) == 1:
        return redirect(f"/tenants/{tenant.code}/{name}/{records[0]['id']}", 303)
    return _render("several.html", tenant=tenant, entity=contract.entities()[name], records=records)


def _render(template: str, status: int = 200, **values: Any) -> Response:
    text = _environment.get_template(template).render(status=status, **values)
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
    return Response(text, status, mimetype="text/html", headers=headers)
