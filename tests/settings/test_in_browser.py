"""The settings of Autotask as admins use them, in a real Chromium."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Dialog, Locator, Page, Route, expect

from tests.settings.conftest import PASSWORD
from tests.support.browser import accessibility_violations
from tests.support.browser import sign_in as sign_in_on_page
from tests.support.sandbox import Tenant
from tests.support.visitor import PAGE, SECTIONS
from webapp.models import Link, db
from webapp.services.autotask.settings import store as settings_store
from webapp.services.autotask.settings.model import ItemCategoryMapping
from webapp.services.catalog import categories

Enter = Callable[..., Page]
Contexts = Callable[..., BrowserContext]

TITLES = {
    "company": "Company Settings",
    "opportunity": "Opportunity Settings",
    "quote_status": "Quote Status Mapping",
    "products_services": "Products and Services Settings",
    "item_category": "Item Category Mapping",
}
# One control of each section, and what is chosen there.
CHANGES = {
    "company": ("Match an existing company when", "name_normalized", "match_by"),
    "opportunity": ("Purchase order number", "none", "purchase_order"),
    "products_services": ("When a line matches nothing in Autotask", "stop", "when_unmatched"),
}


def section(page: Page, name: str) -> Locator:
    return page.locator(f"#section-{name}")


def save(page: Page, name: str) -> None:
    section(page, name).get_by_role("button", name=f"Save {TITLES[name]}", exact=True).click()


def is_draft(page: Page, name: str) -> None:
    expect(section(page, name)).to_have_attribute("data-state", "draft")


@pytest.mark.parametrize("name", CHANGES)
def test_a_section_is_marked_and_saves_itself(app: Flask, screen: Page, name: str) -> None:
    label, value, field = CHANGES[name]
    screen.evaluate("window.sameDocument = true")
    mark = section(screen, name).get_by_text("Unsaved changes")
    expect(mark).to_be_hidden()
    section(screen, name).get_by_label(label, exact=True).select_option(value)
    expect(mark).to_be_visible()
    expect(screen.locator("#save-bar-text")).to_contain_text("1 section has unsaved changes")
    expect(screen.locator(f"[data-contents={name}]")).to_have_attribute("data-unsaved", "")

    save(screen, name)
    is_draft(screen, name)
    expect(section(screen, name).get_by_text("Unsaved changes")).to_be_hidden()
    expect(section(screen, name).get_by_label(label, exact=True)).to_have_value(value)
    assert screen.evaluate("window.sameDocument"), "the page was loaded anew"
    with app.app_context():
        assert getattr(settings_store.draft(name).content, field) == value
        assert settings_store.active().version == 0


def test_the_status_mapping_maps_statuses_and_loss_reasons(app: Flask, screen: Page) -> None:
    mapping = section(screen, "quote_status")
    mapping.get_by_label("Lost: loss reason").select_option(label="No Decision")
    mapping.get_by_label("Lost for “Price”").select_option(label="Competitor")
    mapping.get_by_label("Expired: set the closed date").check()
    mapping.get_by_label("Pending: probability (%)").fill("101")
    save(screen, "quote_status")
    wrong = mapping.get_by_label("Pending: probability (%)")
    expect(wrong).to_be_focused()
    expect(wrong).to_have_attribute("aria-invalid", "true")
    expect(mapping.locator(f"#{wrong.get_attribute('aria-describedby')}")).to_have_text(
        "Enter a whole number between 0 and 100."
    )
    wrong.fill("20")
    save(screen, "quote_status")
    is_draft(screen, "quote_status")
    with app.app_context():
        content = settings_store.drafts()["quote_status"].content.model_dump()
        assert (content["lost"]["reason"], content["loss_reasons"][1]) == (4, 2)
        assert (content["expired"]["set_closed_date"], content["pending"]["probability"]) == (True, 20)


def edit(mapping: Locator, path: str) -> None:
    """Open the row of a category."""
    mapping.get_by_role("button", name=f"Edit {path}", exact=True).click()


def test_categories_inherit_in_place_and_labor_asks_for_a_role(app: Flask, screen: Page) -> None:
    mapping = section(screen, "item_category")
    edit(mapping, "Services")
    expect(mapping.get_by_label("Autotask product category of Services", exact=True)).to_be_focused()
    mapping.get_by_label("Labor of Services", exact=True).select_option("yes")
    role = mapping.get_by_label("Labor role of Services", exact=True)
    expect(role).to_be_visible()
    role.select_option(label="Senior Engineer")
    edit(mapping, "Services > Onsite Labor")
    expect(role).to_have_count(0)
    services = mapping.get_by_role("group", name="Services", exact=True)
    expect(services).to_contain_text("Labor lines")
    expect(services).to_contain_text("role Senior Engineer")
    below = mapping.get_by_label("Labor role of Services > Onsite Labor")
    expect(below).to_be_visible()
    expect(below.locator("option").first).to_have_text("Inherited: Senior Engineer")
    expect(mapping.get_by_label("Labor of Services > Onsite Labor").locator("option").first).to_have_text(
        "Inherited: Yes"
    )
    assert accessibility_violations(screen) == []
    screen.keyboard.press("Escape")
    expect(mapping.get_by_role("button", name="Edit Services > Onsite Labor")).to_be_focused()
    expect(mapping.get_by_role("group", name="Onsite Labor", exact=True)).to_contain_text("Same as Services")
    edit(mapping, "Hardware")
    billing_code = mapping.get_by_label("Product billing code of Hardware", exact=True)
    billing_code.select_option(label="Software")
    billing_code.press("Enter")
    expect(mapping.get_by_role("group", name="Hardware", exact=True)).to_contain_text(
        "products bill as Software"
    )
    save(screen, "item_category")
    is_draft(screen, "item_category")
    with app.app_context():
        content = settings_store.draft("item_category").content
        assert isinstance(content, ItemCategoryMapping)
        paths = dict(categories.choices())
        rules = {paths[key]: rule for key, rule in content.rules.items()}
        assert rules["Services"].is_labor is True
        assert rules["Hardware"].billing_code_id is not None
        assert rules["Hardware > Firewalls"].billing_code_id is None


def test_controls_that_mean_nothing_are_hidden_until_they_do(screen: Page) -> None:
    products = section(screen, "products_services")
    percent = products.get_by_label("Markup (%)")
    expect(percent).to_be_hidden()
    products.get_by_label("Markup of new products and services").select_option("fixed")
    expect(percent).to_be_visible()
    save(screen, "products_services")
    expect(percent).to_be_focused()
    expect(products).to_contain_text("Enter the percentage, for example 25.")
    expect(products.get_by_label("Price", exact=True)).to_be_hidden()
    products.get_by_label("Update existing products and services").select_option("overwrite")
    expect(products.get_by_label("Price", exact=True)).to_be_visible()


def test_a_title_shows_what_it_comes_to_while_it_is_typed(screen: Page) -> None:
    title = section(screen, "opportunity").get_by_label("Opportunity title")
    example = screen.locator("#opportunity-title_pattern-example")
    expect(example).to_contain_text("Network refresh")
    title.fill("{organization}: {title} (#{number})")
    expect(example).to_contain_text("Example Ltd: Network refresh (#1001)")
    title.fill("{customer}")
    expect(example).to_contain_text("Use only {number}, {title}, {organization} and {person} in braces.")


def test_everything_by_keyboard_alone(app: Flask, screen: Page) -> None:
    def reach(target: Locator) -> None:
        """Press Tab until the control has the focus, as somebody without a mouse does."""
        element = target.element_handle()
        for _ in range(400):
            if screen.evaluate("element => document.activeElement === element", element):
                return
            screen.keyboard.press("Tab")
        pytest.fail(f"The keyboard does not reach {target}.")

    company = section(screen, "company")
    reach(company.get_by_label("Classification of new companies"))
    screen.keyboard.type("Gold")
    reach(company.get_by_label("… or phone number matches"))
    screen.keyboard.press("Space")
    reach(screen.locator("#save-company"))
    screen.keyboard.press("Enter")
    is_draft(screen, "company")
    reach(screen.locator("#discard-company"))
    screen.keyboard.press("Enter")
    expect(section(screen, "company")).to_have_attribute("data-state", "new")
    expect(screen.locator("#save-company")).to_be_focused()
    company.get_by_label("Classification of new companies").focus()
    screen.keyboard.type("Gold")
    reach(company.get_by_label("… or phone number matches"))
    screen.keyboard.press("Space")
    reach(screen.locator("#save-company"))
    screen.keyboard.press("Enter")
    is_draft(screen, "company")
    reach(section(screen, "opportunity").get_by_label("Probability (%)"))
    screen.keyboard.press("Control+A")
    screen.keyboard.type("35")
    screen.keyboard.press("Enter")
    is_draft(screen, "opportunity")
    reach(screen.locator("#save-integration"))
    screen.keyboard.press("Enter")
    expect(screen.locator("#notices")).to_contain_text("Version 1 is now live")
    with app.app_context():
        counting = settings_store.active()
        assert counting.company.also_phone is True
        assert counting.company.classification is not None
        assert counting.opportunity.probability == 35
        assert counting.products_services.product_billing_code_id is not None, "suggestions are saved too"


def test_save_integration_saves_what_waits_and_stops_at_what_is_wrong(app: Flask, screen: Page) -> None:
    probability = section(screen, "opportunity").get_by_label("Probability (%)")
    probability.fill("many")
    screen.get_by_role("button", name="Save Integration").click()
    expect(probability).to_be_focused()
    expect(section(screen, "opportunity")).to_contain_text("Enter a whole number between 0 and 100.")
    with app.app_context():
        assert settings_store.active().version == 0
    probability.fill("60")
    screen.get_by_role("button", name="Save Integration").click()
    expect(screen.locator("#notices")).to_contain_text("Version 1 is now live")
    for name in SECTIONS:
        expect(section(screen, name)).to_have_attribute("data-state", "active")

    section(screen, "opportunity").get_by_label("Probability (%)").fill("70")
    save(screen, "opportunity")
    is_draft(screen, "opportunity")
    screen.get_by_role("link", name="See changes").click()
    expect(screen.locator("#pending")).to_contain_text("Probability (%): 60 → 70")


def test_two_admins_at_once(
    app: Flask, screen: Page, sign_in: Enter, another_context: Contexts, served: str
) -> None:
    other = sign_in(another_context(), "second@demo.example")
    other.goto(served + PAGE)
    section(other, "company").get_by_label("Update existing companies").select_option("overwrite")
    save(other, "company")
    is_draft(other, "company")

    section(screen, "company").get_by_label("Ship to").select_option("billing")
    section(screen, "company").get_by_label("Update existing companies").select_option("never")
    save(screen, "company")
    mine = section(screen, "company")
    expect(mine).to_contain_text("Second changed this section while you were editing.")
    expect(mine).to_contain_text("Second changed this to “Always overwrite”.")
    expect(mine.get_by_label("Ship to")).to_have_value("billing")
    expect(mine.get_by_label("Update existing companies")).to_have_value("never")
    expect(mine.get_by_text("Unsaved changes")).to_be_visible()
    with app.app_context():
        assert settings_store.draft("company").content.model_dump()["update_policy"] == "overwrite"

    mine.get_by_role("button", name="Keep theirs").click()
    expect(mine).to_contain_text("Draft saved")
    expect(mine.get_by_label("Update existing companies")).to_have_value("overwrite")
    expect(mine.get_by_label("Ship to")).to_have_value("billing")

    other.get_by_role("button", name="Save Integration").click()
    expect(other.locator("#notices")).to_contain_text("Version 1")
    # Nothing that is saved in between makes this page forget what it was opened with.
    mine.get_by_label("Sold to").select_option("shipping")
    save(screen, "company")
    expect(mine).to_contain_text("Draft saved")
    screen.get_by_role("button", name="Save Integration").click()
    expect(screen.locator("#save-problems")).to_contain_text(
        "Second pressed “Save Integration” after you opened this page"
    )


def test_a_connection_lost_in_mid_save_loses_nothing(app: Flask, screen: Page) -> None:
    screen.context.set_offline(True)
    opportunity = section(screen, "opportunity")
    opportunity.get_by_label("Probability (%)").fill("44")
    save(screen, "opportunity")
    expect(opportunity.get_by_role("alert")).to_contain_text("We couldn't confirm the save")
    expect(screen.locator("#notices")).to_be_empty()
    expect(opportunity.get_by_label("Probability (%)")).to_have_value("44")
    expect(opportunity.get_by_text("Unsaved changes")).to_be_visible()
    screen.context.set_offline(False)
    save(screen, "opportunity")
    is_draft(screen, "opportunity")
    with app.app_context():
        assert settings_store.draft("opportunity").content.model_dump()["probability"] == 44


def test_an_answer_lost_on_its_way_is_no_conflict(app: Flask, screen: Page) -> None:
    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort("connectionreset")

    address = re.compile("sections/opportunity$")
    screen.route(address, lose_the_answer)
    opportunity = section(screen, "opportunity")
    opportunity.get_by_label("Probability (%)").fill("45")
    save(screen, "opportunity")
    expect(opportunity.get_by_role("alert")).to_contain_text("couldn't confirm the save")
    with app.app_context():
        assert settings_store.draft("opportunity").version == 1
    screen.unroute(address)
    save(screen, "opportunity")
    is_draft(screen, "opportunity")
    expect(opportunity).to_contain_text("Draft saved")
    with app.app_context():
        assert settings_store.draft("opportunity").version == 1


def test_what_is_typed_while_a_section_is_saved_stays(app: Flask, screen: Page) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    address = re.compile("sections/opportunity$")
    screen.route(address, hold, times=1)
    opportunity = section(screen, "opportunity")
    opportunity.get_by_label("Probability (%)").fill("44")
    with screen.expect_request(address):
        save(screen, "opportunity")
    opportunity.get_by_label("Months of recurring revenue").fill("12")
    opportunity.get_by_label("Include the quote number in the description").uncheck()
    held.pop().continue_()
    is_draft(screen, "opportunity")
    expect(opportunity.get_by_text("Unsaved changes")).to_be_visible()
    expect(opportunity.get_by_label("Months of recurring revenue")).to_have_value("12")
    expect(opportunity.get_by_label("Include the quote number in the description")).not_to_be_checked()

    screen.route(address, hold, times=1)
    with screen.expect_request(address):
        screen.get_by_role("button", name="Save Integration").click()
    opportunity.get_by_label("Probability (%)").fill("45")
    held.pop().continue_()
    expect(screen.locator("#notices")).to_contain_text("Version 1 is now live")
    with app.app_context():
        counting = settings_store.active().opportunity
        assert (counting.probability, counting.amount_months) == (45, 12)
        assert counting.number_in_description is False


def test_what_was_chosen_in_a_row_stays_while_another_one_opens(app: Flask, screen: Page) -> None:
    save(screen, "item_category")
    is_draft(screen, "item_category")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    address = re.compile("autotask/categories$")
    mapping = section(screen, "item_category")
    edit(mapping, "Hardware")
    labor = mapping.get_by_label("Labor of Hardware", exact=True)
    labor.select_option("yes")
    screen.route(address, hold, times=1)
    with screen.expect_request(address):
        edit(mapping, "Services")
    expect(labor).to_be_disabled()
    held.pop().continue_()
    expect(mapping.get_by_label("Labor of Services", exact=True)).to_be_visible()
    expect(mapping.get_by_role("group", name="Hardware", exact=True)).to_contain_text("Changed")
    edit(mapping, "Hardware")
    expect(labor).to_have_value("yes")
    expect(mapping.get_by_label("Autotask product category of Hardware", exact=True)).to_have_value("1")
    # It is a draft already, so its state doesn't tell when it is saved.
    with screen.expect_response(re.compile("sections/item_category$")):
        save(screen, "item_category")
    with app.app_context():
        content = settings_store.draft("item_category").content
        assert isinstance(content, ItemCategoryMapping)
        hardware = content.rules[{path: key for key, path in categories.choices()}["Hardware"]]
        assert (hardware.is_labor, hardware.product_category) == (True, 1)


def test_a_session_that_ended_loses_nothing(app: Flask, screen: Page, served: str) -> None:
    company = section(screen, "company")
    company.get_by_label("… or website matches").check()
    screen.context.clear_cookies()
    save(screen, "company")
    expect(company.get_by_role("alert")).to_contain_text("Your session ended, so nothing was saved.")
    expect(company.get_by_label("… or website matches")).to_be_checked()
    beside = screen.context.new_page()
    sign_in_on_page(beside, served, "admin@demo.example", PASSWORD)
    beside.close()
    save(screen, "company")
    is_draft(screen, "company")
    with app.app_context():
        assert settings_store.draft("company").content.model_dump()["also_website"] is True


def test_leaving_with_unsaved_work_asks_first(screen: Page) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    screen.on("dialog", stay)
    section(screen, "company").get_by_label("Bill to").select_option("shipping")
    screen.get_by_role("link", name="History").click()
    expect(section(screen, "company").get_by_label("Bill to")).to_have_value("shipping")
    assert asked == ["beforeunload"]
    screen.locator("#undo-company").click()
    expect(section(screen, "company").get_by_label("Bill to")).to_have_value("billing")
    screen.get_by_role("link", name="History").click()
    expect(screen.get_by_role("heading", name="History")).to_be_visible()
    assert asked == ["beforeunload"]


def test_taxes_are_mapped_in_a_tab_of_their_own(app: Flask, screen: Page) -> None:
    typed = section(screen, "opportunity").get_by_label("Opportunity title")
    typed.fill("{title} for {organization}")
    with screen.context.expect_page() as opened:
        screen.get_by_role("link", name="Map tax codes").click()
    tab = opened.value
    code = tab.get_by_role("group", name="Odd 5.5%")
    expect(code).to_contain_text("Not mapped")
    code.get_by_label("Autotask tax category").select_option(label="Services")
    expect(code).to_contain_text("Autotask has no tax for this")
    code.get_by_label("Autotask tax region").select_option(label="New York")
    expect(code).to_contain_text("Autotask has 8.875%")
    expect(tab.get_by_role("group", name="NY Hardware 8.875%")).to_contain_text("Same rate in Autotask")
    tab.get_by_role("button", name="Save Tax Mapping").click()
    expect(tab.get_by_role("status").first).to_contain_text("Draft saved.")

    screen.bring_to_front()
    taxes = section(screen, "tax_code")
    expect(taxes).to_have_attribute("data-state", "draft")
    expect(taxes).to_contain_text("Autotask has 8.875%")
    expect(typed).to_have_value("{title} for {organization}")
    expect(section(screen, "opportunity").get_by_text("Unsaved changes")).to_be_visible()
    screen.get_by_role("button", name="Save Integration").click()
    expect(screen.locator("#notices")).to_contain_text("Version 1 is now live")
    with app.app_context():
        counting = settings_store.active()
        assert len(counting.tax_code.rules) == 4
        assert counting.opportunity.title_pattern == "{title} for {organization}"


def test_what_is_chosen_before_the_script_arrives_is_shown(screen: Page, served: str) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    screen.route("**/js/mapping.js*", hold)
    with screen.expect_request("**/js/mapping.js*"):
        screen.goto(f"{served}{PAGE}/tax-codes", wait_until="commit")
    code = screen.get_by_role("group", name="Odd 5.5%")
    code.get_by_label("Autotask tax category").select_option(label="Services")
    expect(code).to_contain_text("Not mapped")
    held.pop().continue_()
    expect(code).to_contain_text("Autotask has no tax for this")


def test_what_the_browser_puts_back_is_marked(screen: Page) -> None:
    screen.on("dialog", lambda dialog: dialog.accept())
    bill_to = section(screen, "company").get_by_label("Bill to")
    bill_to.select_option("shipping")
    screen.get_by_role("link", name="History").click()
    expect(screen.get_by_role("heading", name="History")).to_be_visible()
    screen.go_back()
    expect(bill_to).to_have_value("shipping")
    expect(section(screen, "company").get_by_text("Unsaved changes")).to_be_visible()
    expect(screen.locator("#save-bar-text")).to_contain_text("1 section has unsaved changes")


def test_the_tax_tab_is_heard_however_it_was_opened(screen: Page, served: str) -> None:
    typed = section(screen, "opportunity").get_by_label("Opportunity title")
    typed.fill("{title} for {organization}")
    # A plain link, which the browser opens by whatever key or button a person is used to. It isn't pressed here:
    # Playwright at times never learns what a tab in the background shows.
    link = screen.get_by_role("link", name="Map tax codes")
    expect(link).to_have_attribute("href", f"{PAGE}/tax-codes")
    expect(link).to_have_attribute("rel", "noopener")
    tab = screen.context.new_page()
    tab.goto(f"{served}{PAGE}/tax-codes")
    tab.get_by_role("button", name="Save Tax Mapping").click()
    expect(section(screen, "tax_code")).to_have_attribute("data-state", "draft")
    expect(section(screen, "tax_code")).to_contain_text("Same rate")
    expect(typed).to_have_value("{title} for {organization}")
    expect(section(screen, "opportunity").get_by_text("Unsaved changes")).to_be_visible()


def test_lists_read_anew_keep_what_was_typed_and_name_what_became_inactive(
    screen: Page, connected: Tenant
) -> None:
    opportunity = section(screen, "opportunity")
    opportunity.get_by_label("Stage", exact=True).select_option(label="Negotiation")
    save(screen, "opportunity")
    is_draft(screen, "opportunity")
    section(screen, "company").get_by_label("Bill to").select_option("shipping")
    opportunity.get_by_label("Probability (%)").fill("12")
    connected._ask("PATCH", "/picklists/Opportunities/stage", {"value": "29684", "isActive": False})

    read = screen.get_by_role("button", name="Refresh Autotask lists")
    read.scroll_into_view_if_needed()
    place = screen.evaluate("scrollY")
    read.click()
    expect(opportunity).to_contain_text("“Negotiation” is inactive in Autotask. Choose another.")
    assert screen.evaluate("scrollY") == place, "nothing was done in a section, so none takes the eyes to it"
    expect(opportunity.get_by_label("Stage", exact=True).locator("option:checked")).to_have_text(
        "Negotiation (inactive in Autotask)"
    )
    expect(screen.locator("[data-contents=opportunity]")).to_contain_text("1 to fix")
    expect(opportunity.get_by_label("Probability (%)")).to_have_value("12")
    expect(section(screen, "company").get_by_label("Bill to")).to_have_value("shipping")
    expect(section(screen, "company").get_by_text("Unsaved changes")).to_be_visible()


def test_lists_that_cannot_be_read_say_so_and_can_be_tried_again(screen: Page, connected: Tenant) -> None:
    connected.add_fault(kind="500", entity="Roles", times=1000)
    screen.get_by_role("button", name="Refresh Autotask lists").click()
    expect(screen.locator("#lists")).to_contain_text("The other lists stay as they were.")
    connected._ask("DELETE", "/faults")
    screen.get_by_role("button", name="Try again").click()
    expect(screen.get_by_role("button", name="Refresh Autotask lists")).to_be_visible()


def test_five_hundred_categories_stay_usable(app: Flask, screen: Page) -> None:
    save(screen, "item_category")
    is_draft(screen, "item_category")
    with app.app_context():
        for group in range(50):
            for sub in range(9):
                categories.ensure((f"Group {group:02d}", f"Sub {sub}"))
        categories.ensure(("Software", "Licenses"))
        db.session.commit()
    screen.reload()
    mapping = section(screen, "item_category")
    expect(mapping.get_by_role("group")).to_have_count(510)
    edit(mapping, "Group 00")
    mapping.get_by_label("Labor of Group 00", exact=True).select_option("yes")
    mapping.get_by_label("Search categories").fill("group 49 sub 8")
    mapping.get_by_label("Search categories").press("Enter")
    expect(mapping.get_by_role("group")).to_have_count(1)
    edit(mapping, "Group 49 > Sub 8")
    mapping.get_by_label("Product billing code of Group 49 > Sub 8").select_option(label="Software")
    mapping.get_by_label("Search categories").fill("")
    mapping.get_by_role("button", name="Match by name").click()
    expect(mapping.get_by_text("Matched 2 by name.")).to_be_visible()
    expect(mapping.locator(".matched-list")).to_contain_text("Software > Licenses → Software > Licenses")
    # The section was a draft before, so that says nothing.
    with screen.expect_response(lambda answer: answer.request.method == "POST"):
        save(screen, "item_category")
    with app.app_context():
        content = settings_store.draft("item_category").content
        assert isinstance(content, ItemCategoryMapping)
        paths = {path: key for key, path in categories.choices()}
        assert content.rules[paths["Group 00"]].is_labor is True
        assert content.rules[paths["Group 49 > Sub 8"]].billing_code_id is not None
        assert content.rules[paths["Software > Licenses"]].product_category == 9
    expect(screen.locator("[data-contents=item_category]")).to_contain_text("unmapped")


def test_connecting_reads_the_lists_and_shows_how_far_it_is(
    app: Flask, tenant: Tenant, browser_page: Page, sign_in: Enter, served: str
) -> None:
    page = sign_in(browser_page)
    page.goto(f"{served}/settings/integrations/")
    tenant.add_fault(kind="delay", entity="Roles", seconds=1)
    page.get_by_role("link", name="Add Datto Autotask PSA").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("API user name").fill(tenant.user)
    dialog.get_by_label("Secret").fill("wrong")
    dialog.get_by_label("Integration code").fill(tenant.code)
    dialog.get_by_role("button", name="Connect to Autotask PSA").click()
    expect(dialog).to_contain_text("Autotask didn't accept this secret.")
    dialog.get_by_label("Secret").fill(tenant.secret)
    dialog.get_by_role("button", name="Connect to Autotask PSA").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(section(page, "company")).to_be_visible()
    expect(section(page, "company").get_by_label("Type of new companies")).not_to_have_value("")


def test_disconnecting_and_connecting_again_loses_nothing(
    app: Flask, screen: Page, connected: Tenant
) -> None:
    screen.get_by_role("button", name="Save Integration").click()
    expect(screen.locator("#notices")).to_contain_text("Version 1")
    with app.app_context():
        db.session.add(Link(local_type="quote", local_id="1", remote_entity="Quotes", remote_id=6100))
        db.session.commit()
    screen.on("dialog", lambda dialog: dialog.accept())
    screen.get_by_role("button", name="Disconnect").click()
    expect(screen.locator("#notices")).to_contain_text("Settings and links are kept")
    screen.get_by_role("link", name="Settings for Datto Autotask PSA").click()
    expect(section(screen, "prerequisites")).to_contain_text("An admin disconnected Autotask.")
    expect(section(screen, "company").get_by_label("Type of new companies")).to_have_value("1")
    screen.get_by_role("link", name="Connect again").click()
    screen.get_by_label("Secret").fill(connected.secret)
    screen.get_by_label("Integration code").fill(connected.code)
    screen.get_by_role("button", name="Connect to Autotask PSA").click()
    expect(section(screen, "prerequisites")).to_contain_text("Autotask accepts the API user")
    with app.app_context():
        assert settings_store.active().version == 1
        assert db.session.query(Link).count() == 1


def test_without_javascript_plain_forms_save(
    app: Flask, connected: Tenant, sign_in: Enter, another_context: Contexts, served: str
) -> None:
    page = sign_in(another_context(java_script_enabled=False))
    page.goto(served + PAGE)
    section(page, "opportunity").get_by_label("Probability (%)").fill("200")
    save(page, "opportunity")
    expect(section(page, "opportunity")).to_contain_text("Enter a whole number between 0 and 100.")
    section(page, "opportunity").get_by_label("Probability (%)").fill("20")
    for name in SECTIONS:
        save(page, name)
        expect(page.locator("#notices")).to_contain_text(f"{TITLES[name]}: draft saved")
        if name == "company":
            section(page, "opportunity").get_by_label("Probability (%)").fill("20")
    page.get_by_label("Search categories").fill("firewalls")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(section(page, "item_category").get_by_role("group")).to_have_count(1)
    page.goto(f"{served}{PAGE}/tax-codes")
    page.get_by_role("button", name="Save Tax Mapping").click()
    expect(page.locator("#notices")).to_contain_text("Draft saved.")
    page.goto(served + PAGE)
    expect(page.get_by_text("This button leaves out changes that aren't saved.")).to_be_visible()
    page.get_by_role("button", name="Save Integration").click()
    expect(page.locator("#notices")).to_contain_text("Version 1 is now live")
    page.get_by_role("link", name="Check permissions and limits").click()
    expect(section(page, "prerequisites")).to_contain_text(
        "The API user has all permissions that a sync needs"
    )
    page.get_by_role("button", name="Refresh Autotask lists").click()
    expect(page.locator("#notices")).to_contain_text("Autotask lists refreshed.")
    page.get_by_role("link", name="Test integration").click()
    page.get_by_role("link", name="Run test").click()
    expect(page.locator("#dry-run-result")).to_contain_text("Test passed.")
    with app.app_context():
        assert settings_store.active().opportunity.probability == 20


def test_one_click_requires_what_autotask_needs(screen: Page) -> None:
    section(screen, "company").get_by_label("Bill to").select_option("shipping")
    screen.get_by_role("button", name="Require organization and phone").click()
    expect(screen.locator("#advice")).to_contain_text("Organization and phone are required")
    expect(section(screen, "company").get_by_label("Bill to")).to_have_value("shipping")


def test_the_trial_says_what_is_missing_and_leads_there(screen: Page) -> None:
    screen.get_by_role("link", name="Test integration").click()
    result = screen.locator("#dry-run-result")
    expect(result).to_contain_text("Company Settings: review and save this section first.")
    expect(result).to_contain_text("Sync would stop")
    screen.goto(screen.url.replace("/test", ""))
    screen.get_by_role("button", name="Save Integration").click()
    expect(screen.locator("#notices")).to_contain_text("Version 1")
    screen.get_by_role("link", name="Test integration").click()
    expect(result).to_contain_text("4 tax codes aren't mapped")
    result.get_by_role("link", name="Fix").first.click()
    expect(screen.get_by_role("heading", name="Tax Code Mapping")).to_be_visible()


@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_stands_in_the_way_of_anybody(screen: Page, served: str, width: int) -> None:
    def is_fine(where: str) -> None:
        assert accessibility_violations(screen) == [], where
        assert screen.evaluate("document.documentElement.scrollWidth") == width, where

    screen.set_viewport_size({"width": width, "height": 900})
    expect(screen.locator("#prerequisite-checks .check-list")).to_be_visible()
    screen.get_by_text("API permissions by entity").click()
    expect(screen.get_by_role("row", name="QuoteItems yes yes yes yes")).to_be_visible()
    is_fine("the page at first look")
    section(screen, "item_category").get_by_role("button", name="Match by name").click()
    expect(section(screen, "item_category")).to_contain_text("No other category has the same name")
    is_fine("what was matched")
    probability = section(screen, "opportunity").get_by_label("Probability (%)")
    probability.fill("many")
    save(screen, "opportunity")
    expect(section(screen, "opportunity")).to_contain_text("Enter a whole number")
    is_fine("a refused section")
    probability.fill("5")
    screen.get_by_role("button", name="Save Integration").click()
    expect(screen.locator("#notices")).to_contain_text("Version 1")
    is_fine("the page when all is saved")
    for path in ("tax-codes", "history", "connect"):
        screen.goto(f"{served}{PAGE}/{path}")
        is_fine(path)
    for path in ("", "loss-reasons", "required-fields", "company", "users", "integrations/"):
        screen.goto(f"{served}/settings/{path}")
        is_fine(path)
    screen.goto(f"{served}{PAGE}/test")
    expect(screen.locator("#dry-run-result .alert-danger")).to_be_visible()
    is_fine("the trial")
