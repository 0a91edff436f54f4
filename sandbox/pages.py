"""What a person sees: tenants, opportunities with their quotes and lines, any record, and the call log."""

from __future__ import annotations

import base64
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from sandbox import amounts, contract
from sandbox.errors import ApiError
from sandbox.query import Record
from sandbox.tenants import DEMO_CODE, Tenant, Tenants

HERE = Path(__file__).parent
STATIC = {"htmx.min.js": "text/javascript", "sandbox.css": "text/css"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src data:; form-action 'self'"
)
# ExecuteCommand: the command and the parameter that names the record.
COMMANDS = {
    "openaccount": ("Companies", "accountid"),
    "opencontact": ("Contacts", "contactid"),
    "openopportunity": ("Opportunities", "opportunityid"),
}

_environment = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=select_autoescape(),
    trim_blocks=True,
    lstrip_blocks=True,
)


def _money(value: Any) -> str:
    return "–" if value is None else f"{Decimal(str(value)):,.2f}"


_environment.filters["money"] = _money


def answer(tenants: Tenants, request: Request) -> Response:
    """Answer a page. Raises ApiError 404 for an address that there is not."""
    parts = [part for part in request.path.split("/") if part]
    if request.method not in ("GET", "HEAD"):
        raise ApiError(405, "Pages are only read.")
    if parts[:1] == ["static"] and len(parts) == 2 and parts[1] in STATIC:
        return Response((HERE / "static" / parts[1]).read_bytes(), mimetype=STATIC[parts[1]])
    if request.path.lower().endswith("/autotaskextend/executecommand.aspx"):
        return _execute(tenants, request)
    if not parts:
        return _render("tenants.html", tenants=tenants.all())
    if parts[0] != "tenants" or len(parts) < 2:
        raise ApiError(404, "There is no such page.")
    tenant = tenants.find(parts[1])
    if tenant is None:
        raise ApiError(404, f"There is no tenant {parts[1]}.")
    with tenant.store:
        return _tenant_page(tenant, request, parts[2:])


def _tenant_page(tenant: Tenant, request: Request, parts: list[str]) -> Response:
    if not parts:
        return _render(
            "tenant.html",
            tenant=tenant,
            opportunities=_opportunities(tenant),
            calls=_calls(tenant),
            entities=_counts(tenant),
        )
    if parts == ["_opportunities"]:
        return _render("_opportunities.html", tenant=tenant, opportunities=_opportunities(tenant))
    if parts == ["_calls"]:
        return _render("_calls.html", tenant=tenant, calls=_calls(tenant))
    entity = contract.find(parts[0])
    if entity is None:
        raise ApiError(404, "There is no such page.")
    table = tenant.store.table(entity.name)
    if len(parts) == 1:
        rows = sorted(table.rows.values(), key=lambda record: -record["id"])[:200]
        return _render(
            "records.html", tenant=tenant, entity=entity, rows=rows, total=len(table.rows), title=_title
        )
    record = table.rows.get(int(parts[1])) if parts[1].isdigit() else None
    if record is None:
        raise ApiError(404, f"{entity.name} has no record {parts[1]}.")
    if parts[2:] == ["file"] and record.get("data"):
        return Response(
            base64.b64decode(record["data"]),
            mimetype="application/pdf"
            if record["contentType"] == "application/pdf"
            else "application/octet-stream",
            headers={"Content-Disposition": "inline", "X-Content-Type-Options": "nosniff"},
        )
    if entity.name == "Opportunities":
        return _render("opportunity.html", tenant=tenant, one=_opportunity(tenant, record))
    return _render(
        "record.html",
        tenant=tenant,
        entity=entity,
        record=record,
        title=_title(record),
        related=_related(tenant, entity.name, record["id"]),
    )


def _render(template: str, **values: Any) -> Response:
    text = _environment.get_template(template).render(**values)
    return Response(text, mimetype="text/html", headers={"Content-Security-Policy": POLICY})


def _title(record: Record) -> str:
    """The most telling field of a record."""
    for name in ("title", "companyName", "name", "taxName", "address1", "email"):
        if record.get(name):
            return str(record[name])
    return f"{record.get('firstName') or ''} {record.get('lastName') or ''}".strip() or f"#{record['id']}"


