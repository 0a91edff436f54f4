"""Light and dark: every page can be read in both, a person may choose, and paper is light."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from stack import Stack
from tests.browser.people import ADMIN_EMAIL, choose, open_quote, sign_in

pytestmark = pytest.mark.browser
PAGES = ("/", "/quotes/", "/people/", "/items/", "/items/1", "/activity/", "/settings/", "/settings/company",
         "/settings/users", "/settings/integrations/", "/account/")  # fmt: skip
# Each text with less than 4.5:1 (3:1 where it is large). Colors are drawn, so that every way to write one is read.
CONTRAST = """() => {
  const pen = Object.assign(document.createElement("canvas"), {width: 1, height: 1})
    .getContext("2d", {willReadFrequently: true});
  const read = (color) => {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = color;
    pen.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const behind = (at) => {
    const layers = [];
    for (; at; at = at.parentElement) {
      const color = read(getComputedStyle(at).backgroundColor);
      layers.push(color);
      if (color[3] === 1) break;
    }
    return layers.reduceRight((below, top) => over(top, below), [255, 255, 255, 1]);
  };
  const light = (color) => {
    const [r, g, b] = color.slice(0, 3).map((one) => one / 255)
      .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [];
  const texts = [...document.querySelectorAll("body *")].filter(
    (one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim())
      || (one.matches("input:not([type=hidden], [type=checkbox], [type=radio]), textarea") && one.value));
  for (const one of texts) {
    const style = getComputedStyle(one), box = one.getBoundingClientRect();
    if (!one.checkVisibility() || box.width < 2 || box.height < 2 || one.closest("[disabled], option")) continue;
    const back = behind(one), front = over(read(style.color), back);
    const [a, b] = [light(front), light(back)].sort((x, y) => y - x);
    const size = parseFloat(style.fontSize);
    const needed = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < needed)
      found.push(`${contrast.toFixed(2)} ${one.tagName}.${one.className}: ${one.textContent.trim().slice(0, 30)}`);
  }
  return [...new Set(found)];
}"""


def unreadable(page: Page) -> list[str]:
    """Texts of too little contrast."""
    found: list[str] = page.evaluate(CONTRAST)
    return found


def background(page: Page) -> str:
    color: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return color


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(live_stack: Stack, browser_page: Page, scheme: str) -> None:
    page = browser_page
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    page.goto(f"{live_stack.web_url}/login")
    found = {"/login": unreadable(page)}
    sign_in(page, live_stack, ADMIN_EMAIL)
    for address in PAGES:
        page.goto(live_stack.web_url + address)
        found[address] = unreadable(page)
    assert background(page) == {"light": "rgb(246, 247, 249)", "dark": "rgb(15, 17, 21)"}[scheme]
    open_quote(page, live_stack, {"name": "Cable", "unit_price": "10"})
    choose(page.locator(".line"), "Details")
    expect(page.get_by_label("Supplier")).to_be_visible()
    page.get_by_label("Optional", exact=True).check()
    found["editor"] = unreadable(page)
    page.get_by_label("Optional", exact=True).uncheck()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Published as quote")).to_be_visible()
    found["published"] = unreadable(page)
    link = page.locator("a[href*='/q/']").first.get_attribute("href") or ""
    page.goto(f"{live_stack.web_url}/q/{link.rpartition('/')[2]}")
    found["customer"] = unreadable(page)
    assert {address: texts for address, texts in found.items() if texts} == {}


def test_a_choice_wins_over_the_system_and_paper_is_light(live_stack: Stack, browser_page: Page) -> None:
    page = browser_page
    page.emulate_media(color_scheme="light")
    sign_in(page, live_stack, ADMIN_EMAIL)
    page.goto(f"{live_stack.web_url}/account/")
    page.get_by_label("Colors").select_option("dark")
    page.get_by_role("button", name="Save colors").click()
    expect(page.get_by_label("Colors")).to_have_value("dark")
    assert background(page) == "rgb(15, 17, 21)"
    assert 'class="theme-dark"' in page.request.get(page.url).text()
    page.emulate_media(media="print")
    assert background(page) == "rgb(246, 247, 249)"
    page.emulate_media(media="screen", color_scheme="dark")
    page.get_by_label("Colors").select_option("light")
    page.get_by_role("button", name="Save colors").click()
    expect(page.get_by_label("Colors")).to_have_value("light")
    assert background(page) == "rgb(246, 247, 249)"


def test_nothing_of_the_menu_is_cut_at_200_percent(live_stack: Stack, browser_page: Page) -> None:
    page = browser_page
    page.set_viewport_size({"width": 640, "height": 450})  # 1280 pixels at 200 %
    sign_in(page, live_stack, ADMIN_EMAIL)
    for link in page.locator(".topbar-nav a").all():
        box = link.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 640, link.inner_text()
        assert link.evaluate("(one) => one.scrollWidth <= one.clientWidth + 1")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
