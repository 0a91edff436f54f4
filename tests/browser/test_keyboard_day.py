"""From an empty quote to a published one with 25 lines of every kind, by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from smoke.admin import LABOR, Admin
from smoke.autotask import Credentials, Reader
from stack import Options, Stack
from tests.browser.people import ADMIN_EMAIL, REP_EMAIL, come_in, open_quote, password_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]
CREDENTIALS = ("api@demo.example", "sandbox-secret", "SANDBOX-DEMO")
MOST_ACTIONS = 60
GOODS = """Part number\tItem\tQty\tPrice\tCost\tQuantity from\tQuantity to\tOptional
02-SSC-6817\t\t1\t\t\t\t\t
\tDell dock WD22TB4\t8\t\t\t4\t12\t
\tDell 27 inch monitor P2723DE\t16\t\t\t8\t24\t
\tUbiquiti Switch Pro 24 PoE\t2\t\t\t\t\t
\tPatch panel, 24 ports\t2\t\t\t\t\tyes
\tCable set by hand\t8\t14.50\t6\t\t\t
\tWall brackets\t4\t9\t3\t\t\t
\tLabels and ties\t1\t25\t10\t\t\tyes
\tTrade-in of the old firewall\t1\t-150\t0\t\t\t
"""
SERVICES = f"""Item\tQty\tPrice\tCost\tBilling period\tTerm in months\tCan end after months\tSetup fee\tCategory
Microsoft 365 Business Premium\t20\t\t\tMonthly\t12\t\t\t
Endpoint protection and response\t20\t\t\tMonthly\t12\t3\t\t
Backup seats\t20\t4\t1.5\tMonthly\t36\t12\t90\t
Vulnerability scan and report\t1\t\t\tQuarterly\t\t\t\t
Domain and DNS care\t1\t\t\tAnnual\t12\t\t\t
On-site setup\t6\t165\t80\tOne-time\t\t\t\t{LABOR}
"""
CHOICES = "Care, basic\t20\t35\nCare, standard\t20\t55\nCare, complete\t20\t80\n"
TRAINING = "Security training\t1\t620\nFollow-up workshop\t1\t340\nHandbook\t20\t12\n"


class Hands:
    """What a person does at the keyboard, counted: a key of a command, a field that is typed, or a paste."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.actions = 0

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            self.actions += 1
            self.page.keyboard.press(key)

    def write(self, text: str) -> None:
        """Type into what has the focus."""
        self.actions += 1
        self.page.keyboard.type(text)

    def paste(self, text: str) -> None:
        """Paste where the focus is."""
        self.actions += 1
        self.page.evaluate(
            """(text) => {
              const data = new DataTransfer();
              data.setData("text/plain", text);
              const how = {clipboardData: data, bubbles: true, cancelable: true};
              document.activeElement.dispatchEvent(new ClipboardEvent("paste", how));
            }""",
            text,
        )


