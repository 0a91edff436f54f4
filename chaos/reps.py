"""Reps and customers under load, and a note of everything that a page confirmed to one of them."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random

import requests

from chaos.place import ADMIN, PASSWORD, from_elsewhere
from smoke.customer import Buyer
from smoke.rep import Customer, Rep
from smoke.visitor import Stuck
from smoke.wanted import Line

REQUESTS = 15.0


@dataclass
class Told:
    """What people know of one quote: ``revisions`` were confirmed, ``maybe`` was asked for without an answer.

    The amounts are those of its lines.
    """

    company: str
    revisions: list[Decimal] = field(default_factory=list)
    maybe: list[Decimal] = field(default_factory=list)
    is_accepted: bool = False


class Ledger:
    """Kept by all reps together. ``refused``: how requests failed, by kind."""

    def __init__(self) -> None:
        self.quotes: dict[int, Told] = {}
        self.refused: Counter[str] = Counter()
        self.bugs: list[str] = []
        self.confirmed = 0
        self._lock = threading.Lock()

    def published(self, number: int, told: Told) -> None:
        """A page said that the quote was published as it is."""
        with self._lock:
            self.quotes[number] = told
            told.revisions.append(told.maybe[-1])
            told.maybe.clear()
            self.confirmed += 1

    def accepted(self, told: Told) -> None:
        """A page thanked the customer."""
        with self._lock:
            told.is_accepted = True
            self.confirmed += 1

    def failed(self, error: Exception) -> None:
        """A request had no answer, or another one than hoped for."""
        text = str(error)
        with self._lock:
            if isinstance(error, requests.RequestException):
                self.refused["no answer"] += 1
            elif " answered 503" in text:
                self.refused["503 with a sentence"] += 1
            elif " answered 429" in text:
                self.refused["429, too many from one address"] += 1
            elif " answered 5" in text:
                self.refused["500"] += 1
                self.bugs.append(text[:300])
            else:
                self.refused["other"] += 1
                self.bugs.append(text[:300])


class OneRep:
    """A rep who works until told to stop, and begins with another quote whenever something fails."""

    def __init__(self, address: str, number: int, ledger: Ledger, over: threading.Event, seed: int) -> None:
        self.number, self.ledger, self.over = number, ledger, over
        self.address = address
        self.chance = Random(f"{seed}/rep {number}")  # noqa: S311  no secret
        self.rep = Rep(address, timeout=REQUESTS)
        self.turn = 0
        from_elsewhere(self.rep, number)

    def work(self) -> None:
        """Until ``over`` is set."""
        is_in = False
        while not self.over.wait(self.chance.uniform(1.0, 3.0)):
            try:
                if not is_in:
                    self._sign_in()
                    is_in = True
                self._one_quote()
            except (Stuck, requests.RequestException, KeyError, IndexError) as error:
                if not self.over.is_set():
                    self.ledger.failed(error)
                # A session outlives what broke; who isn't sent to the sign-in page has it still.
                is_in = "/login" not in self.rep.url

    def _sign_in(self) -> None:
        self.rep.open("/login")
        if "/login" in self.rep.url:
            self.rep.send(self.rep.form(having="password"), {"email": ADMIN, "password": PASSWORD})

    def _one_quote(self) -> None:
        self.turn += 1
        mark = f"{self.number}-{self.turn}"
        told = Told(f"Chaos {mark} Ltd")
        rep = self.rep
        rep.start_quote(Customer(told.company, "Lee", f"Load {mark}", f"lee@{mark}.example"))
        box = Line(f"Box {mark}", Decimal(2), Decimal("19.99"))
        rep.add_line(box, "")
        self._publish(told, box)
        if self.chance.random() < 0.2:
            link = rep.customer_link()
            buyer = Buyer(self.address, timeout=REQUESTS)
            from_elsewhere(buyer, self.number + 1000 + self.turn)
            buyer.sign(link, "Lee Load", [], {})
            self.ledger.accepted(told)
            return
        changed = replace(box, quantity=Decimal(self.chance.randint(3, 9)))
        rep.change_line(0, changed)
        self._publish(told, changed)

    def _publish(self, told: Told, line: Line) -> None:
        told.maybe.append(line.quantity * line.price)
        self.ledger.published(self.rep.publish(), told)


def start(
    address: str, ledger: Ledger, over: threading.Event, count: int, seed: int
) -> list[threading.Thread]:
    """``count`` reps in threads of their own."""
    reps = [OneRep(address, number, ledger, over, seed) for number in range(count)]
    threads = [threading.Thread(target=each.work, daemon=True) for each in reps]
    for thread in threads:
        thread.start()
    return threads
