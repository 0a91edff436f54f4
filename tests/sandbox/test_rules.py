"""The rules: what Autotask refuses, and what it brings up to date by itself."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.rest_api import (
    Api,
    attachment,
    company,
    contact,
    deal,
    item_fields,
    opportunity,
    quote_fields,
)

REFERENCES = [
    ("/Companies", "ownerResourceID", "Resources"),
    ("/Companies", "taxRegionID", "TaxRegions"),
    ("/Companies", "parentCompanyID", "Companies"),
    ("/Products", "productBillingCodeID", "BillingCodes"),
    ("/Products", "defaultVendorID", "Companies"),
    ("/Services", "billingCodeID", "BillingCodes"),
]


@pytest.mark.parametrize(("path", "field", "entity"), REFERENCES)
def test_a_reference_must_exist(api: Api, path: str, field: str, entity: str) -> None:
    wanted = f"Unable to find {entity} 987654 named by the field {field}."
    assert wanted in api.refused("POST", path, {field: 987654})


def test_a_quotes_references_must_exist(api: Api) -> None:
    made = deal(api)
    for field in ("opportunityID", "billToLocationID", "taxRegionID", "contactID", "quoteTemplateID"):
        body = {**quote_fields(made.opportunity, made.location), field: 987654}
        assert f"987654 named by the field {field}." in api.refused("POST", "/Quotes", body)


def test_a_value_that_a_picklist_does_not_have_is_refused(api: Api) -> None:
    refusal = api.refused("PATCH", "/Companies", {"id": 175, "companyType": 99})
    assert refusal == "Value 99 does not exist for the field companyType."


def test_an_inactive_value_is_refused_but_one_that_is_there_already_may_stay(api: Api) -> None:
    body = {"companyName": "Ended", "companyType": 4, "phone": "1", "ownerResourceID": 29682880}
    sentence = "The value 4 of the field companyType is inactive and cannot be used."
    assert api.refused("POST", "/Companies", body) == sentence
    number = company(api, companyType=3)
    api.tenant._ask("PATCH", "/picklists/Companies/companyType", {"value": "3", "isActive": False})
    api.change("/Companies", number, phone="2", companyType=3)
    assert "is inactive" in api.refused("PATCH", "/Companies", {"id": 175, "companyType": 3})


def test_picklists_can_be_extended_and_cut_behind_the_callers_back(api: Api) -> None:
    path = "/picklists/Opportunities/stage"
    api.tenant._ask("PATCH", path, {"value": "777", "label": "Waiting for the Board"})
    assert api.picklist("Opportunities", "stage")["Waiting for the Board"] == 777
    opportunity(api, company(api), stage=777)
    api.tenant._ask("PATCH", path, {"value": "777", "remove": True})
    assert "Waiting for the Board" not in api.picklist("Opportunities", "stage")


def test_text_has_its_length(api: Api) -> None:
    made = deal(api)
    body = {**quote_fields(made.opportunity, made.location), "name": "x" * 101}
    sentence = "The name field exceeds its maximum length of 100 characters."
    assert api.refused("POST", "/Quotes", body) == sentence


@pytest.mark.parametrize(
    "kind", ["Product", "Cost", "Labor", "Expense", "Shipping", "Service", "Service Bundle"]
)
def test_an_item_of_each_kind_names_its_own_reference(api: Api, kind: str) -> None:
    made = deal(api)
    body = item_fields(api, kind)
    item = api.get(f"{made.items}/{api.create(made.items, **body)}")
    assert {name: item[name] for name in body} == body
    assert item["quoteID"] == made.quote


def test_an_item_names_exactly_one_reference_and_that_of_its_type(api: Api) -> None:
    made = deal(api)
    body = item_fields(api)
    two = {**body, "laborID": item_fields(api, "Labor")["laborID"]}
    none = {**body, "productID": None}
    other = {**item_fields(api, "Service"), "quoteItemType": body["quoteItemType"]}
    for wrong in (two, none):
        assert "Exactly one of productID, chargeID, laborID" in api.refused("POST", made.items, wrong)
    assert "does not agree with the field serviceID" in api.refused("POST", made.items, other)


def test_a_discount_item_names_no_reference(api: Api) -> None:
    made = deal(api)
    kind = api.picklist("QuoteItems", "quoteItemType")["Discount"]
    body = {**item_fields(api), "quoteItemType": kind, "unitPrice": 0, "lineDiscount": 5}
    assert "must not name" in api.refused("POST", made.items, body)
    api.create(made.items, **{**body, "productID": None})


def test_an_item_has_at_most_one_kind_of_discount_and_none_is_null(api: Api) -> None:
    made = deal(api)
    body = item_fields(api)
    for one in ("unitDiscount", "percentageDiscount", "lineDiscount"):
        api.create(made.items, **{**body, one: 5})
        null = api.refused("POST", made.items, {**body, one: None})
        assert null == f"Missing Required Field: {one}."
        assert "negative" in api.refused("POST", made.items, {**body, one: -1})
    both = api.refused("POST", made.items, {**body, "unitDiscount": 1, "lineDiscount": 1})
    assert both.startswith("Only one of unitDiscount, percentageDiscount and lineDiscount")
    assert "exceed 100" in api.refused("POST", made.items, {**body, "percentageDiscount": 101})


def test_a_change_may_not_add_a_second_discount(api: Api) -> None:
    made = deal(api)
    number = api.create(made.items, **item_fields(api, unitDiscount=5))
    assert "Only one of" in api.refused("PATCH", made.items, {"id": number, "lineDiscount": 1})
    api.change(made.items, number, unitDiscount=0, lineDiscount=1)


@pytest.mark.parametrize("missing", ["null", "absent"])
def test_a_missing_sort_order_breaks_a_create_without_a_reason(api: Api, missing: str) -> None:
    made = deal(api)
    body: dict[str, Any] = {**item_fields(api), "sortOrderID": None}
    if missing == "absent":
        del body["sortOrderID"]
    answer = api.call("POST", made.items, body)
    assert answer.status_code == 500
    assert answer.json()["errorId"] == 57492
    assert "sortOrderID" not in answer.text
    assert not api.call("GET", made.items).json()["items"]


def test_the_sort_order_is_no_required_field_by_what_the_api_says(api: Api) -> None:
    fields = api.call("GET", "/QuoteItems/entityInformation/fields").json()["fields"]
    assert not next(one for one in fields if one["name"] == "sortOrderID")["isRequired"]


def test_the_name_of_a_service_is_unique(api: Api) -> None:
    body = {"name": "Watching", "billingCodeID": 29682705, "periodType": 2, "unitPrice": 5}
    number = api.create("/Services", **body)
    refusal = api.refused("POST", "/Services", {**body, "name": "WATCHING"})
    assert refusal.startswith("Violation of UNIQUE KEY constraint 'IX_service'.")
    api.change("/Services", number, name="Watching", unitPrice=6)
    other = api.create("/Services", **{**body, "name": "Guarding"})
    assert "IX_service" in api.refused("PATCH", "/Services", {"id": other, "name": "Watching"})


def test_a_quote_needs_its_three_locations_and_its_opportunity(api: Api) -> None:
    made = deal(api)
    whole = quote_fields(made.opportunity, made.location)
    for name in ("billToLocationID", "shipToLocationID", "soldToLocationID", "opportunityID"):
        body = {key: value for key, value in whole.items() if key != name}
        assert api.refused("POST", "/Quotes", body) == f"Missing Required Field: {name}."


def test_a_quote_belongs_to_the_company_of_its_opportunity(api: Api) -> None:
    made = deal(api)
    quote = api.get(f"/Quotes/{made.quote}")
    assert quote["companyID"] == made.company
    assert quote["quoteNumber"] == made.quote
    stranger = contact(api, company(api))
    refusal = api.refused("PATCH", "/Quotes", {"id": made.quote, "contactID": stranger})
    assert refusal == "The contact does not belong to the company of the quote."
    api.change("/Quotes", made.quote, contactID=made.contact)
    other = opportunity(api, company(api))
    assert "cannot be changed" in api.refused("PATCH", "/Quotes", {"id": made.quote, "opportunityID": other})
    wrong = {"id": made.quote, "expirationDate": "2020-01-01"}
    assert "must not lie before" in api.refused("PATCH", "/Quotes", wrong)


def test_of_several_quotes_exactly_one_is_primary(api: Api) -> None:
    made = deal(api)
    second = api.create("/Quotes", **quote_fields(made.opportunity, made.location))
    third = api.create("/Quotes", **quote_fields(made.opportunity, made.location, primaryQuote=True))

    def primary() -> list[int]:
        of_deal = {"op": "eq", "field": "opportunityID", "value": made.opportunity}
        return [row["id"] for row in api.query("Quotes", of_deal) if row["primaryQuote"]]

    assert primary() == [third]
    api.change("/Quotes", second, primaryQuote=True)
    assert primary() == [second]
    refusal = api.refused("PATCH", "/Quotes", {"id": second, "primaryQuote": False})
    assert "must have one primary quote" in refusal
    assert primary() == [second]


def test_a_contact_belongs_to_one_company(api: Api) -> None:
    made = deal(api)
    wrong = {"id": made.contact, "companyID": 175}
    assert "does not agree" in api.refused("PATCH", f"/Companies/{made.company}/Contacts", wrong)
    api.refused("PATCH", "/Companies/175/Contacts", {"id": made.contact, "lastName": "X"}, 404)
    refusal = api.refused("PATCH", "/Opportunities", {"id": made.opportunity, "contactID": 30682000})
    assert refusal == "The contact does not belong to the company of the opportunity."


def test_an_opportunity_has_a_probability_of_at_most_100(api: Api) -> None:
    made = deal(api)
    for wrong in (-1, 101):
        refusal = api.refused("PATCH", "/Opportunities", {"id": made.opportunity, "probability": wrong})
        assert "between 0 and 100" in refusal


def amounts(api: Api, number: int) -> dict[str, Any]:
    record = api.get(f"/Opportunities/{number}")
    names = (
        "amount",
        "cost",
        "onetimeRevenue",
        "onetimeCost",
        "monthlyRevenue",
        "monthlyCost",
        "yearlyRevenue",
    )
    return {name: record[name] for name in names}


def test_amounts_stay_without_quote_totals(api: Api) -> None:
    made = deal(api, useQuoteTotals=False, amount=100, cost=60)
    api.create(made.items, **item_fields(api, unitPrice=7))
    assert (amounts(api, made.opportunity)["amount"], amounts(api, made.opportunity)["cost"]) == (100, 60)


def test_amounts_follow_the_primary_quote_with_quote_totals(api: Api) -> None:
    made = deal(api, useQuoteTotals=True)
    periods = api.picklist("QuoteItems", "periodType")
    once = api.create(made.items, **item_fields(api, quantity=3, unitPrice=10, unitCost=4, unitDiscount=1))
    monthly = item_fields(api, "Service", quantity=2, unitPrice=50, unitCost=20, percentageDiscount=10)
    api.create(made.items, **{**monthly, "periodType": periods["Monthly"], "sortOrderID": 2})
    yearly = item_fields(api, unitPrice=500, unitCost=1, lineDiscount=100, periodType=periods["Yearly"])
    api.create(made.items, **yearly)
    api.create(made.items, **item_fields(api, unitPrice=9999, isOptional=True))
    assert amounts(api, made.opportunity) == {
        "amount": 517,
        "cost": 53,
        "onetimeRevenue": 27,
        "onetimeCost": 12,
        "monthlyRevenue": 90,
        "monthlyCost": 40,
        "yearlyRevenue": 400,
    }
    api.call("DELETE", f"{made.items}/{once}")
    assert amounts(api, made.opportunity)["onetimeRevenue"] == 0
    second = api.create("/Quotes", **quote_fields(made.opportunity, made.location))
    api.create(f"/Quotes/{second}/Items", **item_fields(api, unitPrice=5))
    assert amounts(api, made.opportunity)["amount"] == 490
    api.change("/Quotes", second, primaryQuote=True)
    assert amounts(api, made.opportunity)["amount"] == 5


def test_turning_quote_totals_on_takes_the_amounts_over(api: Api) -> None:
    made = deal(api, useQuoteTotals=False, amount=100)
    api.create(made.items, **item_fields(api, unitPrice=7))
    api.change("/Opportunities", made.opportunity, useQuoteTotals=True)
    assert amounts(api, made.opportunity)["amount"] == 7


def test_an_items_tax_follows_the_quotes_region(api: Api) -> None:
    made = deal(api)
    goods, services = api.names("TaxCategories", "id")[0], api.names("TaxCategories", "id")[2]
    region = api.names("TaxRegions", "id")
    taxed = api.create(made.items, **item_fields(api, unitPrice=100, lineDiscount=1, taxCategoryID=goods))
    free = api.create(made.items, **item_fields(api, taxCategoryID=goods, isTaxable=False))
    service = api.create(made.items, **item_fields(api, taxCategoryID=services))

    def taxes() -> list[Any]:
        return [api.get(f"/QuoteItems/{number}")["totalEffectiveTax"] for number in (taxed, free, service)]

    assert taxes() == [0, 0, 0]
    api.change("/Quotes", made.quote, taxRegionID=region[0])
    assert taxes() == [8.79, 0, 8.88]  # 4 % + 4.875 % of 99; 8.875 % of 100
    api.change("/Quotes", made.quote, taxRegionID=region[1])
    assert taxes() == [7.18, 0, 0]  # California taxes no services


def test_attachments_are_made_and_deleted_below_an_opportunity(api: Api) -> None:
    path = f"/Opportunities/{deal(api).opportunity}/Attachments"
    assert api.refused("POST", path, {**attachment(b"x"), "data": None}) == "Missing Required Field: data."
    assert "not valid base64" in api.refused("POST", path, {**attachment(b"x"), "data": "%%%"})
    assert "publish" in api.refused("POST", path, {**attachment(b"x"), "publish": 99})
    link = api.create(path, **attachment(b"", attachmentType="URL", fullPath="https://example.com"))
    number = api.create(path, **attachment(b"x"))
    assert api.get(f"{path}/{number}")["contentType"] == "application/pdf"
    assert api.call("DELETE", f"{path}/{number}").json() == {"itemId": number}
    assert [row["id"] for row in api.call("GET", path).json()["items"]] == [link]


def test_a_record_that_others_name_is_not_deleted(api: Api) -> None:
    made = deal(api)
    api.change("/Opportunities", made.opportunity, contactID=made.contact)
    path = f"/Companies/{made.company}/Contacts/{made.contact}"
    sentence = f"Contact {made.contact} cannot be deleted: 1 Opportunities name it in contactID."
    assert api.refused("DELETE", path) == sentence
    api.change("/Opportunities", made.opportunity, contactID=None)
    assert api.call("DELETE", path).status_code == 200


def test_what_a_person_deletes_goes_with_what_is_below_it(api: Api) -> None:
    made = deal(api)
    api.create(made.items, **item_fields(api))
    second = api.create("/Quotes", **quote_fields(made.opportunity, made.location))
    api.tenant.remove("Quotes", made.quote)
    assert api.query("QuoteItems", {"op": "eq", "field": "quoteID", "value": made.quote}) == []
    assert api.get(f"/Quotes/{second}")["primaryQuote"] is True


def test_a_quote_whose_opportunity_a_person_deleted_is_refused_with_a_sentence(api: Api) -> None:
    made = deal(api)
    api.tenant.remove("Opportunities", made.opportunity)
    sentence = f"Unable to find Opportunities {made.opportunity} named by the field opportunityID."
    assert api.refused("PATCH", "/Quotes", {"id": made.quote, "name": "Orphan"}) == sentence


def test_an_id_is_not_given_twice(api: Api) -> None:
    made = deal(api)
    first = api.create(made.items, **item_fields(api))
    api.call("DELETE", f"{made.items}/{first}")
    assert api.create(made.items, **item_fields(api)) > first