@pytest.fixture(scope="module")
def connected_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A product of its own, connected to Autotask, with a category that is labor."""
    options = Options(data=tmp_path_factory.mktemp("day"), port=0, sandbox_port=0, web_processes=1)
    with Stack(options) as stack:
        admin = Admin(stack.web_url)
        admin.open("/login")
        login = {"email": ADMIN_EMAIL, "password": password_of(stack, ADMIN_EMAIL)}
        admin.send(admin.form(having="password"), login)
        credentials = Credentials(stack.autotask_root, *CREDENTIALS)
        admin.connect(credentials)
        admin.prepare_catalogue(Reader(credentials))
        admin.map_sections()
        yield stack


def bundle(page: Page, stack: Stack) -> None:
    """A library item of two parts."""
    rep = come_in(page, stack, REP_EMAIL)
    for name, price in (("Desk lamp", "60"), ("Desk mat", "40"), ("Desk kit", "0")):
        rep.open("/items/new")
        rep.send(rep.form(having="unit_cost"), {"name": name, "unit_price": price, "unit_cost": "20"})
    rep.open(f"{rep.url}/parts")
    for name in ("Desk lamp", "Desk mat"):
        rep.send(rep.form(having="add"), {"add": name})


def kinds(page: Page) -> set[str]:
    """What the second rows say first."""
    return {text.partition(" · ")[0] for text in page.locator("#lines .line-known").all_inner_texts()}


def count(page: Page, lines: int) -> None:
    expect(page.locator("#lines .line")).to_have_count(lines)


def new_section(hands: Hands, title: str) -> None:
    """Ends in the box for a new line."""
    hands.press("Shift+A")
    hands.write(title)
    hands.press("Enter")
    expect(hands.page.locator(".section-edit", has_text=title)).to_be_visible()
    expect(hands.page.get_by_role("searchbox", name="Add a line")).to_be_focused()


def paste_rows(hands: Hands, text: str) -> None:
    """Ends on the first line that was added."""
    hands.paste(text)
    expect(hands.page.locator("#pasted-add")).to_be_focused()
    hands.press("Enter")
    expect(hands.page.locator("#lines .cell-name:focus")).to_be_visible()


def test_a_quote_of_25_lines_is_put_together_and_published_by_keyboard(
    connected_stack: Stack, browser_page: Page, record_property: Callable[[str, object], None]
) -> None:
    page = browser_page
    bundle(page, connected_stack)
    open_quote(page, connected_stack)
    hands = Hands(page)
    found = page.locator("#found .choice")

    new_section(hands, "Hardware")
    paste_rows(hands, GOODS)
    count(page, 9)
    hands.press("a")
    hands.write("desk kit")
    hands.press("Enter")
    count(page, 10)
    hands.write("SMT3000 refurbished")
    expect(page.locator("#found-autotask .choice")).to_have_count(1)
    hands.press("ArrowUp", "Enter")
    count(page, 11)
    expect(page.get_by_role("searchbox", name="Add a line")).to_be_focused()
    hands.press("Escape")
    expect(page.locator("#lines .line").last.locator(".cell-name")).to_be_focused()
    hands.press("o")
    expect(page.locator("#lines .line").last).to_contain_text("Optional, on")

    new_section(hands, "Services")
    paste_rows(hands, SERVICES)
    count(page, 17)
    hands.press("a")
    hands.write("managed workstation")
    expect(found.first).to_contain_text("Managed workstation")
    hands.press("Enter")
    count(page, 18)
    hands.write("Custom dashboards")
    hands.press("Enter")
    count(page, 19)
    expect(page.locator("[data-cell=unit_price] .line-field")).to_be_focused()
    hands.write("480")
    hands.press("Enter")
    expect(page.locator("#lines .line").last.locator(".amount")).to_have_text("$480.00")

    for title, rows, choice, tag in (
        ("Care", CHOICES, "chooses", "Customer chooses one"),
        ("Training", TRAINING, "takes", "Optional, off"),
    ):
        if page.evaluate("document.activeElement.id") == "find-text":
            hands.press("Escape")
        new_section(hands, title)
        paste_rows(hands, rows)
        hands.press("ArrowUp")
        expect(page.locator(".section-edit", has_text=title)).to_be_focused()
        hands.press("Enter")
        expect(page.locator(".section-form [name=title]")).to_be_focused()
        hands.press("Tab")
        hands.write(choice[0])
        hands.press("Enter")
        expect(page.locator(".section-head", has_text=title)).to_contain_text(tag)
        expect(page.locator(".section-edit", has_text=title)).to_be_focused()

    count(page, 25)
    assert kinds(page) == {
        "Library item",
        "Custom item",
        "Credit",
        "Bundle",
        "Autotask product",
        "Service",
        "Labor",
    }
    hands.press("Control+Enter")
    expect(page.locator("#publish")).to_be_focused()
    expect(page.locator("#toast")).to_have_text("Press Enter to publish. Undo", use_inner_text=False)
    hands.press("Enter")
    expect(page.get_by_text("Published as quote")).to_be_visible()
    record_property("actions", hands.actions)
    print(f"25 lines from empty to published: {hands.actions} actions")
    assert hands.actions < MOST_ACTIONS
