"""Looking for what lost creates made: each question once, by what each create sent."""

from __future__ import annotations

from typing import Any

from tests.support.connected_desk import Desk
from webapp.services.autotask.connection import connection
from webapp.services.autotask.known.natural_keys import find_created


def queries(desk: Desk, entity: str) -> int:
    return sum(call["verb"] == "query" and call["entity"] == entity for call in desk.tenant.calls())


def test_the_same_question_is_asked_once_however_often_a_create_was_tried(desk: Desk) -> None:
    client = connection.open_client(desk.runtime)
    desk.tenant.forget_calls()
    sent: dict[str, Any] = {"name": "Never arrived", "sku": "X-1", "unitPrice": "10"}
    tries = [sent, {**sent, "unitPrice": "11"}, {**sent, "sku": "X-2"}, sent]
    assert find_created(client, "Products", tries, None) == []
    assert queries(desk, "Products") == 1
    tries.append({**sent, "name": "Renamed"})
    assert find_created(client, "Products", tries, None) == []
    assert queries(desk, "Products") == 3


def test_a_record_is_found_by_whichever_try_made_it(desk: Desk) -> None:
    product = next(row for row in desk.tenant.query("Products") if row["sku"])
    client = connection.open_client(desk.runtime)
    made = {name: product[name] for name in ("name", "sku", "manufacturerProductName")}
    tries = [{**made, "name": "Never arrived"}, made]
    assert [row["id"] for row in find_created(client, "Products", tries, None)] == [product["id"]]


def test_of_several_records_the_one_with_everything_that_was_sent_comes_first(desk: Desk) -> None:
    product = next(row for row in desk.tenant.query("Products") if row["sku"])
    keep = {name: value for name, value in product.items() if name not in ("id", "userDefinedFields")}
    (same,) = desk.tenant.seed(Products=[keep])["Products"]
    (other,) = desk.tenant.seed(Products=[{**keep, "unitPrice": 4711}])["Products"]
    client = connection.open_client(desk.runtime)
    sent = {name: product[name] for name in ("name", "sku", "manufacturerProductName", "unitPrice")}
    found = [row["id"] for row in find_created(client, "Products", [sent], None)]
    assert found == [same, product["id"], other]


def test_a_push_that_failed_several_times_looks_once_for_what_it_sent(desk: Desk) -> None:
    quote = desk.quote({"name": "Box"}, title="Lost office")
    desk.tenant.add_fault(kind="503", entity="Opportunities", verb="create", times=0)
    desk.publish(quote)
    for _ in range(3):
        desk.process(quote)
    desk.tenant._ask("DELETE", "/faults")
    desk.tenant.forget_calls()
    desk.process(quote)
    assert queries(desk, "Opportunities") == 1
