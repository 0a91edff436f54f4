"""The sheet of lines by keyboard and by mouse: cells, moving, several lines at once, undo over a reload."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from stack import Stack
from tests.browser.people import choose, entered, open_quote
from tests.support.browser import accessibility_violations

pytestmark = pytest.mark.browser
LINES = [{"name": name, "unit_price": "10", "unit_cost": "5"} for name in ("Cable", "Rack", "Shelf", "Tray")]


@pytest.fixture
def editor(live_stack: Stack, browser_page: Page) -> Page:
    """The rep on a new quote with four lines of 10.00 that cost 5.00."""
    open_quote(browser_page, live_stack, *LINES)
    return browser_page


def line(page: Page, number: int) -> Locator:
    return page.locator("#lines .line").nth(number - 1)


def cell(page: Page, number: int, label: str) -> Locator:
    return line(page, number).locator(f".line-row > [data-label='{label}']")


def names(page: Page) -> Locator:
    return page.locator("#lines .line-name")


def said(page: Page) -> Locator:
    return page.locator("#said")


def test_cells_are_edited_by_keyboard_alone(editor: Page) -> None:
    page = editor
    cell(page, 1, "Item").focus()
    for key in ("ArrowDown", "ArrowRight", "7"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    expect(cell(page, 3, "Quantity")).to_be_focused()
    expect(cell(page, 2, "Quantity")).to_have_text("7")
    expect(line(page, 2).locator(".amount")).to_have_text("$70.00")
    page.keyboard.press("F2")
    page.keyboard.type("5")
    page.keyboard.press("Escape")
    expect(cell(page, 3, "Quantity")).to_be_focused()
    expect(cell(page, 3, "Quantity")).to_have_text("1")
    expect(page.locator("#unsaved [data-count]")).to_have_text("")


def test_undo_and_redo_last_over_a_reload(editor: Page) -> None:
    page = editor
    entered(line(page, 1), "Price").fill("25")
    page.keyboard.press("Enter")
    expect(line(page, 1).locator(".amount")).to_have_text("$25.00")
    page.keyboard.press("Delete")
    expect(names(page)).to_have_text(["Cable", "Shelf", "Tray"])
    page.reload()
    cell(page, 1, "Item").focus()
    page.keyboard.press("Control+z")
    expect(names(page)).to_have_text(["Cable", "Rack", "Shelf", "Tray"])
    expect(said(page)).to_have_text("Undone: deleting Rack.")
    page.keyboard.press("Control+z")
    expect(line(page, 1).locator(".amount")).to_have_text("$10.00")
    expect(cell(page, 1, "Price")).to_have_text("10.00")
    page.keyboard.press("Control+Shift+z")
    expect(line(page, 1).locator(".amount")).to_have_text("$25.00")
    page.locator(".step-redo").click()
    expect(names(page)).to_have_text(["Cable", "Shelf", "Tray"])
    expect(page.locator(".step-redo")).to_be_disabled()


def test_lines_move_by_key_by_menu_and_by_dragging(editor: Page) -> None:
    page = editor
    cell(page, 4, "Item").focus()
    for _ in range(3):
        page.keyboard.press("Alt+ArrowUp")
    expect(names(page)).to_have_text(["Tray", "Cable", "Rack", "Shelf"])
    expect(cell(page, 1, "Item")).to_be_focused()
    choose(line(page, 1), "Move down")
    expect(names(page)).to_have_text(["Cable", "Tray", "Rack", "Shelf"])
    line(page, 1).hover()
    line(page, 1).locator(".line-drag").hover()
    page.mouse.down()
    box = line(page, 4).bounding_box()
    assert box
    page.mouse.move(box["x"] + 20, box["y"] + box["height"] - 4, steps=4)
    page.mouse.up()
    expect(names(page)).to_have_text(["Tray", "Rack", "Shelf", "Cable"])
    page.keyboard.press("Control+z")
    expect(names(page)).to_have_text(["Cable", "Tray", "Rack", "Shelf"])


def test_several_lines_change_in_one_command_and_one_undo(editor: Page) -> None:
    page = editor
    entered(line(page, 2), "Cost").fill("0")
    page.keyboard.press("Escape")
    cell(page, 1, "Item").focus()
    page.keyboard.press("Control+a")
    expect(page.locator("#bulk-count")).to_have_text("4 selected")
    page.keyboard.press("Escape")
    entered(line(page, 2), "Cost").fill("0")
    page.keyboard.press("Enter")
    expect(cell(page, 2, "Cost")).to_have_text("0.00")
    cell(page, 1, "Item").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    expect(page.locator("#bulk-count")).to_have_text("3 selected")
    page.get_by_role("button", name="Margin").click()
    page.get_by_label("Set margin to").fill("x")
    page.keyboard.press("Enter")
    expect(page.locator("#e-bulk")).to_have_text("Enter a percentage, like 25.")
    page.get_by_label("Set margin to").fill("75%")
    foreseen = page.locator("#bulk-foreseen")
    expect(foreseen.get_by_role("row", name="Cable")).to_contain_text("50.0% would be 75.0%")
    expect(foreseen.get_by_role("row", name="Quote, one-time")).to_contain_text("$40.00 would be $60.00")
    expect(foreseen).to_contain_text("1 line would not change: without a cost (Rack).")
    assert accessibility_violations(page) == []
    page.get_by_role("button", name="Apply to 3 lines").click()
    expect(page.locator("#lines .amount")).to_have_text(["$20.00", "$10.00", "$20.00", "$10.00"])
    expect(page.locator("#toast")).to_contain_text(
        "2 lines changed. 1 line not changed: without a cost (Rack)."
    )
    page.get_by_role("button", name="Optional", exact=True).click()
    expect(foreseen.get_by_role("row", name="Cable")).to_contain_text("Included would be Optional, on")
    expect(page.locator("#lines .line-tag")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.locator("#lines .line-tag")).to_have_text(["Optional, on"] * 3)
    page.locator("#bulk").get_by_role("button", name="Delete", exact=True).click()
    expect(foreseen.get_by_role("row", name="Cable")).to_contain_text("$20.00 would be deleted")
    expect(foreseen.get_by_role("row", name="Quote, one-time")).to_contain_text("$60.00 would be $10.00")
    page.get_by_role("button", name="Delete 3 lines").click()
    expect(names(page)).to_have_text(["Tray"])
    expect(page.locator("#bulk")).to_be_hidden()
    for _ in range(3):
        page.keyboard.press("Control+z")
    expect(names(page)).to_have_text(["Cable", "Rack", "Shelf", "Tray"])
    expect(page.locator("#lines .amount")).to_have_text(["$10.00"] * 4)
    expect(page.locator("#lines .line-tag")).to_have_count(0)


def test_a_row_is_44_pixels_high_and_nothing_moves_when_it_is_entered(editor: Page) -> None:
    page = editor

    def places() -> list[object]:
        return [page.locator("#lines .line-row").nth(number).bounding_box() for number in range(5)]

    before = places()
    assert {round(box["height"]) for box in before[1:] if isinstance(box, dict)} == {44}
    line(page, 2).hover()
    assert places() == before
    entered(line(page, 2), "Price")
    assert places() == before


def test_a_line_keeps_its_kind_and_its_badge(editor: Page) -> None:
    page = editor
    page.get_by_role("searchbox", name="Add a line").fill("Latitude 5550")
    page.locator("#found .choice").first.click()
    expect(page.locator("#lines .line")).to_have_count(5)
    expect(line(page, 5).locator(".line-second")).to_contain_text("Library item")
    expect(line(page, 1).locator(".line-second")).to_contain_text("Custom item")
    entered(line(page, 1), "Billing period").select_option("monthly")
    page.keyboard.press("Escape")
    expect(line(page, 2).locator(".kind-custom")).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_everything_open_is_accessible(editor: Page, scheme: str, width: int) -> None:
    page = editor
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 844})
    wrong = accessibility_violations(page)
    entered(line(page, 1), "Price").fill("3l")
    page.keyboard.press("Tab")
    expect(page.locator("#said")).to_contain_text("Not saved.")
    choose(line(page, 2), "Details")
    expect(line(page, 2).get_by_label("Supplier")).to_be_visible()
    line(page, 3).locator(".line-pick").check()
    if width > 1000:
        page.get_by_role("button", name="Margin").click()
    wrong += accessibility_violations(page)
    line(page, 4).hover()
    line(page, 4).get_by_role("button", name="Menu of").click()
    wrong += accessibility_violations(page)
    assert wrong == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0


def test_rows_of_a_spreadsheet_are_pasted_after_a_look(editor: Page) -> None:
    page = editor
    cell(page, 1, "Item").focus()
    text = "Item\tQty\tPrice\nBracket\t3\t4.50\nBolt\tmany\t1\n"
    page.evaluate(
        """(text) => {
          const data = new DataTransfer();
          data.setData("text/plain", text);
          const how = {clipboardData: data, bubbles: true, cancelable: true};
          document.activeElement.dispatchEvent(new ClipboardEvent("paste", how));
        }""",
        text,
    )
    dialog = page.get_by_role("dialog", name="Paste rows")
    expect(dialog).to_contain_text("1 line to add, 1 row can't be read")
    assert accessibility_violations(page) == []
    page.keyboard.press("Enter")
    expect(names(page)).to_have_text(["Cable", "Rack", "Shelf", "Tray", "Bracket"])
    expect(line(page, 5).locator(".amount")).to_have_text("$13.50")
    expect(page.locator("#toast")).to_contain_text("1 line added. 1 row left out: 3.")
    page.keyboard.press("Control+z")
    expect(page.locator("#lines .line")).to_have_count(4)


def test_the_help_lists_the_keys_and_letters_are_no_keys_where_something_is_typed(editor: Page) -> None:
    page = editor
    cell(page, 1, "Item").focus()
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_contain_text("Ctrl Shift Z")
    assert accessibility_violations(page) == []
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    page.keyboard.press("/")
    expect(page.get_by_role("combobox", name="Search or jump to")).to_be_focused()
    page.keyboard.press("Escape")
    cell(page, 1, "Item").focus()
    page.keyboard.press("a")
    box = page.get_by_role("searchbox", name="Add a line")
    expect(box).to_be_focused()
    page.keyboard.type("quad?")
    expect(box).to_have_value("quad?")
    page.get_by_label("Title").fill("Office move")
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_contain_text("Saved.")
    expect(page.get_by_label("Title")).to_have_value("Office move")
    cell(page, 1, "Item").focus()
    page.keyboard.press("q")
    expect(page.locator("#customer-text")).to_be_visible()


def test_copied_lines_are_text_of_a_spreadsheet(editor: Page) -> None:
    page = editor
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    cell(page, 2, "Item").focus()
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Control+c")
    expect(page.locator("#said")).to_have_text("2 lines copied.")
    rows = str(page.evaluate("navigator.clipboard.readText()")).strip().split("\n")
    assert [row.split("\t")[:4] for row in rows] == [
        ["Item", "Quantity", "Price", "Cost"],
        ["Rack", "1", "10.00", "5.00"],
        ["Shelf", "1", "10.00", "5.00"],
    ]
