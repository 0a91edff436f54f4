"""The sections of the Autotask settings over plain HTTP: drafts, refusals, Save Integration."""

from __future__ import annotations

import pytest
from flask import Flask

from smoke.forms import read_forms
from tests.support.sandbox import Tenant
from tests.support.visitor import PAGE, SECTIONS, Visitor, errors, text
from webapp.models import DiaryEntry, db
from webapp.services.autotask.settings import store as settings_store
from webapp.services.catalog import categories


@pytest.mark.both_databases
def test_saving_each_section_and_the_integration_makes_the_suggestions_count(
    app: Flask, connected: Tenant, admin: Visitor
) -> None:
    assert admin.save_all().status_code == 303

    with app.app_context():
        counting = settings_store.active()
        labels = {
            entity: {one["label"]: int(one["value"]) for one in _picklist(connected, entity, field)}
            for entity, field in (("Companies", "companyType"), ("Opportunities", "status"))
        }
        assert counting.version == 1
        assert counting.company.company_type == labels["Companies"]["Customer"]
        assert counting.opportunity.status == labels["Opportunities"]["Active"]
        assert counting.quote_status.lost.status == labels["Opportunities"]["Lost"]
        assert counting.quote_status.accepted.probability == 100
        assert counting.products_services.product_billing_code_id is not None
        assert counting.tax_code.rules
        saved = db.session.scalars(db.select(DiaryEntry).filter_by(action="autotask.settings_saved")).all()
        assert len(saved) == 1
        assert {
            "where": "company.company_type",
            "before": None,
            "after": counting.company.company_type,
        } in saved[0].detail["changes"]


def test_a_draft_does_not_count_until_the_integration_is_saved(
    app: Flask, connected: Tenant, admin: Visitor
) -> None:
    admin.save_all()
    answer = admin.send(admin.section("opportunity"), {"probability": "35"}, htmx=True)
    assert answer.status_code == 200
    assert 'data-state="draft"' in answer.text
    with app.app_context():
        assert settings_store.active().opportunity.probability == 50

    admin.save_integration()
    with app.app_context():
        assert settings_store.active().opportunity.probability == 35
        assert settings_store.active().version == 2


def test_save_integration_names_the_sections_that_were_never_saved(connected: Tenant, admin: Visitor) -> None:
    admin.send(admin.section("company"))
    answer = admin.save_integration()
    assert answer.status_code == 422
    assert "Opportunity Settings: review and save" in text(answer)
    assert "Company Settings: review and save" not in text(answer)


def test_without_javascript_all_suggestions_are_taken_over_with_one_button(
    app: Flask, connected: Tenant, admin: Visitor
) -> None:
    admin.send(admin.section("opportunity"), {"probability": "35"})
    answer = admin.save_integration()
    form = next(form for form in read_forms(answer.text) if dict(form.fields).get("suggestions"))
    assert admin.send(form).status_code == 303
    page = text(admin.client.get(PAGE))
    assert "Saved. Version 1 is now live." in page
    assert "Still unmapped: 4 tax codes (quotes taxed with them can't sync)" in page
    with app.app_context():
        counting = settings_store.active()
        assert (counting.version, counting.opportunity.probability) == (1, 35)
        assert counting.company.company_type is not None
        assert counting.quote_status.accepted.status is not None
        assert counting.item_category.rules


def test_a_suggestion_that_lacks_something_is_not_taken_over(
    app: Flask, connected: Tenant, admin: Visitor
) -> None:
    for value in ("2", "3", "4"):
        connected._ask("PATCH", "/picklists/Opportunities/status", {"value": value, "isActive": False})
    admin.send(admin.form(PAGE, "autotask/lists"))
    form = next(
        form for form in read_forms(admin.save_integration().text) if dict(form.fields).get("suggestions")
    )
    answer = admin.send(form)
    assert answer.status_code == 422
    assert "Quote Status Mapping: review and save this section first." in text(answer)
    assert "Company Settings: review and save" not in text(answer)
    with app.app_context():
        assert settings_store.active().version == 0


@pytest.mark.parametrize("htmx", [True, False])
def test_wrong_values_are_told_at_their_fields_and_stay_in_the_form(
    app: Flask, connected: Tenant, admin: Visitor, htmx: bool
) -> None:
    form = admin.section("opportunity")
    wrong: dict[str, str | bool] = {
        "probability": "101",
        "close_date_days": "",
        "title_pattern": "{customer}",
        "stage": "29681 or 1=1",
        "status": "987654",
    }
    answer = admin.send(form, wrong, htmx=htmx)
    assert answer.status_code == 422
    assert set(errors(answer)) == {f"opportunity-{name}" for name in wrong}
    assert 'value="101"' in answer.text
    assert 'value="{customer}"' in answer.text
    with app.app_context():
        assert settings_store.draft("opportunity").version == 0


