"""Reps with a browser each: mostly they look, now and then they change and publish, and a customer opens a link.

They think before every click. Where a browser with JavaScript asks for a part of a page, so do they.
"""

from __future__ import annotations

import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from random import Random
from urllib.parse import urljoin

import requests

from chaos.place import from_elsewhere
from smoke.admin import PASSWORD
from smoke.forms import Form
from smoke.rep import Customer, Rep
from smoke.visitor import Stuck
from smoke.wanted import Line

# Seconds between two clicks.
THINKS = 1.5
ERRORS = (Stuck, requests.RequestException, KeyError, IndexError)


class Clock:
    """How long each request took in seconds, by what was done, and which ones failed."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.errors: list[str] = []
        self._lock = threading.Lock()

    def note(self, what: str, seconds: float) -> None:
        """One request that was answered."""
        with self._lock:
            self.seconds[what].append(seconds)

    def failed(self, what: str, error: Exception) -> None:
        """One that wasn't, or not as hoped."""
        with self._lock:
            self.errors.append(f"{what}: {error}"[:300])


class TimedRep(Rep):
    """A rep whose requests are timed, each for itself, until the response's head is there.

    ``think``: waits as long as somebody does before a click.
    """

    clock: Clock
    doing = ""

    @staticmethod
    def think() -> None:
        """Until they work, they don't."""

    def open(self, path: str) -> str:
        """Think, then open a page."""
        self.think()
        return super().open(path)

    def send(self, form: Form, values: Mapping[str, str | bool] | None = None) -> str:
        """Think, then send a form."""
        self.think()
        return super().send(form, values)

    @contextmanager
    def in_page(self) -> Iterator[None]:
        """Ask for parts of the page that is open, as htmx does."""
        self.session.headers["HX-Request"] = "true"
        try:
            yield
        finally:
            del self.session.headers["HX-Request"]

    def _take(self, response: requests.Response) -> str:
        for each in (*response.history, response):
            self.clock.note(self.doing, each.elapsed.total_seconds())
        return super()._take(response)


class Person:
    """One rep at a desk, with a quote of their own."""

    def __init__(self, address: str, number: int, email: str) -> None:
        self.number, self.email = number, email
        self.chance = Random(f"load {number}")  # noqa: S311  no secret
        self.rep = TimedRep(address, timeout=60)
        self.rep.clock = Clock()
        from_elsewhere(self.rep, number)
        self.link = ""
        self.turn = 0
        self.changes = 0

    def sign_in(self, together: threading.Barrier, rush: list[float]) -> None:
        """All at the same moment; the time of each is added to ``rush``."""
        self.rep.open("/login")
        form = self.rep.form(having="password")
        together.wait()
        started = time.perf_counter()
        self.rep.send(form, {"email": self.email, "password": PASSWORD})
        rush.append(time.perf_counter() - started)

    def begin(self) -> None:
        """A first quote, published."""
        self._new_quote()
        self._publish()

    def work(self, clock: Clock, over: threading.Event) -> None:
        """Click after click until ``over``."""
        self.rep.clock = clock
        self.rep.think = lambda: self._think(over)  # type: ignore[method-assign]
        while not over.is_set():
            what, act = self.chance.choices(self._actions(), weights=(14, 14, 16, 10, 8, 14, 10, 5, 5, 2))[0]
            self.rep.doing = what
            try:
                act()
            except ERRORS as error:
                if not over.is_set():
                    clock.failed(what, error)

    def _think(self, over: threading.Event) -> None:
        over.wait(self.chance.uniform(0.5 * THINKS, 1.5 * THINKS))

    def _actions(self) -> list[tuple[str, Callable[[], object]]]:
        rep = self.rep
        return [
            ("home page", lambda: rep.open("/")),
            ("list of quotes", lambda: rep.open("/quotes/")),
            ("open a quote", lambda: rep.open(rep.quote_path)),
            ("people", lambda: rep.open("/people/")),
            ("items", lambda: rep.open("/items/")),
            ("change a line", self._change),
            ("search", self._search),
            ("customer's page", self._customer),
            ("publish", self._publish),
            ("new quote", self._new_quote),
        ]

    def _search(self) -> None:
        with self.rep.in_page():
            self.rep.open(f"{self.rep.quote_path}/find?q=box")

    def _customer(self) -> None:
        self.rep.think()
        elsewhere = {"X-Forwarded-For": f"203.0.{self.number // 250}.{self.number % 250 + 1}"}
        response = requests.get(urljoin(self.rep.base_url, self.link), headers=elsewhere, timeout=60)
        self.rep.clock.note("customer's page", response.elapsed.total_seconds())
        if not response.ok:
            raise Stuck(f"The customer's page answered {response.status_code}.")

    def _change(self) -> None:
        line = re.search(r'id="row-([^"]+)"', self.rep.open(self.rep.quote_path))
        if line is None:
            raise Stuck("The quote has no line.")
        # Another one each time: what didn't change isn't published again.
        self.changes += 1
        with self.rep.in_page():
            self.rep.open(f"{self.rep.quote_path}/details/{line[1]}")
            self.rep.send(self.rep.form(having="description"), {"description": f"Change {self.changes}"})

    def _publish(self) -> None:
        self._change()
        self.rep.publish()
        self.link = self.rep.customer_link()

    def _new_quote(self) -> None:
        self.turn += 1
        mark = f"{self.number}-{self.turn}"
        before = self.rep.quote_path
        try:
            self.rep.start_quote(
                Customer(f"Load {mark} Ltd", "Lee", f"Load {mark}", f"lee@load-{mark}.example")
            )
            for box in range(3):
                self.rep.add_line(Line(f"Box {mark} {box}", Decimal(2), Decimal("19.99")), "")
        except ERRORS:
            self.rep.quote_path = before or self.rep.quote_path
            raise
