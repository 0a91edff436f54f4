"""The customer's page at the first visit, in a real Chromium: its weight before images, and when it is first painted.

Slow 4G is what Lighthouse takes for it: 1.6 Mbit/s and 150 ms for each request. Lighthouse's own way to apply it, 562
ms a request for the connection and its TLS and a processor 4 times as slow, is measured beside it, as information. So
is what moves after the first paint, as the cumulative layout shift (good: below 0.1).
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from playwright.sync_api import Browser, ViewportSize, sync_playwright

import config
from bench import results
from stack import Options, Stack
from tests.browser.people import REP_EMAIL
from tests.support.browser import ARGUMENTS, find_chromium
from webapp import create_app
from webapp.models import Person, User, db
from webapp.services.company.brand import brand, kept
from webapp.services.core import work
from webapp.services.quoting.draft import editing, lines
from webapp.services.quoting.lifecycle import publishing

LINES = 16
ROUNDS = 5
KILOBYTE = 1000
# Bytes a second, as 1.6 Mbit/s.
SPEED = 1_638_400 / 8
WAIT_MS, LIGHTHOUSE_WAIT_MS, SLOWDOWN = 150.0, 562.5, 4
TARGET_KB, TARGET_MS = 100.0, 1500.0
PHONE = ViewportSize(width=390, height=844)
PAINTED = """() => new Promise((done) => {
  const found = performance.getEntriesByName("first-contentful-paint")[0];
  if (found) done(found.startTime);
  else new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (one.name === "first-contentful-paint") done(one.startTime);
  }).observe({type: "paint", buffered: true});
})"""


SHIFTED = """() => new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) sum += one.value;
  }).observe({type: "layout-shift", buffered: true});
  requestAnimationFrame(() => requestAnimationFrame(() => done(sum)));
})"""


@dataclass(frozen=True)
class Visit:
    """``painted``: first, in milliseconds; ``shift``: of the layout; ``sizes``: kind and bytes of what was loaded."""

    painted: float
    shift: float
    sizes: list[tuple[str, int]]


@dataclass(frozen=True)
class Measured:
    """Of one font: kilobytes on the wire, of which fonts; medians in milliseconds."""

    font: str
    kb: float
    fonts_kb: float
    requests: int
    slow_4g: float
    lighthouse: float
    shift: float


def main() -> list[str]:
    """Measure, print and save. Returns the missed targets."""
    path = find_chromium()
    if path is None:
        print("No Chromium was found, so nothing was measured.")
        return ["chromium"]
    found = []
    print(
        f"{'font':>15}  {'weight':>8}  {'fonts':>8}  {'requests':>8}  {'slow 4G':>8}  {'Lighthouse':>10}  {'shift':>6}"
    )
    with _desk() as (stack, app), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        for font in brand.FONTS:
            with app.app_context():
                address = f"{stack.web_url}/q/{_published(font)}"
            one = _measured(browser, address, font)
            found.append(one)
            print(
                f"{font:>15}  {one.kb:5.1f} kB  {one.fonts_kb:5.1f} kB  {one.requests:8}  {one.slow_4g:5.0f} ms"
                f"  {one.lighthouse:7.0f} ms  {one.shift:6.3f}"
            )
        browser.close()
    results.save("page", [asdict(one) for one in found])
    return [
        f"{one.font}: {name}"
        for one in found
        for name, missed in (("weight", one.kb > TARGET_KB), ("first paint", one.slow_4g > TARGET_MS))
        if missed
    ]


@contextmanager
def _desk() -> Iterator[tuple[Stack, Flask]]:
    with tempfile.TemporaryDirectory(prefix="quotewright-bench-") as folder:
        options = Options(data=Path(folder), port=0, sandbox_port=0, web_processes=2)
        with Stack(options) as stack:
            app = create_app(config.load(stack.env))
            yield stack, app
            with app.app_context():
                db.engine.dispose()


def _published(font: str) -> str:
    """The token of a quote with ``LINES`` lines, some of them monthly, one optional."""
    rep = db.session.scalars(db.select(User).where(User.email == REP_EMAIL)).one()
    with work.unit():
        kept.save(rep, None, {**kept.shown(brand.default()), "font": font})
        quote = editing.create(rep, person=db.session.scalars(db.select(Person).limit(1)).one())
        for number in range(LINES):
            values = {"name": f"Item {number}", "unit_price": f"{number + 10}.25", "quantity": "2"}
            values["recurrence"] = "monthly" if number % 4 == 3 else "one_time"
            values["description"] = "A switch with 48 ports, rails and a power cord."
            if number == LINES - 1:
                values["is_optional"] = "1"
            lines.add_ad_hoc(rep, quote.id, values)
    publishing.publish(rep, quote.id)
    return quote.public_token


def _measured(browser: Browser, address: str, font: str) -> Measured:
    _visit(browser, address)  # the server's first answer compiles templates
    sizes = _visit(browser, address).sizes
    slow = [_visit(browser, address, WAIT_MS) for _ in range(ROUNDS)]
    lighthouse = [_visit(browser, address, LIGHTHOUSE_WAIT_MS, SLOWDOWN).painted for _ in range(ROUNDS)]
    return Measured(
        font,
        sum(size for _, size in sizes) / KILOBYTE,
        sum(size for kind, size in sizes if kind == "Font") / KILOBYTE,
        len(sizes),
        statistics.median(one.painted for one in slow),
        statistics.median(lighthouse),
        max(one.shift for one in slow),
    )


def _visit(browser: Browser, address: str, wait: float = 0.0, slowdown: int = 1) -> Visit:
    """A first visit. ``wait``: milliseconds for each request on slow 4G; images aren't counted."""
    context = browser.new_context(viewport=PHONE, device_scale_factor=2, is_mobile=True, locale="en-US")
    try:
        page = context.new_page()
        client = context.new_cdp_session(page)
        kinds: dict[str, str] = {}
        sizes: dict[str, int] = {}

        def answered(said: dict[str, Any]) -> None:
            kinds[said["requestId"]] = said["type"]

        def loaded(said: dict[str, Any]) -> None:
            sizes[said["requestId"]] = int(said["encodedDataLength"])

        client.on("Network.responseReceived", answered)
        client.on("Network.loadingFinished", loaded)
        client.send("Network.enable")
        if wait:
            limits = {"latency": wait, "downloadThroughput": SPEED, "uploadThroughput": SPEED}
            client.send("Network.emulateNetworkConditions", {"offline": False, **limits})
        if slowdown > 1:
            client.send("Emulation.setCPUThrottlingRate", {"rate": slowdown})
        page.goto(address, wait_until="networkidle")
        painted, shift = float(page.evaluate(PAINTED)), float(page.evaluate(SHIFTED))
        kept = [(kinds[one], size) for one, size in sizes.items() if kinds.get(one) not in (None, "Image")]
        return Visit(painted, shift, kept)
    finally:
        context.close()
