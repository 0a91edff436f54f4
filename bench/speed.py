"""A push compared with a simple client that makes the same calls sequentially, at 150 ms per call."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import requests

from bench import results
from bench.desk import counted, matching_lines, open_bench
from tests.support.connected_desk import Desk
from webapp.services.quoting.lifecycle import publishing
from webapp.services.quoting.paper import document

LATENCY_MS = 150
LINES = 100
ROUNDS = 3
TARGET = 2.7
FILE = {"title": "Quote", "fullPath": "quote.pdf", "publish": 1, "attachmentType": "FILE_ATTACHMENT"}


class Sequential:
    """A simple integration: keep-alive, no threads, sequential calls."""

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

    def copy(self, like: dict[str, list[dict[str, Any]]], lines: list[dict[str, Any]], pdf: bytes) -> None:
        """Look up and write the same records as the push, under other names."""
        company, contact = dict(like["Companies"][0]), dict(like["Contacts"][0])
        opportunity, quote = dict(like["Opportunities"][0]), dict(like["Quotes"][0])
        company["companyName"] += " again"
        self.query("Companies", "companyName", company["companyName"])
        self.query("Contacts", "emailAddress", "again-" + contact["emailAddress"])
        codes = [line["mpn"] for line in lines if "mpn" in line]
        names = [line["name"] for line in lines if "mpn" not in line]
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
    """Measure, print and save. Returns the missed targets."""
    with open_bench() as (desk, _):
        counted(desk, desk.quote(*matching_lines(desk, 1)))
        rounds = [_measure(desk) for _ in range(ROUNDS)]
    ratio = sorted(measured["sequential"] / measured["push"] for measured in rounds)[ROUNDS // 2]
    violations = sum(measured["violations"] for measured in rounds)
    for measured in rounds:
        print(
            f"{LINES} lines at {LATENCY_MS} ms: {measured['calls']} calls in {measured['push']:.2f} s; "
            f"{measured['sequential_calls']} sequential calls in {measured['sequential']:.2f} s"
        )
    print(
        f"Ratio (median): {ratio:.2f}, target {TARGET}. Calls above the thread limit: {violations}, target 0."
    )
    results.save("speed", {"rounds": rounds, "ratio": ratio, "violations": violations})
    return ["speed"] * (ratio < TARGET or bool(violations))


def _measure(desk: Desk) -> dict[str, Any]:
    lines = matching_lines(desk, LINES)
    quote = desk.quote(*lines)
    revision = publishing.publish(desk.rep, quote.id).revision
    pdf = document.pdf_for(revision.id, desk.runtime.config.public_base_url)  # before both measurements
    desk.tenant.change(latencyMs=LATENCY_MS)
    desk.tenant.forget_calls()
    start = time.perf_counter()
    run = desk.process(quote)
    push = time.perf_counter() - start
    stats = desk.tenant.stats()
    desk.tenant.change(latencyMs=0)
    if run.state != "synced":
        raise RuntimeError(f"The push ended with {run.state}: {run.sentence}")
    like = _written(desk)
    client = Sequential(desk)
    desk.tenant.change(latencyMs=LATENCY_MS)
    desk.tenant.forget_calls()
    start = time.perf_counter()
    client.copy(like, lines, pdf)
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
    """The fields that the push sent for each new record, by entity, from the sandbox's log, without the file."""
    written: dict[str, list[dict[str, Any]]] = {}
    for call in desk.tenant.calls():
        if call["verb"] == "create":
            is_file = call["entity"] == "OpportunityAttachments"
            written.setdefault(call["entity"], []).append(FILE if is_file else json.loads(call["request"]))
    return written
