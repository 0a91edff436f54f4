"""The settings page without JavaScript."""

from __future__ import annotations

from tests.support.sandbox import Tenant
from tests.support.visitor import PAGE, SECTIONS, Visitor, text


def test_it_says_that_sections_are_saved_one_by_one(admin: Visitor, connected: Tenant) -> None:
    """A browser without a script sends one form: what was typed in another can't be saved, so it's said beforehand."""
    page = admin.client.get(PAGE)
    words = "Save each section you've changed first. This button leaves out changes that aren't saved."
    bar = page.text.partition('id="save-integration-form"')[2].partition("</form>")[0]
    assert words in bar
    assert words in text(page)
    saves = [name for name in SECTIONS if f'id="save-{name}"' in page.text]
    assert saves == list(SECTIONS)
