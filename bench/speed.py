"""A push against a straightforward client that makes the same calls one after another, at 150 ms a call."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import requests

from bench import results
from bench.desk import counted, known_goods, open_bench
from tests.support.connected_desk import Desk
from webapp.services.quoting.lifecycle import publishing
from webapp.services.quoting.paper import document

LATENCY_MS = 150
LINES = 100
ROUNDS = 3
AIM = 2.7
FILE = {"title": "Quote", "fullPath": "quote.pdf", "publish": 1, "attachmentType": "FILE_ATTACHMENT"}


class Sequential:
    """What a first integration looks like: keep-alive, no threads, one call after another."""

    def __init__(self, desk: Desk) -> None:
        self.root = f"{desk.tenant.root}/v1.0"
        self.session = requests.Session()
        self.session.headers.update(desk.tenant.headers)

    def query(self, entity: str, field: str, *values: Any) -> list[dict[str, Any]]:
        body = {"filter": [{"op": "in", "field": field, "value": list(values)}]}
        return self._send("POST", f"{entity}/query", body)["items"]

    def create(self, path: str, fields: dict[str, Any]) -> int:
        return int(self._send("POST", path, fields)["itemId"])

    def _send(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        answer = self.session.request(method, f"{self.root}/{path}", json=body, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def copy(self, like: dict[str, list[dict[str, Any]]], goods: list[dict[str, Any]], pdf: bytes) -> None:
        """Look up and write once more what the push wrote, under other names."""
        company, contact = dict(like["Companies"][0]), dict(like["Contacts"][0])
        opportunity, quote = dict(like["Opportunities"][0]), dict(like["Quotes"][0])
        company["companyName"] += " again"
        self.query("Companies", "companyName", company["companyName"])
        self.query("Contacts", "emailAddress", "again-" + contact["emailAddress"])
        codes = [one["mpn"] for one in goods if "mpn" in one]
        names = [one["name"] for one in goods if "mpn" not in one]
        self.query("Products", "manufacturerProductName", *codes)
        self.query("Services", "name", *names)
        company_id = self.create("Companies", company)
        contact |= {"companyID": company_id, "emailAddress": "again-" + contact["emailAddress"]}
        contact_id = self.create(f"Companies/{company_id}/Contacts", contact)
        opportunity_id = self.create(
            "Opportunities", opportunity | {"companyID": company_id, "contactID": contact_id}
        )
        place = self.create("QuoteLocations", like["QuoteLocations"][0])
        quote |= {"opportunityID": opportunity_id, "companyID": company_id, "contactID": contact_id}
        quote |= dict.fromkeys(("billToLocationID", "shipToLocationID", "soldToLocationID"), place)
        quote_id = self.create("Quotes", quote | {"externalQuoteNumber": "again"})
        for item in like["QuoteItems"]:
            self.create(f"Quotes/{quote_id}/Items", item | {"quoteID": quote_id})
        file = dict(like["OpportunityAttachments"][0]) | {"data": base64.b64encode(pdf).decode("ascii")}
        self.create(f"Opportunities/{opportunity_id}/Attachments", file)
        self.query("QuoteItems", "quoteID", quote_id)
        self._send("GET", f"Opportunities/{opportunity_id}")


def main() -> list[str]:
    """Measure, print and keep. Returns what missed its aim."""
    with open_bench() as (desk, _):
        counted(desk, desk.quote(*known_goods(desk, 1)))
        rounds = [_measure(desk) for _ in range(ROUNDS)]
    ratio = sorted(one["sequential"] / one["push"] for one in rounds)[ROUNDS // 2]
    violations = sum(one["violations"] for one in rounds)
    for one in rounds:
        print(
            f"{LINES} lines at {LATENCY_MS} ms: {one['calls']} calls in {one['push']:.2f} s; "
            f"{one['sequential_calls']} one after another in {one['sequential']:.2f} s"
        )
    print(f"Ratio (median): {ratio:.2f}, aim {AIM}. Calls above the thread limit: {violations}, aim 0.")
    results.keep("speed", {"rounds": rounds, "ratio": ratio, "violations": violations})
    return ["speed"] * (ratio < AIM or bool(violations))


def _measure(desk: Desk) -> dict[str, Any]:
    goods = known_goods(desk, LINES)
    quote = desk.quote(*goods)
    revision = publishing.publish(desk.rep, quote.id).revision
    pdf = document.pdf_for(revision.id)  # neither of the two is timed with it
    desk.tenant.change(latencyMs=LATENCY_MS)
    desk.tenant.forget_calls()
    start = time.perf_counter()
    run = desk.process(quote)
    push = time.perf_counter() - start
    stats = desk.tenant.stats()
    desk.tenant.change(latencyMs=0)
    if run.state != "synced":
        raise RuntimeError(f"The push ended as {run.state}: {run.sentence}")
    like = _written(desk)
    client = Sequential(desk)
    desk.tenant.change(latencyMs=LATENCY_MS)
    desk.tenant.forget_calls()
    start = time.perf_counter()
    client.copy(like, goods, pdf)
    sequential = time.perf_counter() - start
    desk.tenant.change(latencyMs=0)
    return {
        "push": push,
        "calls": stats["total"],
        "violations": stats["threadViolations"],
        "sequential": sequential,
        "sequential_calls": desk.tenant.stats()["total"],
    }


def _written(desk: Desk) -> dict[str, list[dict[str, Any]]]:
    """What the push sent to create each record, by entity, from the sandbox's log; the file only by its name."""
    written: dict[str, list[dict[str, Any]]] = {}
    for call in desk.tenant.calls():
        if call["verb"] == "create":
            is_file = call["entity"] == "OpportunityAttachments"
            written.setdefault(call["entity"], []).append(FILE if is_file else json.loads(call["request"]))
    return written