def _opportunities(tenant: Tenant) -> list[dict[str, Any]]:
    rows = tenant.store.table("Opportunities").rows.values()
    newest = sorted(
        rows, key=lambda record: (str(record.get("lastActivity") or ""), record["id"]), reverse=True
    )
    return [_opportunity(tenant, record) for record in newest[:50]]


def _opportunity(tenant: Tenant, record: Record) -> dict[str, Any]:
    quotes = tenant.store.table("Quotes").where("opportunityID", record["id"])
    return {
        "record": record,
        "status": label(tenant, "Opportunities", "status", record["status"]),
        "stage": label(tenant, "Opportunities", "stage", record["stage"]),
        "company": tenant.store.table("Companies").rows.get(record["companyID"]),
        "contact": tenant.store.table("Contacts").rows.get(record["contactID"] or 0),
        "buckets": [
            (name, record[revenue], record[cost]) for name, (revenue, cost) in amounts.BUCKETS.items()
        ],
        "quotes": [_quote(tenant, quote) for quote in quotes],
        "files": tenant.store.table("OpportunityAttachments").where("opportunityID", record["id"]),
    }


def _quote(tenant: Tenant, record: Record) -> dict[str, Any]:
    items = tenant.store.table("QuoteItems").where("quoteID", record["id"])
    items.sort(key=lambda item: (item["sortOrderID"] or 0, item["id"]))
    totals: dict[str, Decimal] = {}
    tax = Decimal(0)
    lines = []
    for item in items:
        period = amounts.period_of(tenant, item)
        amount = amounts.net(item)
        if not item["isOptional"]:
            totals[period] = totals.get(period, Decimal(0)) + amount
            tax += Decimal(item["totalEffectiveTax"] or 0)
        kind = label(tenant, "QuoteItems", "quoteItemType", item["quoteItemType"])
        lines.append({"record": item, "kind": kind, "period": period, "net": amount})
    return {"record": record, "lines": lines, "totals": totals, "tax": tax}


def label(tenant: Tenant, entity: str, field: str, value: Any) -> str:
    """A picklist value's label, or the value itself."""
    values = tenant.picklists.get(entity, {}).get(field, [])
    return next((str(one["label"]) for one in values if one["value"] == str(value)), str(value))


def _calls(tenant: Tenant) -> list[dict[str, Any]]:
    return list(reversed(tenant.log.since(last=100)))


def _counts(tenant: Tenant) -> list[tuple[str, int]]:
    return [(name, len(tenant.store.table(name).rows)) for name in sorted(contract.entities())]


def _related(tenant: Tenant, entity: str, number: int) -> list[tuple[str, str, list[Record]]]:
    """Records that name this one: (entity, field, records)."""
    found = []
    for other in contract.entities().values():
        for field in other.fields.values():
            if field.reference == entity:
                rows = tenant.store.table(other.name).where(field.name, number)
                if rows:
                    found.append((other.name, field.name, rows[:50]))
    return found


def _execute(tenants: Tenants, request: Request) -> Response:
    """``ExecuteCommand.aspx?Code=OpenOpportunity&OpportunityID=1``: to that record's page."""
    args = {name.lower(): value for name, value in request.args.items()}
    command = COMMANDS.get(args.get("code", "").lower())
    if command is None:
        raise ApiError(404, f"The command {args.get('code', '')[:40]} is not known here.")
    entity, parameter = command
    number = args.get(parameter, "")
    for tenant in sorted(tenants.all(), key=lambda one: one.code != DEMO_CODE):
        if number.isdigit() and int(number) in tenant.store.table(entity).rows:
            return redirect(f"/tenants/{tenant.code}/{entity}/{number}", 303)
    raise ApiError(404, f"{entity} has no record {number[:20]}.")


def pretty(text: str) -> str:
    """JSON indented for reading; other text as it is."""
    try:
        return json.dumps(json.loads(text), indent=1, ensure_ascii=False)
    except ValueError:
        return text


_environment.filters["pretty"] = pretty
