"""The wire: addresses, headers, verbs, writes and refusals."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import requests

from tests.sandbox.rest_api import ALL, Api, attachment, company, contact, deal, item_fields
from tests.support.sandbox import TIMEOUT, Tenant


def zone(tenant: Tenant, user: str, path: str = "/v1.0/zoneInformation") -> requests.Response:
    return requests.get(tenant.root + path, params={"user": user}, timeout=TIMEOUT)


@pytest.mark.parametrize("path", ["/v1.0/zoneInformation", "/V1.0/ZoneInformation"])
def test_the_zone_is_told_to_anybody_who_knows_the_user(tenant: Tenant, path: str) -> None:
    said = zone(tenant, tenant.user.upper(), path).json()
    assert set(said) == {"zoneName", "url", "webUrl", "ci"}
    assert said["url"] == f"{tenant.sandbox_url}/ATServicesRest/"
    assert said["webUrl"].startswith(tenant.sandbox_url)
    answer = requests.get(f"{said['url']}V1.0/Companies/0", headers=tenant.headers, timeout=TIMEOUT)
    assert answer.json()["item"]["id"] == 0


def test_an_unknown_user_has_no_zone(tenant: Tenant) -> None:
    answer = zone(tenant, "nobody@nowhere.example")
    assert answer.status_code == 500
    assert answer.json() == {"errors": ["Zone information could not be determined"]}


def test_tenants_with_one_user_are_told_apart_by_the_code_if_it_comes_along(api: Api) -> None:
    twin = f"{api.tenant.code}-TWIN"
    body = {"code": twin, "user": api.tenant.user, "secret": "s", "seed": "empty"}
    requests.post(f"{api.tenant.sandbox_url}/sandbox/tenants", json=body, timeout=TIMEOUT)
    for code in (api.tenant.code, twin):
        headers = {"ApiIntegrationCode": code}
        said = api.call("GET", "/zoneInformation", params={"user": api.tenant.user}, headers=headers).json()
        assert said["webUrl"].endswith(f"/tenants/{code}/")


def test_the_version_is_told(api: Api) -> None:
    answer = requests.get(f"{api.tenant.root}/VersionInformation", timeout=TIMEOUT)
    assert answer.json() == {"apiVersions": ["v1.0"]}
    # Some clients try their credentials here.
    assert set(api.call("GET", "/Version").json()) == {"majorVersion", "minorVersion", "build", "revision"}
    assert api.call("GET", "/Version", headers={"Secret": "wrong"}).status_code == 401


def test_the_charset_of_an_answer_is_told(api: Api) -> None:
    for path in ("/Companies/0", "/Nonsense/1"):
        assert api.call("GET", path).headers["Content-Type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize("header", ["ApiIntegrationCode", "UserName", "Secret"])
@pytest.mark.parametrize("value", [None, "wrong"])
def test_each_credential_is_needed_and_must_be_right(tenant: Tenant, header: str, value: str | None) -> None:
    headers = {name: text for name, text in tenant.headers.items() if name != header}
    if value:
        headers[header] = value
    answer = requests.get(f"{tenant.root}/v1.0/Companies/0", headers=headers, timeout=TIMEOUT)
    assert answer.status_code == 401
    assert answer.json()["errors"]
    assert tenant.secret not in answer.text


def test_credentials_of_one_tenant_do_not_open_another(api: Api, sandbox_url: str) -> None:
    answer = api.call("GET", "/Companies/0", headers={"ApiIntegrationCode": "SANDBOX-DEMO"})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "/atservicesrest/v1.0/Companies/0",
        "/ATServicesRest/V1.0/Companies/0",
        "/ATSERVICESREST/v1.0/companies/0/",
        "/atservicesrest/v1.0//COMPANIES/0",
        "/ATServicesRest//v1.0/Companies/0",
        "//ATServicesRest/V1.0/Companies//0//",
    ],
)
def test_the_case_of_an_address_does_not_matter(tenant: Tenant, path: str) -> None:
    answer = requests.get(tenant.sandbox_url + path, headers=tenant.headers, timeout=TIMEOUT)
    assert answer.json()["item"]["companyName"] == "Demo MSP"


def test_json_is_camel_case_and_every_field_is_there(api: Api) -> None:
    company = api.get("/Companies/0")
    assert {"id", "companyName", "ownerResourceID", "taxRegionID", "userDefinedFields"} < set(company)
    assert company["address2"] is None


def test_names_are_read_in_any_case_and_a_create_answers_with_the_id_alone(api: Api) -> None:
    body = {"COMPANYNAME": "Loud", "CompanyType": 1, "phone": "1", "OwnerResourceID": 29682880}
    answer = api.call("POST", "/Companies", body)
    assert set(answer.json()) == {"itemId"}
    assert api.get(f"/Companies/{answer.json()['itemId']}")["companyName"] == "Loud"


def test_a_record_that_is_not_there_is_null(api: Api) -> None:
    answer = api.call("GET", "/Companies/99999999")
    assert (answer.status_code, answer.json()) == (200, {"item": None})


def test_patch_changes_what_is_sent_and_put_blanks_the_rest(api: Api) -> None:
    number = company(api, "Before", city="Austin", webAddress="https://before.example")
    api.change("/Companies", number, companyName="After")
    patched = api.get(f"/Companies/{number}")
    assert (patched["companyName"], patched["city"]) == ("After", "Austin")
    whole = {name: patched[name] for name in ("companyType", "phone", "ownerResourceID")}
    answer = api.call("PUT", "/Companies", {"id": number, "companyName": "Alone", **whole})
    assert answer.json() == {"itemId": number}
    put = api.get(f"/Companies/{number}")
    assert (put["companyName"], put["city"], put["webAddress"]) == ("Alone", None, None)
    assert put["createDate"] == patched["createDate"]


def test_a_put_without_a_required_field_is_refused_and_changes_nothing(api: Api) -> None:
    number = company(api, "Kept")
    sentences = api.refused("PUT", "/Companies", {"id": number, "companyName": "Gone"})
    assert "Missing Required Field: phone." in sentences
    assert api.get(f"/Companies/{number}")["companyName"] == "Kept"


def test_updates_name_their_record_in_the_body_not_in_the_address(api: Api) -> None:
    assert "Missing Required Field: id." in api.refused("PATCH", "/Companies", {"phone": "1"})
    assert "No matching records" in api.refused("PATCH", "/Companies", {"id": 987654, "phone": "1"}, 404)
    api.refused("PATCH", "/Companies/0", {"id": 0, "phone": "1"}, 405)


def test_read_only_fields_are_not_written(api: Api) -> None:
    number = company(api, createDate="1999-01-01T00:00:00Z")
    made = api.get(f"/Companies/{number}")
    assert made["createDate"] > "2020"
    person = next(row for row in api.query("Resources") if row["lastName"] == "User")
    assert made["createdByResourceID"] == person["id"]


def test_several_refusals_come_together(api: Api) -> None:
    answer = api.call("POST", "/Companies", {"companyType": 999})
    assert answer.status_code == 500
    assert len(answer.json()["errors"]) == 4


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/QuoteItems"),
        ("PATCH", "/QuoteItems"),
        ("POST", "/Contacts"),
        ("PUT", "/CompanyLocations"),
        ("POST", "/OpportunityAttachments"),
        ("POST", "/ProductVendors"),
        ("GET", "/Nonsense/1"),
        ("GET", "/Quotes/1/Nonsense"),
        ("GET", "/Quotes/one"),
        ("GET", "/Opportunities/1/Attachments/entityInformation"),
        ("POST", "/Companies/1/Contacts/query"),
    ],
)
def test_what_is_no_address_is_a_404(api: Api, method: str, path: str) -> None:
    sentence = api.refused(method, path, {}, 404)
    assert sentence.startswith("No HTTP resource was found that matches the request URI")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/Companies/1"),
        ("DELETE", "/Quotes/1"),
        ("DELETE", "/Opportunities/1"),
        ("GET", "/Companies"),
        ("PATCH", "/Opportunities/1/Attachments"),
        ("DELETE", "/Products/1/Vendors/1"),
        ("POST", "/TaxRegions/entityInformation"),
        ("PATCH", "/Companies/query"),
        ("POST", "/Resources"),
        ("POST", "/ThresholdInformation"),
    ],
)
def test_a_verb_that_an_address_does_not_take_is_a_405(api: Api, method: str, path: str) -> None:
    answer = api.call(method, path, {})
    assert answer.status_code == 405
    sentence = f"The requested resource does not support http method '{method}'."
    assert answer.json() == {"errors": [sentence], "Message": sentence}


def test_children_are_written_and_listed_below_their_parent(api: Api) -> None:
    number = company(api)
    person = contact(api, number)
    assert [row["id"] for row in api.call("GET", f"/Companies/{number}/Contacts").json()["items"]] == [person]
    assert api.get(f"/Companies/{number}/Contacts/{person}")["companyID"] == number
    assert api.call("GET", f"/Companies/0/Contacts/{person}").json() == {"item": None}
    assert api.get(f"/Contacts/{person}")["companyID"] == number
    fields = api.call("GET", f"/Companies/{number}/Contacts/entityInformation/fields").json()
    assert fields == api.call("GET", "/Contacts/entityInformation/fields").json()
    assert api.call("DELETE", f"/Companies/{number}/Contacts/{person}").json() == {"itemId": person}
    assert api.call("GET", f"/Contacts/{person}").json() == {"item": None}


def test_a_parent_that_is_not_there_or_not_the_one_in_the_body_is_refused(api: Api) -> None:
    body = {"firstName": "N", "lastName": "Q", "isActive": 1}
    assert "No matching records" in api.refused("POST", "/Companies/987654/Contacts", body, 404)
    assert "does not agree" in api.refused("POST", "/Companies/0/Contacts", {**body, "companyID": 175})
    made = deal(api)
    item = api.create(made.items, **item_fields(api))
    other = deal(api)
    api.refused("PATCH", other.items, {"id": item, "quantity": 2}, 404)
    assert "No matching records" in api.refused("DELETE", f"{other.items}/{item}")


def test_the_content_of_a_file_is_shown_below_its_opportunity_only(api: Api) -> None:
    made = deal(api)
    path = f"/Opportunities/{made.opportunity}/Attachments"
    body = attachment(b"%PDF-1.7 made up")
    number = api.create(path, **body)
    below = api.call("GET", f"{path}/{number}").json()
    assert below["item"]["data"] == body["data"]
    assert below["items"] == [below["item"]]
    assert api.get(f"/OpportunityAttachments/{number}")["data"] is None
    listed = api.query("OpportunityAttachments", {"op": "eq", "field": "id", "value": number})
    assert (listed[0]["data"], listed[0]["fileSize"]) == (None, 16)


def test_metadata_follow_what_the_tenant_allows(api: Api) -> None:
    api.tenant.change(permissions={"Products": ["query"]})
    info = api.call("GET", "/Products/entityInformation").json()["info"]
    assert (info["canCreate"], info["userAccessForCreate"], info["userAccessForQuery"]) == (
        True,
        "None",
        "All",
    )
    refusal = api.refused("POST", "/Products", {"name": "x"}, 403)
    assert refusal == (
        "The logged in Resource does not have the adequate permissions to update this entity type."
    )
    assert api.query("Products")


def test_user_defined_fields_are_described_written_and_read(api: Api) -> None:
    described = api.call("GET", "/Companies/entityInformation/userDefinedFields").json()["fields"]
    assert [one["name"] for one in described] == ["Contract Tier"]
    tier = {"name": "Contract Tier", "value": "Silver"}
    number = company(api, userDefinedFields=[tier])
    assert api.get(f"/Companies/{number}")["userDefinedFields"] == [tier]
    api.change("/Companies", number, phone="2")
    assert api.get(f"/Companies/{number}")["userDefinedFields"] == [tier]


def test_a_patch_keeps_user_defined_fields_that_it_does_not_send_and_a_put_blanks_them(api: Api) -> None:
    number = company(api, userDefinedFields=[{"Name": "contract tier", "Value": 7}])
    assert api.get(f"/Companies/{number}")["userDefinedFields"] == [{"name": "Contract Tier", "value": "7"}]
    api.change("/Companies", number, userDefinedFields=[])
    api.change("/Companies", number, userDefinedFields=[{"name": "Colour", "value": "red"}])
    record = api.get(f"/Companies/{number}")
    assert record["userDefinedFields"] == [{"name": "Contract Tier", "value": "7"}]
    del record["userDefinedFields"]
    assert api.call("PUT", "/Companies", record).status_code == 200
    assert api.get(f"/Companies/{number}")["userDefinedFields"] == [{"name": "Contract Tier", "value": None}]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("Gold", "must be a list"),
        ({"name": "Contract Tier", "value": "Gold"}, "must be a list"),
        (["Gold"], "must be a list"),
        ([{"value": "Gold"}], "needs a name"),
        ([{"name": "Contract Tier", "value": ["Gold"]}], "Error converting value"),
        ([{"name": "Contract Tier", "value": "x" * 256}], "exceeds its maximum length of 255"),
    ],
)
def test_user_defined_fields_of_the_wrong_kind_are_refused(api: Api, given: Any, sentence: str) -> None:
    before = api.get("/Companies/175")
    assert sentence in api.refused("PATCH", "/Companies", {"id": 175, "userDefinedFields": given})
    assert api.get("/Companies/175") == before


def test_base64_may_be_broken_into_lines(api: Api) -> None:
    path = f"/Opportunities/{deal(api).opportunity}/Attachments"
    body = attachment(b"%PDF-1.7 " + b"x" * 100)
    lines = base64.encodebytes(base64.b64decode(body["data"])).decode().replace("\n", "\r\n")
    number = api.create(path, **{**body, "data": lines})
    assert api.call("GET", f"{path}/{number}").json()["item"]["data"] == body["data"]


@pytest.mark.parametrize(
    ("headers", "encoding"),
    [
        ({}, "utf-8"),
        ({"Content-Type": "application/json"}, "utf-8-sig"),
        ({"Content-Type": "application/json; charset=utf-8"}, "utf-8"),
        ({"Content-Type": "text/plain"}, "utf-8"),
        # Sent by a public client with every body, none of which is compressed.
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, "utf-8"),
    ],
)
def test_json_is_read_whatever_the_headers_call_it(api: Api, headers: dict[str, str], encoding: str) -> None:
    body = json.dumps({"id": 175, "companyName": "Zoë"}, ensure_ascii=False).encode(encoding)
    url = f"{api.tenant.root}/v1.0/Companies"
    answer = requests.patch(url, data=body, headers={**api.tenant.headers, **headers}, timeout=TIMEOUT)
    assert answer.json() == {"itemId": 175}
    assert api.get("/Companies/175")["companyName"] == "Zoë"


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'"x"', b"\xff\xfe", b'{"id": NaN}', b"[" * 100_000])
def test_a_body_that_is_no_object_is_a_400(tenant: Tenant, body: bytes) -> None:
    url = f"{tenant.root}/v1.0/Companies"
    answer = requests.post(url, data=body, headers=tenant.headers, timeout=TIMEOUT)
    assert answer.status_code == 400
    assert answer.json()["errors"]


@pytest.mark.parametrize("value", ["0.1", "12345678.1234", "-0.0001", "1e3"])
def test_decimals_keep_their_digits(api: Api, value: str) -> None:
    body = '{"name": "Exact", "productBillingCodeID": 29682700, "isActive": true, "isSerialized": false, '
    answer = requests.post(
        f"{api.tenant.root}/v1.0/Products",
        data=body + f'"unitCost": {value}}}',
        headers=api.tenant.headers,
        timeout=TIMEOUT,
    )
    made = api.call("GET", f"/Products/{answer.json()['itemId']}")
    assert json.loads(made.text, parse_float=str)["item"]["unitCost"] == str(float(value))


def test_every_text_comes_back_as_it_was_sent(api: Api) -> None:
    text = "Zoë “quoted” \\ </script> 東京 🎉 \u0007"
    number = company(api, text)
    assert api.get(f"/Companies/{number}")["companyName"] == text


def test_times_are_utc(api: Api) -> None:
    made = deal(api, startDate="2026-11-01T02:00:00+03:00")
    assert api.get(f"/Opportunities/{made.opportunity}")["startDate"] == "2026-10-31T23:00:00.000Z"


def test_the_log_tells_of_every_call_and_no_secret(api: Api) -> None:
    api.call("POST", "/Companies/query", ALL)
    api.call("POST", "/QuoteItems", {})
    zone(api.tenant, api.tenant.user)
    api.call("GET", "/Roles/1", headers={"Secret": "guessed-wrong"})
    calls = api.tenant.calls()
    assert [(call["method"], call["status"], call["entity"], call["verb"]) for call in calls] == [
        ("POST", 200, "Companies", "query"),
        ("POST", 404, "", ""),
        ("GET", 200, "", "zone"),
        ("GET", 401, "", ""),
    ]
    assert [call["seq"] for call in calls] == [1, 2, 3, 4]
    assert all(call["durationMs"] >= 0 for call in calls)
    assert json.loads(calls[0]["request"]) == ALL
    told = json.dumps(calls)
    assert api.tenant.secret not in told
    assert "guessed-wrong" not in told


def test_calls_that_belong_to_nobody_are_in_a_log_of_their_own(api: Api) -> None:
    url = f"{api.tenant.sandbox_url}/sandbox/calls"
    mark = f"/Companies/{api.tenant.code.encode()[-6:].hex()}"
    api.call("GET", mark, headers={"ApiIntegrationCode": "mistyped", "Secret": "guessed-wrong"})
    strays = requests.get(url, timeout=TIMEOUT)
    call = next(call for call in reversed(strays.json()) if call["path"].endswith(mark))
    assert (call["status"], call["entity"], call["committed"]) == (401, "", False)
    assert "guessed-wrong" not in strays.text
    assert api.tenant.calls() == []
    assert requests.post(url, timeout=TIMEOUT).status_code == 405
