"""The categories of the mapping are searched while one types, and nothing that was typed in them is lost."""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from webapp.models import db
from webapp.services.autotask.settings import store as settings_store
from webapp.services.autotask.settings.model import ItemCategoryMapping
from webapp.services.catalog import categories

pytestmark = pytest.mark.browser


def test_categories_are_found_while_one_types_and_what_was_changed_is_kept(app: Flask, screen: Page) -> None:
    with app.app_context():
        for group in range(30):
            categories.ensure((f"Group {group:02d}",))
        db.session.commit()
    screen.reload()
    mapping = screen.locator("#section-item_category")
    search = mapping.get_by_label("Search categories")
    mapping.get_by_role("group", name="Group 07", exact=True).get_by_role("button", name="Edit").click()
    mapping.get_by_label("Labor of Group 07", exact=True).select_option("yes")
    search.focus()
    screen.keyboard.type("group 2")
    expect(mapping.get_by_role("group")).to_have_count(12)
    expect(search).to_be_focused()
    expect(search).to_have_value("group 2")
    expect(mapping).to_contain_text("Your changes to categories that aren't shown are kept")
    screen.keyboard.type("4")
    expect(mapping.get_by_role("group")).to_have_count(1)
    mapping.get_by_role("group", name="Group 24").get_by_role("button", name="Edit").click()
    mapping.get_by_label("Labor of Group 24", exact=True).select_option("yes")
    mapping.get_by_role("button", name="Save Item Category Mapping", exact=True).click()
    expect(mapping).to_have_attribute("data-state", "draft")
    with app.app_context():
        content = settings_store.draft("item_category").content
        assert isinstance(content, ItemCategoryMapping)
        paths = {path: key for key, path in categories.choices()}
        assert content.rules[paths["Group 07"]].is_labor is True
        assert content.rules[paths["Group 24"]].is_labor is True
