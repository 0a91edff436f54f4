"""What becomes of forms that are stale, wrong, or about something that is gone; and of an Autotask that misbehaves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from smoke.forms import Form, read_forms
from tests.support.sandbox import Tenant
from tests.support.visitor import HTMX, PAGE, SECTIONS, Visitor, errors, text
from webapp.models import Category, RemoteMetadata, TaxCode, db, utc_now
from webapp.services.autotask.connection import connection, metadata, stored_lists
from webapp.services.autotask.settings import category_mapping
from webapp.services.autotask.settings import history as settings_history
from webapp.services.autotask.settings import store as settings_store
from webapp.services.autotask.settings.choices import Choices
from webapp.services.autotask.settings.model import (
    CategoryRule,
    ItemCategoryMapping,
    QuoteStatusMapping,
    TaxCodeMapping,
)
from webapp.services.catalog import categories
from webapp.services.company import loss_reasons
from webapp.services.core.runtime import Runtime

TAXES = f"{PAGE}/tax-codes"


def test_a_category_mapped_to_a_code_that_autotask_lost(
    app: Flask, runtime: Runtime, connected: Tenant, admin: Visitor
) -> None:
    admin.save_all()
    with app.app_context():
        firewalls = _category("Hardware > Firewalls")
        code = next(c for c in metadata.reference(runtime, "BillingCodes") if c.label == "Software")
    name = f"rule-{firewalls}-billing_code_id"
    assert admin.send(admin.open_category(firewalls), {name: str(code.value)}).status_code == 303
    connected.remove("BillingCodes", code.value)
    admin.send(admin.form(PAGE, "autotask/lists"))

    page = admin.client.get(PAGE)
    assert f"#{code.value} (no longer in Autotask)" in text(page)
    assert "1 to fix" in text(page)
    refused = admin.save_integration()
    assert refused.status_code == 422
    assert "Item Category Mapping: Hardware > Firewalls: The saved value" in text(refused)
    form = admin.section("item_category")
    assert errors(admin.send(form, htmx=True)) == {
        f"item_category-{name}": f"The saved value (#{code.value}) is no longer in Autotask. Choose another."
    }
    assert admin.send(form, {name: ""}).status_code == 303
    assert admin.save_integration().status_code == 303


def test_a_tax_code_deleted_meanwhile_is_left_out_and_told(
    app: Flask, connected: Tenant, admin: Visitor
) -> None:
    admin.save_all()
    form = admin.form(TAXES, "tax-codes")
    with app.app_context():
        gone = db.session.scalar(db.select(TaxCode).filter_by(name="NY Hardware"))
        number = gone.id
        db.session.delete(gone)
        db.session.commit()
        assert number in _taxes().rules, "it is still mapped"
    assert admin.save_integration().status_code == 303, (
        "what is mapped for a deleted code stands in nobody's way"
    )
    answer = admin.send(form, {"default_region_id": ""}, htmx=True)
    assert answer.status_code == 200
    assert "A tax code was deleted while you were editing and left out. Everything else was saved." in text(
        answer
    )
    with app.app_context():
        assert number not in _taxes().rules
        assert _taxes().default_region_id is None


def test_categories_deleted_meanwhile_are_left_out_and_told(
    app: Flask, connected: Tenant, admin: Visitor
) -> None:
    with app.app_context():
        switches, networking = _category("Networking > Switches"), _category("Networking")
    form = admin.open_category(switches)
    form = admin.open_category(networking, form, {f"rule-{switches}-is_labor": "no"})
    with app.app_context():
        for path in ("Networking > Switches", "Networking"):
            categories.delete(None, db.session.get_one(Category, _category(path)))
    answer = admin.send(form, htmx=True)
    assert answer.status_code == 200
    assert "2 categories were deleted while you were editing and left out" in text(answer)


def test_a_stale_category_table_names_what_the_other_saved(
    app: Flask, connected: Tenant, admin: Visitor, second_admin: Visitor
) -> None:
    with app.app_context():
        backup, services = _category("Backup"), _category("Services")
    mine, theirs = admin.open_category(backup), second_admin.open_category(backup)
    other = admin.open_category(services)
    second_admin.send(theirs, {f"rule-{backup}-is_labor": "yes"})
    refused = admin.send(mine, {f"rule-{backup}-is_labor": "no"}, htmx=True)
    assert refused.status_code == 409
    assert "Second changed this section while you were editing." in text(refused)
    assert "Second changed this to “Labor yes”." in text(refused)
    with app.app_context():
        assert _rules()[backup].is_labor is True
    assert admin.send(other, {f"rule-{services}-is_labor": "yes"}, htmx=True).status_code == 200
    with app.app_context():
        assert (_rules()[backup].is_labor, _rules()[services].is_labor) == (True, True), "both changes stand"


def test_save_integration_tells_the_second_admin(
    app: Flask, connected: Tenant, admin: Visitor, second_admin: Visitor
) -> None:
    for name in ("company", "opportunity", "quote_status", "products_services"):
        admin.send(admin.section(name))
    stale = second_admin.form(PAGE, "autotask/save")
    admin.save_integration()
    admin.send(admin.section("opportunity"), {"probability": "33"})
    refused = second_admin.send(stale)
    assert refused.status_code == 409
    assert "Admin pressed “Save Integration” after you opened this page" in text(refused)
    with app.app_context():
        assert settings_store.active().version == 1
    assert second_admin.save_integration().status_code == 303
    with app.app_context():
        assert settings_store.active().opportunity.probability == 33


def test_ones_own_other_tab_is_called_that(connected: Tenant, admin: Visitor) -> None:
    old = admin.section("company")
    admin.send(admin.section("company"), {"update_policy": "never"})
    refused = admin.send(old, {"update_policy": "overwrite"}, htmx=True)
    assert refused.status_code == 409
    assert "You (in another tab) changed this section while you were editing." in text(refused)


@pytest.mark.both_databases
def test_a_draft_can_be_discarded(app: Flask, connected: Tenant, admin: Visitor) -> None:
    admin.send(admin.section("company"), {"bill_to_source": "shipping"})
    answer = admin.send(admin.section("company"), {"do": "discard"}, htmx=True)
    assert "Suggested from your Autotask." in text(answer), "it counts nowhere yet"
    admin.save_all()
    admin.send(admin.section("company"), {"bill_to_source": "shipping"})
    stale = admin.section("company")
    assert 'data-state="active"' in admin.send(admin.section("company"), {"do": "discard"}, htmx=True).text
    with app.app_context():
        draft = settings_store.draft("company")
        assert (draft.pending, draft.content.model_dump()["bill_to_source"]) == (False, "billing")
    assert admin.send(stale, {"do": "discard"}, htmx=True).status_code == 409


@pytest.mark.both_databases
def test_restoring_what_autotask_lacks_brings_drafts_only(
    app: Flask, runtime: Runtime, connected: Tenant, admin: Visitor
) -> None:
    admin.save_all()
    with app.app_context():
        stages = {c.label: c.value for c in metadata.picklist(runtime, "Opportunities", "stage")}
    admin.send(admin.section("opportunity"), {"stage": str(stages["Negotiation"]), "probability": "71"})
    admin.save_integration()
    admin.send(admin.section("opportunity"), {"stage": str(stages["Qualified"])})
    admin.save_integration()
    change = {"value": str(stages["Negotiation"]), "isActive": False}
    connected._ask("PATCH", "/picklists/Opportunities/stage", change)
    admin.send(admin.form(PAGE, "autotask/lists"))

    assert admin.send_and_confirm(admin.form(f"{PAGE}/history", "history/2/restore")).status_code == 303
    assert "Version 3 is still live" in text(admin.client.get(PAGE))
    with app.app_context():
        assert settings_store.active().opportunity.stage == stages["Qualified"]
        draft = settings_store.draft("opportunity")
        assert (draft.pending, draft.content.model_dump()["stage"]) == (True, stages["Negotiation"])
    assert admin.save_integration().status_code == 422


@pytest.mark.parametrize("section", ["", "tax_code", "nonsense", "..%2Fhistory"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_sections_that_do_not_exist(connected: Tenant, admin: Visitor, section: str, method: str) -> None:
    form = admin.section("company")
    answer = admin.client.open(
        f"{PAGE}/sections/{section}", method=method, data=dict(form.fields) if method == "post" else None
    )
    assert answer.status_code in (303, 404, 405)


@pytest.mark.parametrize(
    ("section", "values"),
    [
        ("company", {"company_type": "9" * 30, "match_by": "guess", "bill_to_source": "\x00moon"}),
        (
            "opportunity",
            {"probability": "٣٣", "close_date_days": "0", "amount_months": "-1", "title_pattern": "{"},
        ),
        ("quote_status", {"lost-reason": "x", "loss_reasons-1": "1e3", "accepted-probability": "50.5"}),
        ("products_services", {"markup": "fixed", "markup_percent": "NaN", "match_mpn": False}),
        ("item_category", {"rule-1-product_category": "none", "rule-1-is_labor": "maybe"}),
    ],
)
def test_wrong_values_never_break_anything(
    app: Flask, connected: Tenant, admin: Visitor, section: str, values: dict[str, str | bool]
) -> None:
    form = admin.open_category(1) if section == "item_category" else admin.section(section)
    answer = admin.send(form, {**values}, htmx=True)
    assert answer.status_code == 422
    wrong = {name for name, value in values.items() if value not in ("fixed", False)}
    assert {control.removeprefix(f"{section}-") for control in errors(answer)} == wrong
    with app.app_context():
        assert settings_store.draft(section).version == 0


@pytest.mark.parametrize("seen", ["", "-1", "one:", "9" * 40, "match_by:0 : :"])
def test_a_form_that_was_never_opened_overwrites_nothing(
    connected: Tenant, admin: Visitor, seen: str
) -> None:
    assert admin.send(admin.section("company")).status_code == 303
    fields = {**dict(admin.section("company").fields), "match_by": "name_normalized", "seen": seen}
    answer = admin.client.post(f"{PAGE}/sections/company", data=fields, headers=HTMX)
    assert answer.status_code == 409


@pytest.mark.parametrize("section", [*SECTIONS, "tax_code"])
def test_a_field_that_did_not_arrive_is_not_taken_for_a_wish(
    app: Flask, connected: Tenant, admin: Visitor, section: str
) -> None:
    admin.save_all()
    with app.app_context():
        before = settings_store.draft(section)
    form = admin.form(f"{PAGE}/tax-codes", "tax-codes") if section == "tax_code" else admin.section(section)
    fields = dict(form.fields)
    kept = ("csrf_token", "seen", *[name for name in fields if name.startswith("rule-")][:1])
    answer = admin.client.post(
        form.action, data={name: value for name, value in fields.items() if name in kept}, headers=HTMX
    )
    if section in ("item_category", "tax_code"):
        # Their forms never hold all there is: what they do not name stays.
        assert answer.status_code == 200
    else:
        assert answer.status_code == 422
        assert "Part of the form didn't arrive, so this section wasn't saved" in text(answer)
    with app.app_context():
        after = settings_store.draft(section)
        assert (after.version, after.content) == (before.version, before.content)


def test_a_loss_reason_added_meanwhile_is_left_as_it_is(
    app: Flask, connected: Tenant, admin: Visitor
) -> None:
    form = admin.section("quote_status")
    page = "/settings/loss-reasons"
    reasons = next(form for form in read_forms(admin.client.get(page).text) if "new-1" in dict(form.fields))
    assert admin.client.post(page, data={**dict(reasons.fields), "new-1": "Moved away"}).status_code == 303
    assert admin.send(form, htmx=True).status_code == 200
    with app.app_context():
        assert settings_store.draft("quote_status").version == 1


@pytest.mark.parametrize("status", ["accepted", "ordered", "fulfilled", "lost"])
def test_what_a_push_cannot_do_without_is_asked_for_here(
    connected: Tenant, admin: Visitor, status: str
) -> None:
    answer = admin.send(admin.section("quote_status"), {f"{status}-status": ""}, htmx=True)
    assert errors(answer) == {
        f"quote_status-{status}-status": "Choose a status. Won and lost quotes always update the opportunity."
    }


NO_VERSION, NO_PAGE = "There's no such version of the settings.", "This page doesn't exist"


@pytest.mark.parametrize(
    ("number", "sentence"), [("0", NO_VERSION), ("999", NO_VERSION), ("9" * 40, NO_PAGE)]
)
def test_a_version_that_never_was_cannot_be_restored(
    connected: Tenant, admin: Visitor, number: str, sentence: str
) -> None:
    admin.save_all()
    token = dict(admin.section("company").fields)["csrf_token"]
    answer = admin.client.post(f"{PAGE}/history/{number}/restore", data={"csrf_token": token})
    assert answer.status_code == 404
    assert sentence in text(answer)


def test_a_stale_history_restores_nothing(app: Flask, connected: Tenant, admin: Visitor) -> None:
    admin.save_all()
    admin.send(admin.section("opportunity"), {"probability": "35"})
    admin.save_integration()
    stale = admin.form(f"{PAGE}/history", "history/1/restore")
    admin.send(admin.section("opportunity"), {"probability": "36"})
    answer = admin.send_and_confirm(stale)
    assert answer.status_code == 409
    assert "The settings were saved after you opened the history, so nothing was restored." in text(answer)
    assert "Probability (%) : 35 → 36" in text(answer)
    with app.app_context():
        assert settings_store.active().opportunity.probability == 35
        assert settings_store.draft("opportunity").content.model_dump()["probability"] == 36
    assert admin.send_and_confirm(admin.form(f"{PAGE}/history", "history/1/restore")).status_code == 303
    with app.app_context():
        assert settings_store.active().opportunity.probability == 50


def test_the_history_is_paged(app: Flask, connected: Tenant, admin: Visitor) -> None:
    admin.save_all()
    with app.app_context():
        for number in range(2, 2 * settings_history.PAGE + 2):
            opportunity = settings_store.active().opportunity.model_copy(update={"probability": number})
            settings_store.save_draft("opportunity", opportunity, number - 1, None)
            settings_store.save_integration(None)
    first = admin.client.get(f"{PAGE}/history").text
    assert "Version 41<" in first
    assert "Version 22<" in first
    assert "Version 21<" not in first
    assert f"{PAGE}/history?before=22" in first
    second = text(admin.client.get(f"{PAGE}/history?before=22"))
    assert "Probability (%) : 20 → 21" in second
    assert " Live " not in second
    last = admin.client.get(f"{PAGE}/history?before=2").text
    assert "Version 1<" in last
    assert "Earlier versions" not in last


def test_old_lists_are_read_anew_when_the_page_is_there_and_serve_until_then(
    app: Flask, connected: Tenant, admin: Visitor
) -> None:
    assert 'hx-trigger="load, submit"' not in admin.client.get(PAGE).text
    with app.app_context():
        old = utc_now() - timedelta(hours=25)
        db.session.execute(db.update(RemoteMetadata).values(fetched_at=old))
        db.session.commit()
    calls = len(connected.calls())
    page = admin.client.get(PAGE)
    assert 'hx-trigger="load, submit"' in page.text
    assert "Customer" in admin.section("company").choices["company_type"][1][1]
    assert len(connected.calls()) == calls, "nobody waits for Autotask before the page is there"

    form = admin.form(PAGE, "autotask/lists")
    steps = 0
    while True:
        steps += 1
        answer = admin.send(form, htmx=True)
        if answer.headers.get("HX-Trigger-After-Settle"):
            break
        assert f"{steps * stored_lists.AT_ONCE} of {len(stored_lists.NAMES)}" in text(answer)
    assert answer.headers["HX-Trigger-After-Settle"] == "lists-refreshed"
    assert steps == -(-len(stored_lists.NAMES) // stored_lists.AT_ONCE)
    with app.app_context():
        assert stored_lists.due(old + timedelta(hours=1)) == []


def test_lists_that_cannot_be_read_leave_those_of_the_last_time(
    app: Flask, connected: Tenant, admin: Visitor
) -> None:
    with app.app_context():
        db.session.execute(db.update(RemoteMetadata).values(fetched_at=utc_now() - timedelta(hours=25)))
        db.session.commit()
    connected.add_fault(kind="503", times=1000)
    answer = admin.send(admin.form(PAGE, "autotask/lists"), htmx=True)
    assert answer.status_code == 200
    assert "0 of" in text(answer)
    assert "The other lists stay as they were." in text(answer)
    assert admin.section("company").choices["company_type"]


def test_a_name_that_autotask_has_twice_matches_nothing(
    app: Flask, connected: Tenant, runtime: Runtime, company: None
) -> None:
    with app.app_context():
        categories.ensure(("Care", "Servers"))
        db.session.commit()
        paths = {path: key for key, path in categories.choices()}

        def matched() -> dict[int, CategoryRule]:
            return category_mapping.match_by_name(ItemCategoryMapping(), Choices(runtime))[0].rules

        assert matched()[paths["Care > Servers"]].product_category == 4
        connected._ask("PATCH", "/picklists/Products/productCategory", {"value": "13", "isActive": True})
        connected._ask("PATCH", "/picklists/Products/productCategory", {"value": "13", "label": "Servers"})
        stored_lists.refresh(runtime, ["fields:Products"])
        assert paths["Care > Servers"] not in matched()
        assert matched()[paths["Hardware > Firewalls"]].product_category == 2


def test_before_any_list_was_read_the_page_says_so(app: Flask, connected: Tenant, admin: Visitor) -> None:
    with app.app_context():
        db.session.execute(db.delete(RemoteMetadata))
        db.session.commit()
    page = admin.client.get(PAGE)
    assert page.status_code == 200
    assert f"Reading lists from Autotask: 0 of {len(stored_lists.NAMES)}" in text(page)
    assert 'id="section-company"' not in page.text
    answer = admin.client.post(
        f"{PAGE}/sections/company", data=dict(admin.form(PAGE, "autotask/lists").fields), headers=HTMX
    )
    assert answer.status_code == 422


def test_the_key_of_the_credentials_is_gone(app: Flask, connected: Tenant, admin: Visitor) -> None:
    admin.save_all()
    with app.app_context():
        stored = connection.load()
        assert stored is not None
        stored.secret_encrypted = "gAAAAABnot-a-token-of-ours"
        db.session.commit()
    assert admin.client.get(PAGE).status_code == 200
    assert "can't be decrypted" in text(admin.client.get(f"{PAGE}/prerequisites"))
    assert admin.send(admin.section("opportunity"), {"probability": "20"}).status_code == 303


def test_loss_reasons_keep_their_mapping_when_renamed(app: Flask, connected: Tenant, admin: Visitor) -> None:
    admin.send(admin.section("quote_status"))
    page = "/settings/loss-reasons"
    form = _reasons(admin)
    values: dict[str, str | bool] = {"reason-1": "Too expensive", "reason-5": "", "new-1": "Timing"}
    assert admin.client.post(page, data=dict(form.fill(values))).status_code == 303
    with app.app_context():
        assert [(one.id, one.name) for one in loss_reasons.current()[0]] == [
            (1, "Too expensive"),
            (2, "Chose another provider"),
            (3, "No budget"),
            (4, "No decision"),
            (6, "Timing"),
        ]
        content = settings_store.draft("quote_status").content
        assert isinstance(content, QuoteStatusMapping)
        assert content.loss_reasons[1] == 1
    assert "Lost for “Too expensive”" in text(admin.client.get(PAGE))
    # Another reason in a form from before: both changes stand.
    assert admin.client.post(page, data=dict(form.fill({"reason-2": "Other"}))).status_code == 303
    with app.app_context():
        assert [one.name for one in loss_reasons.current()[0]][:2] == ["Too expensive", "Other"]
    stale = admin.client.post(page, data=dict(form.fill({"reason-1": "Cost"})))
    assert stale.status_code == 409
    assert "changed this to “Too expensive”. You entered “Cost”." in text(stale)
    again = next(form for form in read_forms(stale.text) if "reason-1" in form.names())
    assert dict(again.fields)["reason-1"] == "Cost"
    answer = admin.client.post(page, data=dict(_reasons(admin).fill({"new-1": "no BUDGET"})))
    assert answer.status_code == 422
    assert "is already in the list" in text(answer)


def _reasons(admin: Visitor) -> Form:
    forms = read_forms(admin.client.get("/settings/loss-reasons").text)
    return next(form for form in forms if "reason-1" in form.names())


def _category(path: str) -> int:
    return next(key for key, known in categories.choices() if known == path)


def _rules() -> dict[int, CategoryRule]:
    content = settings_store.draft("item_category").content
    assert isinstance(content, ItemCategoryMapping)
    return content.rules


def _taxes() -> TaxCodeMapping:
    content = settings_store.draft("tax_code").content
    assert isinstance(content, TaxCodeMapping)
    return content


def test_five_hundred_categories_are_as_many_lines_without_fields(
    app: Flask, connected: Tenant, admin: Visitor
) -> None:
    with app.app_context():
        for group in range(50):
            for sub in range(9):
                categories.ensure((f"Group {group:02d}", f"Sub {sub}"))
        db.session.commit()
        last, first = _category("Group 49 > Sub 8"), _category("Group 00")
    admin.send(admin.section("item_category"))
    page = admin.client.get(f"{PAGE}/sections/item_category", headers=HTMX).text
    assert page.count('class="category-row') == 508
    assert "<select" not in page
    form = admin.open_category(first)
    assert category_mapping.posted_ids(form.names()) == [first]
    form = admin.open_category(last, form, {f"rule-{first}-is_labor": "yes"})
    assert set(category_mapping.posted_ids(form.names())) == {first, last}, "the change is carried"
    found = admin.client.post(
        form.action, data=dict([*form.fields, ("q", "group 49"), ("unmapped_only", "y"), ("do", "search")])
    )
    assert found.text.count('class="category-row') == 10
    assert admin.send(form, {f"rule-{last}-is_labor": "no"}).status_code == 303
    with app.app_context():
        assert (_rules()[first].is_labor, _rules()[last].is_labor) == (True, False)


def test_a_button_of_a_row_answers_with_its_group_and_the_one_that_was_open(
    app: Flask, connected: Tenant, admin: Visitor
) -> None:
    admin.send(admin.section("item_category"))
    with app.app_context():
        hardware, services = _category("Hardware"), _category("Services")
    address, token = f"{PAGE}/categories", dict(admin.section("item_category").fields)["csrf_token"]

    def press(do: str, **typed: str) -> str:
        data = {"csrf_token": token, "do": do, **typed}
        answer = admin.client.post(address, data=data, headers=HTMX)
        assert answer.status_code == 200
        return answer.text

    opened = press(f"edit-{hardware}")
    assert opened.count('class="category-group"') == 1
    typed = {f"rule-{hardware}-is_labor": "yes", "open": str(hardware)}
    other = press(f"edit-{services}", **typed)
    assert other.count('class="category-group"') == 2
    assert other.count('hx-swap-oob="true"') == 1
    assert f'name="rule-{hardware}-is_labor" value="yes"' in other
    assert "Labor lines" in other
    canceled = press(f"cancel-{hardware}", **typed)
    assert f"rule-{hardware}-" not in canceled
    assert "Changed" not in canceled


def test_rows_that_no_longer_fit_the_filter_keep_their_changes(
    app: Flask, connected: Tenant, admin: Visitor
) -> None:
    with app.app_context():
        firewalls, laptops = _category("Hardware > Firewalls"), _category("Hardware > Laptops")
    form = admin.section("item_category")
    mapped = [name for name in form.names() if name.startswith("rule-")]
    admin.send(form, dict.fromkeys(mapped, ""))
    data = {**dict(admin.section("item_category").fields), "unmapped_only": "y"}

    def press(do: str, **typed: str) -> str:
        sent = {**data, **typed, "do": do}
        return admin.client.post(f"{PAGE}/categories", data=sent, headers=HTMX).text

    change = f'name="rule-{firewalls}-is_labor" value="yes"'
    done = press(f"done-{firewalls}", open=str(firewalls), **{f"rule-{firewalls}-is_labor": "yes"})
    assert "Labor lines" in done, "the row stays in view"
    assert done.count(change) == 1
    carried = 'id="item_category-carried" hx-swap-oob'
    assert change not in done.partition(carried)[2]
    for other in (laptops, _of(app, "Backup")):
        opened = press(f"edit-{other}", **{f"rule-{firewalls}-is_labor": "yes"})
        assert change in opened.partition(carried)[2], "a row that isn't drawn again keeps its change"
        assert f"rule-{firewalls}-is_labor:" in opened.partition(carried)[2], "and what it was opened with"


def _of(app: Flask, path: str) -> int:
    with app.app_context():
        return _category(path)
