"""The query language: each operator, groups, what is refused, and pages."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox import contract, query
from sandbox.store import Table
from tests.sandbox.rest_api import ALL, Api
from tests.support.sandbox import new_tenant

PRODUCTS: list[dict[str, Any]] = [
    {"name": "Alpha Switch", "sku": "A-1", "unitPrice": 10.5, "isActive": True, "msrp": 20},
    {"name": "Beta Switch", "sku": "B-1", "unitPrice": 20, "isActive": False, "msrp": None},
    {"name": "Gamma Router", "sku": "a-2", "unitPrice": 30.25, "isActive": True, "msrp": None},
    {"name": "Zürich Straße", "sku": None, "unitPrice": None, "isActive": True, "msrp": 0},
]
A, B, C, Z = (product["name"] for product in PRODUCTS)


@pytest.fixture
def goods(sandbox_url: str) -> Api:
    """A tenant whose products are exactly the four."""
    api = Api(new_tenant(sandbox_url, "empty"))
    api.tenant.seed(Products=PRODUCTS)
    return api


def one(op: str, field: str, value: Any = None) -> dict[str, Any]:
    return {"op": op, "field": field, "value": value}


@pytest.mark.parametrize(
    ("op", "field", "value", "found"),
    [
        ("eq", "name", "ALPHA switch", [A]),
        ("eq", "name", "ZÜRICH STRASSE", [Z]),
        ("eq", "unitPrice", 20.0, [B]),
        ("eq", "isActive", False, [B]),
        ("eq", "isActive", "false", [B]),
        ("eq", "unitPrice", "10.5", [A]),
        ("noteq", "name", A, [B, C, Z]),
        ("gt", "unitPrice", 20, [C]),
        ("gte", "unitPrice", 20, [B, C]),
        ("lt", "unitPrice", 20, [A]),
        ("lte", "unitPrice", 20, [A, B]),
        ("gt", "name", "Beta Switch", [C, Z]),
        ("beginsWith", "sku", "a", [A, C]),
        ("endsWith", "name", "SWITCH", [A, B]),
        ("contains", "name", "amm", [C]),
        ("exist", "msrp", None, [A, Z]),
        ("notExist", "msrp", None, [B, C]),
        ("in", "sku", ["A-1", "b-1"], [A, B]),
        ("notIn", "sku", ["A-1", "b-1"], [C, Z]),
        ("BEGINSWITH", "SKU", "A", [A, C]),
    ],
)
def test_each_operator(goods: Api, op: str, field: str, value: Any, found: list[str]) -> None:
    assert goods.names("Products", "name", one(op, field, value)) == found
    count = goods.call("POST", "/Products/query/count", {"filter": [one(op, field, value)]})
    assert count.json() == {"queryCount": len(found)}


def product(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "sku": f"S-{number}",
        "name": f"Part {number}",
        "isActive": True,
        "msrp": number % 7,
    }


@pytest.mark.parametrize(
    ("nodes", "looked_at"),
    [
        ([one("eq", "sku", "s-70")], 1),
        ([one("eq", "msrp", 3), one("eq", "sku", "S-70")], 1),  # the fewest that an index knows
        ([one("in", "sku", ["S-1", "s-2", "none"])], 2),
        ([one("eq", "id", 70)], 1),
        ([{"op": "or", "items": [one("eq", "sku", "S-1"), one("in", "name", ["part 2", "Part 3"])]}], 3),
        ([{"op": "or", "items": [one("eq", "id", number) for number in range(400)]}], 399),
        ([{"op": "and", "items": [one("exist", "msrp"), one("eq", "sku", "S-70")]}], 1),
        (
            [
                {
                    "op": "or",
                    "items": [
                        one("eq", "sku", "S-1"),
                        {"op": "and", "items": [one("eq", "id", 2), ALL["filter"][0]]},
                    ],
                }
            ],
            2,
        ),
        ([one("gt", "id", 995), one("lte", "id", 998)], 3),
        ([{"op": "or", "items": [one("eq", "sku", "S-1"), one("contains", "name", "7")]}], 1000),
        ([one("eq", "isActive", True)], 1000),
    ],
)
def test_no_more_records_are_looked_at_than_an_index_or_the_ids_leave(
    nodes: list[dict[str, Any]], looked_at: int
) -> None:
    """And whatever is looked at, the answer is what looking at every record gives."""
    table = Table(indexed=["sku"])
    for number in range(1, 1001):
        table.put(product(number))
    search = query.parse(contract.entities()["Products"], {"filter": nodes})
    seen: list[int] = []

    def watched(record: dict[str, Any]) -> bool:
        seen.append(record["id"])
        return search.match(record)

    found = [row["id"] for row in table.find(replace(search, match=watched), search.after)]
    assert found == [number for number in range(1, 1001) if search.match(product(number))]
    assert len(seen) == looked_at


def test_a_filter_has_its_limit_of_conditions(api: Api) -> None:
    body = {"filter": [one("exist", "id")] * 2001}
    assert "too many conditions" in api.refused("POST", "/Products/query", body)


def test_dates_compare_as_moments(api: Api) -> None:
    at = one("eq", "createDate", "2024-01-15T10:00:00+01:00")
    assert len(api.query("Companies", at)) == len(api.query("Companies", one("exist", "createDate")))
    assert api.query("Companies", one("gt", "createDate", "2024-01-15T09:00:00.000Z")) == []


def test_groups_nest_and_the_outer_list_means_and(goods: Api) -> None:
    cheap = one("lt", "unitPrice", 15)
    router = one("endsWith", "name", "Router")
    switch = one("contains", "name", "Switch")
    either = {"op": "or", "items": [cheap, router]}
    assert goods.names("Products", "name", either) == [A, C]
    assert goods.names("Products", "name", either, switch) == [A]
    both = {"op": "AND", "items": [switch, {"op": "or", "items": [router, one("eq", "isActive", False)]}]}
    assert goods.names("Products", "name", {"op": "or", "items": [both, one("eq", "name", Z)]}) == [B, Z]


def test_the_search_of_a_get_is_the_body_of_a_post(goods: Api) -> None:
    body = {"filter": [one("beginsWith", "name", "Gamma")]}
    by_get = goods.call("GET", "/Products/query", params={"search": json.dumps(body)})
    assert by_get.json() == goods.call("POST", "/Products/query", body).json()
    counted = goods.call("GET", "/Products/query/count", params={"search": json.dumps(body)})
    assert counted.json() == {"queryCount": 1}


def test_include_fields_narrows_the_records(goods: Api) -> None:
    rows = goods.query("Products", one("eq", "name", A), IncludeFields=["SKU", "name"])
    assert rows == [{"id": rows[0]["id"], "sku": "A-1", "name": A, "userDefinedFields": []}]
    rows = goods.query("Products", one("eq", "name", A), includeFields=["Warehouse"])
    assert rows[0]["userDefinedFields"] == [{"name": "Warehouse", "value": None}]


def test_user_defined_fields_are_searched_one_at_a_time(api: Api) -> None:
    tier = {"name": "Contract Tier", "value": "Gold"}
    api.tenant.seed(Companies=[{"companyName": "Golden", "userDefinedFields": [tier]}])
    node = {"op": "eq", "field": "contract tier", "value": "gold", "udf": True}
    assert api.names("Companies", "companyName", node) == ["Golden"]
    assert api.query("Companies", node)[0]["userDefinedFields"] == [tier]
    answer = api.call("POST", "/Companies/query", {"filter": [node, node]})
    assert answer.status_code == 500
    assert "Only one user-defined field" in answer.json()["errors"][0]


def test_numbers_in_user_defined_fields_compare_as_numbers(api: Api) -> None:
    for count in ("9", "10", "many", None):
        udf = {"name": "Contract Tier", "value": count}
        api.tenant.seed(Companies=[{"companyName": f"Has {count}", "userDefinedFields": [udf]}])
    node = {"op": "gt", "field": "Contract Tier", "udf": True, "value": 9}
    assert api.names("Companies", "companyName", node) == ["Has 10"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ([], "JSON object"),
        ({}, "needs a filter"),
        ({"filter": []}, "needs a filter"),
        ({"filter": [7]}, "must be an object"),
        ({"filter": [{"op": "eq", "value": 1}]}, "needs a field"),
        ({"filter": [one("like", "name", "x")]}, "operator 'like' is not known"),
        ({"filter": [one("eq", "colour", "red")]}, "Unable to find colour in the Products Entity."),
        ({"filter": [one("in", "sku", "A-1")]}, "needs a list"),
        ({"filter": [one("in", "sku", [])]}, "needs a list"),
        ({"filter": [one("eq", "sku", ["A-1"])]}, "needs one value"),
        ({"filter": [one("gt", "sku")]}, "needs a value"),
        ({"filter": [one("eq", "id", "seven")]}, "Error converting value seven"),
        ({"filter": [one("eq", "isActive", 1)]}, "true or false only"),
        ({"filter": [one("eq", "isActive")]}, "true or false only"),
        ({"filter": [{"op": "or", "items": []}]}, "needs items"),
        ({**ALL, "MaxRecords": 501}, "between 1 and 500"),
        ({**ALL, "MaxRecords": -1}, "between 1 and 500"),
        ({**ALL, "MaxRecords": True}, "between 1 and 500"),
        ({**ALL, "MaxRecords": "501"}, "between 1 and 500"),
        ({**ALL, "MaxRecords": 1.5}, "between 1 and 500"),
        ({**ALL, "MaxRecords": [5]}, "between 1 and 500"),
        ({"filter": [{**one("contains", "Warehouse"), "udf": True}]}, "needs a value"),
        ({"filter": [{**one("eq", "Warehouse", ["x"]), "udf": True}]}, "needs one value"),
        ({"filter": [{**one("in", "Warehouse", "x"), "udf": True}]}, "needs a list"),
        ({"filter": [{**one("eq", "Colour", "x"), "udf": True}]}, "Unable to find Colour"),
        ({**ALL, "includeFields": ["colour"]}, "Unable to find colour"),
        ({**ALL, "includeFields": "name"}, "must be a list"),
    ],
)
def test_a_wrong_search_is_a_500_with_a_sentence(api: Api, body: Any, sentence: str) -> None:
    answer = api.call("POST", "/Products/query", body)
    assert answer.status_code == 500
    assert sentence in answer.json()["errors"][0]


def test_fields_that_cannot_be_queried_are_refused(api: Api) -> None:
    for entity, field in (("QuoteItems", "averageCost"), ("Quotes", "calculateTaxSeparately")):
        assert "cannot be queried" in api.refused(
            "POST", f"/{entity}/query", {"filter": [one("exist", field)]}
        )


def test_at_most_500_or_conditions(api: Api) -> None:
    def group(size: int) -> dict[str, Any]:
        return {"filter": [{"op": "or", "items": [one("eq", "id", number) for number in range(size)]}]}

    assert api.call("POST", "/Products/query", group(500)).status_code == 200
    assert api.refused("POST", "/Products/query", group(501)) == (
        "Invalid query syntax. Queries are limited to 500 or fewer 'OR' conditions."
    )


def test_a_search_that_is_missing_or_no_json_is_a_400(api: Api) -> None:
    assert "The search is missing" in api.refused("GET", "/Products/query", status=400)
    answer = api.call("GET", "/Products/query", params={"search": "{filter"})
    assert (answer.status_code, answer.json()["errors"]) == (400, ["The search is not valid JSON."])
    assert api.refused("POST", "/Products/query", 7) == (
        "Invalid query syntax. A JSON object with a filter was expected."
    )


@pytest.mark.parametrize(("asked", "size"), [(3, 3), ("3", 3), (3.0, 3), (None, 500), (0, 500), ("500", 500)])
def test_max_records_may_be_text(api: Api, asked: Any, size: int) -> None:
    page = api.call("POST", "/Products/query", {**ALL, "MaxRecords": asked}).json()["pageDetails"]
    assert page["requestCount"] == size


def test_names_behind_the_question_mark_are_read_in_any_case(goods: Api) -> None:
    search = json.dumps({**ALL, "MaxRecords": 3})
    answer = goods.call("GET", "/Products/query", params={"Search": search}).json()
    assert len(answer["items"]) == 3
    link = answer["pageDetails"]["nextPageUrl"].replace("paging=", "Paging=").replace("search=", "SEARCH=")
    assert len(goods.call("GET", link).json()["items"]) == 1


@pytest.mark.parametrize(
    ("op", "value", "found"),
    [
        ("eq", "GOLD", ["Golden"]),
        ("noteq", "gold", ["Plain", "Silvern"]),
        ("in", ["gold", "Silver"], ["Golden", "Silvern"]),
        ("notIn", ["gold", "Silver"], ["Plain"]),
        ("beginsWith", "g", ["Golden"]),
        ("endsWith", "er", ["Silvern"]),
        ("contains", "ol", ["Golden"]),
        ("gt", "Gold", ["Silvern"]),
        ("exist", None, ["Golden", "Silvern"]),
        ("notExist", None, ["Plain"]),
    ],
)
def test_each_operator_on_a_user_defined_field(
    sandbox_url: str, op: str, value: Any, found: list[str]
) -> None:
    api = Api(new_tenant(sandbox_url, "empty"))
    tiers = [("Golden", "Gold"), ("Plain", None), ("Silvern", "Silver")]
    api.tenant.seed(
        Companies=[
            {"companyName": name, "userDefinedFields": [{"name": "Contract Tier", "value": tier}]}
            for name, tier in tiers
        ]
    )
    node = {"op": op, "field": "Contract Tier", "udf": True, "value": value}
    assert api.names("Companies", "companyName", node, one("gt", "id", 0)) == found


@pytest.fixture
def many(api: Api) -> Api:
    """A tenant with 1,203 products of one maker."""
    api.tenant.seed(
        Products=[{"name": f"Part {number}", "manufacturerName": "Many"} for number in range(1203)]
    )
    return api


MAKER = {"filter": [{"op": "eq", "field": "manufacturerName", "value": "Many"}]}


def test_pages_of_a_post_are_followed_by_post_with_the_same_body(many: Api) -> None:
    answer = many.call("POST", "/Products/query", MAKER).json()
    sizes, names = [], []
    while True:
        sizes.append(answer["pageDetails"]["count"])
        names += [row["name"] for row in answer["items"]]
        link = answer["pageDetails"]["nextPageUrl"]
        if link is None:
            break
        wrong = many.call("GET", link)
        assert wrong.status_code == 405
        assert wrong.json()["Message"] == "The requested resource does not support http method 'GET'."
        answer = many.call("POST", link, MAKER).json()
    assert sizes == [500, 500, 203]
    assert names == [f"Part {number}" for number in range(1203)]


def test_pages_of_a_get_are_followed_by_get(many: Api) -> None:
    answer = many.call("GET", "/Products/query", params={"search": json.dumps(MAKER)}).json()
    names = [row["name"] for row in answer["items"]]
    while link := answer["pageDetails"]["nextPageUrl"]:
        answer = many.call("GET", link).json()
        names += [row["name"] for row in answer["items"]]
    assert names == [f"Part {number}" for number in range(1203)]


def test_a_forgiving_tenant_answers_a_get_for_the_next_page_of_a_post(many: Api) -> None:
    many.tenant.change(strict=False)
    first = many.call("POST", "/Products/query", MAKER).json()
    link = first["pageDetails"]["nextPageUrl"]
    second = many.call("GET", link).json()["items"]
    assert [row["name"] for row in second] == [f"Part {number}" for number in range(500, 1000)]
    assert many.call("POST", link, MAKER).json()["items"] == second


def test_links_lead_back_as_well_and_keep_the_size_of_the_page(many: Api) -> None:
    body = {**MAKER, "MaxRecords": 100}
    first = many.call("POST", "/Products/query", body).json()
    assert first["pageDetails"]["prevPageUrl"] is None
    assert first["pageDetails"] | {"nextPageUrl": "", "prevPageUrl": ""} == {
        "count": 100,
        "requestCount": 100,
        "nextPageUrl": "",
        "prevPageUrl": "",
    }
    second = many.call("POST", first["pageDetails"]["nextPageUrl"], body).json()
    third = many.call("POST", second["pageDetails"]["nextPageUrl"], body).json()
    assert many.call("POST", third["pageDetails"]["prevPageUrl"], body).json() == second
    assert many.call("POST", second["pageDetails"]["prevPageUrl"], body).json() == first


def test_a_link_looks_like_autotasks(many: Api) -> None:
    link = urlsplit(many.call("POST", "/Products/query", MAKER).json()["pageDetails"]["nextPageUrl"])
    assert link.path.endswith("/v1.0/Products/query/next")
    token = json.loads(parse_qs(link.query)["paging"][0])
    last = many.query("Products", *MAKER["filter"])[-1]["id"]
    assert token == {"pageSize": 500, "previousIds": [-1], "nextIds": [last]}


@pytest.mark.parametrize("token", ["", "x", "[]", "{}", '{"pageSize":1,"previousIds":[],"nextIds":["x"]}'])
def test_a_link_that_was_tampered_with_is_refused_with_a_sentence(api: Api, token: str) -> None:
    answer = api.call("POST", "/Products/query/next", ALL, params={"paging": token})
    assert answer.status_code == 500
    assert answer.json()["errors"] == ["The page cannot be found. Run the query again."]


def test_the_own_company_has_the_id_0_and_is_found(api: Api) -> None:
    assert api.get("/Companies/0")["companyName"] == "Demo MSP"
    assert api.names("Companies", "id")[0] == 0
    assert api.names("Companies", "id", one("gt", "id", 0))[0] > 0
