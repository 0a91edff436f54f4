"""Each switch of a dialect changes what it says it changes."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from sandbox.dialect import HIGH_ID, LABELS, SWITCHES
from tests.sandbox.rest_api import ALL, Api, company, contact, deal, item_fields
from tests.support.sandbox import TIMEOUT


def speak(api: Api, **dialect: str) -> None:
    api.tenant.change(dialect=dialect)


def fields(api: Api, entity: str) -> dict[str, dict[str, Any]]:
    found = api.call("GET", f"/{entity}/entityInformation/fields").json()["fields"]
    return {field["name"]: field for field in found}


def test_the_default_is_the_first_value_of_each_switch(api: Api) -> None:
    before = fields(api, "Quotes")
    speak(api, **{name: values[0] for name, (values, _) in SWITCHES.items()})
    assert fields(api, "Quotes") == before


@pytest.mark.parametrize("dialect", [{"accent": "thick"}, {"created": "204"}, {"created": 201}, "created"])
def test_an_unknown_switch_or_value_is_refused(api: Api, dialect: Any) -> None:
    url = f"{api.tenant.sandbox_url}/sandbox/tenants/{api.tenant.code}"
    assert requests.patch(url, json={"dialect": dialect}, timeout=TIMEOUT).status_code == 400


def test_an_internal_error_has_the_sentence_from_the_wild(api: Api) -> None:
    speak(api, unexpectedError="long")
    api.tenant.add_fault(kind="500")
    assert "An unexpected error has occurred. If the problem persists" in api.refused("GET", "/Companies/0")


def test_what_is_gone_is_a_500(api: Api) -> None:
    made = deal(api)
    said = api.refused("DELETE", f"{made.items}/987654")
    speak(api, goneOnDelete="404", goneOnUpdate="500")
    assert api.refused("DELETE", f"{made.items}/987654", status=404).startswith("No matching records found")
    assert said.startswith("No message. No matching records found. The logged in Resource may not have")
    assert "No matching records found" in api.refused("PATCH", made.items, {"id": 987654})
    assert "No matching records found" in api.refused("POST", "/Quotes/987654/Items", {})


def test_a_missing_permission_and_a_wrong_code_are_a_500(api: Api) -> None:
    api.tenant.change(permissions={"Products": ["query"]})
    speak(api, noPermission="500", wrongCode="500")
    assert "adequate permissions" in api.refused("POST", "/Products", {})
    answer = api.call("GET", "/Companies/0", headers={"ApiIntegrationCode": "WRONG"})
    assert (answer.status_code, answer.json()["errors"]) == (500, ["IntegrationCode is invalid."])


def test_the_limit_of_attachments_has_another_sentence(api: Api) -> None:
    made = deal(api)
    api.tenant.change(attachmentRateBytes=1)
    speak(api, attachmentLimit="digits")
    body = {
        "attachmentType": "FILE_ATTACHMENT",
        "title": "T",
        "fullPath": "t.txt",
        "publish": 1,
        "data": "dGV4dA==",
    }
    assert "within a 5 minute period" in api.refused(
        "POST", f"/Opportunities/{made.opportunity}/Attachments", body
    )


def test_the_payment_term_is_a_picklist_and_its_entity_is_not_there(api: Api) -> None:
    made = deal(api)
    term = fields(api, "Quotes")["paymentTerm"]
    assert (term["isReference"], term["referenceEntityType"], term["isPickList"]) == (
        True,
        "PaymentTerm",
        False,
    )
    speak(api, paymentTerm="picklist")
    term = fields(api, "Quotes")["paymentTerm"]
    assert (term["isReference"], term["isPickList"]) == (False, True)
    value = int(term["picklistValues"][0]["value"])
    api.change("/Quotes", made.quote, paymentTerm=value)
    assert "does not exist" in api.refused("PATCH", "/Quotes", {"id": made.quote, "paymentTerm": 1})
    assert api.call("POST", "/PaymentTerms/query", ALL).status_code == 404


def test_picklists_have_other_labels_and_the_same_rules(api: Api) -> None:
    made = deal(api)
    standard = api.picklist("QuoteItems", "quoteItemType")
    body = item_fields(api)
    speak(api, labels="other")
    other = api.picklist("QuoteItems", "quoteItemType")
    assert other == {LABELS.get(label, label): value for label, value in standard.items()}
    assert other != standard
    api.create(made.items, **body)


def test_new_records_have_high_ids_also_after_a_reset(api: Api) -> None:
    speak(api, ids="high")
    assert company(api) == HIGH_ID
    api.tenant.reset()
    first = company(api)
    assert (first, contact(api, first)) == (HIGH_ID, HIGH_ID)


def test_read_only_fields_are_missing_and_keys_reversed(api: Api) -> None:
    made = deal(api)
    usual = list(api.get(f"/Quotes/{made.quote}"))
    speak(api, readOnlyFields="missing", keyOrder="reversed")
    shown = list(api.get(f"/Quotes/{made.quote}"))
    assert shown == [name for name in reversed(usual) if name in shown]
    assert "id" in shown
    assert {"companyID", "quoteNumber"} & set(shown) == set()
    assert "companyID" not in fields(api, "Quotes")


def test_max_records_limits_the_whole_query(api: Api) -> None:
    body = {**ALL, "maxRecords": 2}
    assert api.call("POST", "/Roles/query", body).json()["pageDetails"]["nextPageUrl"]
    speak(api, maxRecords="total")
    assert api.call("POST", "/Roles/query", body).json()["pageDetails"]["nextPageUrl"] is None


def test_a_create_is_a_201(api: Api) -> None:
    speak(api, created="201")
    owner = api.names("Resources", "id")[0]
    body = {"companyName": "Nimbus", "companyType": 1, "phone": "1", "ownerResourceID": owner}
    assert api.call("POST", "/Companies", body).status_code == 201


@pytest.mark.parametrize(
    ("entity", "path", "field"),
    [
        ("BillingCodes", "/Services", "billingCodeID"),
        ("Companies", "/Products", "defaultVendorID"),
        ("Resources", "/Companies", "ownerResourceID"),
        ("Contacts", "/Opportunities", "contactID"),
    ],
)
def test_a_reference_to_an_inactive_record_is_refused(api: Api, entity: str, path: str, field: str) -> None:
    kinds = {
        "BillingCodes": "BillingCode",
        "Companies": "Company",
        "Resources": "Resource",
        "Contacts": "Contact",
    }
    number = api.query(entity)[-1]["id"]
    api.tenant.edit(entity, number, isActive=0 if entity == "Contacts" else False)
    sentence = f"Reference value on field: {field} of type: {kinds[entity]} does not exist or is invalid."
    assert sentence in api.refused("POST", path, {field: number})
    speak(api, inactiveReference="accepted")
    assert sentence not in api.refused("POST", path, {field: number})


def test_a_quote_may_have_a_service_at_most_twice_in_one_dialect(api: Api) -> None:
    made = deal(api)
    service = api.query("Services")[0]["id"]
    kind = next(
        int(value)
        for label, value in api.picklist("QuoteItems", "quoteItemType").items()
        if label == "Service"
    )
    body = {**item_fields(api), "productID": None, "serviceID": service, "quoteItemType": kind}
    speak(api, sameService="twice")
    first = api.create(made.items, **body)
    api.create(made.items, **body)
    assert "at most twice" in api.refused("POST", made.items, body)
    api.change(made.items, first, quantity=7)
    speak(api, sameService="any")
    api.create(made.items, **body)