@pytest.mark.both_databases
def test_two_admins_the_second_sees_both_values_and_chooses(
    app: Flask, connected: Tenant, admin: Visitor, second_admin: Visitor
) -> None:
    assert admin.send(admin.section("company")).status_code == 303
    mine, theirs = admin.section("company"), second_admin.section("company")
    entered = {"match_by": "name_normalized", "update_policy": "overwrite"}
    assert second_admin.send(theirs, {**entered}, htmx=True).status_code == 200

    refused = admin.send(mine, {"also_phone": True, "update_policy": "never"}, htmx=True)
    assert refused.status_code == 409
    assert "Second changed this to “Always overwrite”. Keep theirs Use mine" in text(refused)
    with app.app_context():
        assert settings_store.draft("company").content.model_dump()["update_policy"] == "overwrite"

    form = next(one for one in read_forms(refused.text) if "match_by" in one.names())
    assert admin.send(form, htmx=True).status_code == 409, "sent as it is, it asks once more"
    fields = {**dict(form.fields), "use_mine": "update_policy"}
    again = admin.client.post(form.action, data=fields, headers={"HX-Request": "true"})
    assert again.status_code == 200
    with app.app_context():
        content = settings_store.draft("company").content.model_dump()
        assert (content["also_phone"], content["match_by"]) == (True, "name_normalized")
        assert content["update_policy"] == "never"


def test_two_admins_who_change_different_fields_both_keep_theirs(
    app: Flask, connected: Tenant, admin: Visitor, second_admin: Visitor
) -> None:
    assert admin.send(admin.section("company")).status_code == 303
    mine, theirs = admin.section("company"), second_admin.section("company")
    assert second_admin.send(theirs, {"match_by": "name_normalized"}, htmx=True).status_code == 200
    assert admin.send(mine, {"also_phone": True}, htmx=True).status_code == 200
    with app.app_context():
        content = settings_store.draft("company").content.model_dump()
        assert (content["also_phone"], content["match_by"]) == (True, "name_normalized")


def test_a_value_that_became_inactive_is_named_and_stops_save_integration(
    app: Flask, connected: Tenant, admin: Visitor
) -> None:
    admin.save_all()
    stage = next(
        value for value, label in admin.section("opportunity").choices["stage"] if label == "Qualified"
    )
    admin.send(admin.section("opportunity"), {"stage": stage})
    _deactivate(connected, "Opportunities", "stage", stage)
    admin.send(admin.form(PAGE, "autotask/lists"))

    page = admin.client.get(PAGE)
    assert "“Qualified” is inactive in Autotask." in text(page)
    answer = admin.save_integration()
    assert answer.status_code == 422
    assert "Opportunity Settings: “Qualified” is inactive" in text(answer)


def test_history_tells_before_and_after_and_restores(app: Flask, connected: Tenant, admin: Visitor) -> None:
    admin.save_all()
    admin.send(admin.section("opportunity"), {"probability": "35"})
    admin.save_integration()
    history = f"{PAGE}/history"
    assert "Probability (%) : 50 → 35" in text(admin.client.get(history))

    assert admin.send_and_confirm(admin.form(history, "history/1/restore")).status_code == 303
    with app.app_context():
        assert settings_store.active().version == 3
        assert settings_store.active().opportunity.probability == 50
        assert settings_store.draft("opportunity").pending is False


def test_the_page_survives_an_autotask_that_is_down(connected: Tenant, admin: Visitor) -> None:
    admin.save_all()
    connected.add_fault(kind="503", times=1000)
    page = admin.client.get(PAGE)
    assert page.status_code == 200
    assert all(f'id="section-{name}"' in page.text for name in SECTIONS)
    assert admin.send(admin.section("opportunity"), {"probability": "20"}).status_code == 303
    assert admin.save_integration().status_code == 303


@pytest.mark.parametrize("address", [PAGE, f"{PAGE}/tax-codes", "/settings/users", "/settings/integrations/"])
def test_a_rep_may_not_enter(app: Flask, company: None, address: str) -> None:
    rep = Visitor(app.test_client()).sign_in("rep@demo.example", "four plain words here")
    assert rep.client.get(address).status_code == 403


def test_new_categories_are_counted_in_the_menus(app: Flask, connected: Tenant, admin: Visitor) -> None:
    admin.save_all()
    assert "2 unmapped" in text(admin.client.get(PAGE)), "Services and its Onsite Labor"
    with app.app_context():
        categories.ensure(("Printers",))
        db.session.commit()
    assert "Item Category Mapping (live) 3 unmapped" in text(admin.client.get(PAGE))
    assert "4 unmapped" in text(admin.client.get("/settings/")), "and a tax code"


def _picklist(tenant: Tenant, entity: str, field: str) -> list[dict[str, str]]:
    fields = tenant.get(f"/v1.0/{entity}/entityInformation/fields")["fields"]
    found: list[dict[str, str]] = next(one["picklistValues"] for one in fields if one["name"] == field)
    return found


def _deactivate(tenant: Tenant, entity: str, field: str, value: str) -> None:
    tenant._ask("PATCH", f"/picklists/{entity}/{field}", {"value": value, "isActive": False})
