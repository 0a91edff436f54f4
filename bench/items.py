"""The item library with 100,000 items, on SQLite and on PostgreSQL: how long a search and a page of the list take.

The target: each in under 50 ms (median) with 100,000 items, but for the words that no item begins with, which are
looked for in every row. The ratio shows what a hundred times as many items cost. No search reads the whole table of
words: the plan of each is checked.
"""

from __future__ import annotations

import logging
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import psycopg

import config
from bench import results
from tests.support import samples
from tests.support.databases import migrate, with_database
from tests.support.postgres import postgres_server
from tests.support.settings import environment
from webapp import create_app
from webapp.models import Category, Item, ItemWord, User, db, names, utc_now
from webapp.services.catalog import favorites, finding, items, listing
from webapp.services.catalog.listing import Wish
from webapp.services.company import place
from webapp.services.core import work
from webapp.services.quoting.draft import editing, lines

FEW, MANY = 1_000, 100_000
ROUNDS = 31
TARGET_MS = 50.0
AT_ONCE = 5_000
MAKERS = (
    "Dell",
    "Lenovo",
    "HP",
    "Cisco",
    "Fortinet",
    "SonicWall",
    "Ubiquiti",
    "APC",
    "Logitech",
    "Microsoft",
)
KINDS = (
    "Laptop",
    "Switch",
    "Firewall",
    "Access Point",
    "Cable",
    "Monitor",
    "Dock",
    "Server",
    "License",
    "Battery",
)
SERIES = ("Pro", "Elite", "Max", "Core", "Edge", "Prime", "Ultra", "Swift", "Nova", "Apex", "Terra", "Vega")
SUPPLIERS = ("Ingram Micro", "TD Synnex", "D&H", "Pax8", "ADI")
# Searches by what is typed; “in every row” has no word that an item begins with.
SEARCHES = {
    "a part number": "MPN-500-X",
    "a supplier's SKU": "SUP00500",
    "two words": "fortinet 512",
    "three words in another order": "switch apex cisco",
    "a word of a tenth": "laptop",
    "two words of a tenth each": "dell laptop",
    "a letter": "s",
    "two letters": "la",
}
MISSES = {"in every row": "qzqz", "in every row, two words": "latptop qzqz"}
LISTS = {
    "the first page": Wish(),
    "page 1,500": Wish(page=1_500),
    "by price": Wish(sort="-price", page=40),
    "by the age of costs": Wish(sort="cost_date"),
    "of a category": Wish(category_id=3),
    "of a supplier": Wish(supplier="Pax8", sort="sku"),
    "with an old cost": Wish(shown=listing.STALE),
    "inactive": Wish(shown=listing.INACTIVE),
    "of a word": Wish(text="firewall", page=3),
}


@dataclass(frozen=True)
class Answer:
    """One question: median milliseconds with few and with many items."""

    database: str
    what: str
    few_ms: float
    many_ms: float


@contextmanager
def _desk(url: str) -> Iterator[User]:
    with tempfile.TemporaryDirectory(prefix="quotewright-bench-") as folder:
        settings = environment(DATABASE_URL=url or f"sqlite:///{folder}/bench.db", QUOTEWRIGHT_DATA=folder)
        migrate(settings["DATABASE_URL"])
        app = create_app(config.load(settings))
        logging.getLogger().setLevel(logging.WARNING)
        with app.app_context():
            yield samples.admin()
            db.session.remove()
            db.engine.dispose()


def _have(count: int) -> None:
    """As many items, of names like real ones, alike on each run."""
    have = db.session.scalar(db.select(db.func.count()).select_from(Item)) or 0
    with work.unit():
        if not have:
            db.session.add_all(Category(name=name) for name in KINDS)
            db.session.flush()
        for start in range(have, count, AT_ONCE):
            rows = [_row(number) for number in range(start, min(start + AT_ONCE, count))]
            db.session.execute(db.insert(Item), rows)
            texts = ((row["id"], [str(row[name]) for name in Item.searched]) for row in rows)
            words = [
                {"item_id": key, "word": word} for key, text in texts for word in names.search_words(text)
            ]
            db.session.execute(db.insert(ItemWord), words)
    db.session.commit()
    if db.engine.dialect.name == "postgresql":
        # As its autovacuum does a minute later.
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(db.text("VACUUM ANALYZE"))


def _row(number: int) -> dict[str, Any]:
    chance = random.Random(number)  # noqa: S311  no secret
    kind = chance.randrange(len(KINDS))
    row: dict[str, Any] = {
        "id": number + 1,
        "name": f"{chance.choice(MAKERS)} {chance.choice(SERIES)} {KINDS[kind]} {chance.randrange(10_000)}",
        "sku": f"SKU{number:06d}",
        "mpn": f"MPN-{number}-X",
        "manufacturer": chance.choice(MAKERS),
        "supplier": chance.choice(SUPPLIERS),
        "supplier_sku": f"SUP{number:05d}",
        "category_id": kind + 1,
        "unit_price": Decimal(chance.randrange(100, 500_000)) / 100,
        "unit_cost": Decimal(chance.randrange(50, 300_000)) / 100,
        "cost_date": place.today() - timedelta(days=chance.randrange(900)),
        "is_active": bool(chance.randrange(20)),
        "description": "",
    }
    texts = [str(row[name]) for name in Item.searched]
    return row | {"name_key": names.name_key(row["name"]), "search_key": names.search_key(texts)}


def _own(user: User) -> None:
    """Some favorites, and quotes that used items."""
    for number in range(20):
        favorites.mark(user, items.get(number * 7 + 1), wanted=True)
    for start in range(10):
        quote = editing.create(user)
        for number in range(5):
            lines.add_item(user, quote.id, items.get(start * 31 + number + 1))


def _median(task: Callable[[], Any]) -> float:
    taken = []
    for _ in range(ROUNDS):
        db.session.rollback()
        db.session.expunge_all()
        start = time.perf_counter()
        task()
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken)


def _ask(user_id: int) -> dict[str, float]:
    def viewer() -> User:
        return db.session.get_one(User, user_id)

    def search(text: str) -> None:
        items.search(text, limit=8, viewer=viewer())

    def page(wish: Wish) -> None:
        listing.of(viewer(), wish)

    with work.reading():
        asked = {f"search: {what}": _median(partial(search, text)) for what, text in SEARCHES.items()}
        asked |= {f"search: {what}": _median(partial(search, text)) for what, text in MISSES.items()}
        asked |= {f"list: {what}": _median(partial(page, wish)) for what, wish in LISTS.items()}
        db.session.rollback()
    return asked


def _reads_every_word() -> list[str]:
    """The searches whose look-up reads the whole table of words instead of its index."""
    found = []
    explain = "EXPLAIN QUERY PLAN " if db.engine.dialect.name == "sqlite" else "EXPLAIN "
    for what, text in SEARCHES.items():
        query = finding.having_all([names.squeezed(word) for word in text.split()])
        compiled = query.compile(db.engine, compile_kwargs={"literal_binds": True})
        plan = "\n".join(str(tuple(row)) for row in db.session.execute(db.text(explain + str(compiled))))
        if "SCAN item_word" in plan or "Seq Scan on item_word" in plan:
            found.append(what)
    db.session.rollback()
    return found


def _measure(database: str, url: str) -> tuple[list[Answer], list[str]]:
    with _desk(url) as user:
        user_id = user.id
        _have(FEW)
        _own(user)
        few = _ask(user_id)
        start = time.monotonic()
        _have(MANY)
        print(f"  {database}: {MANY:,} items in {time.monotonic() - start:.0f} s at {utc_now():%H:%M}")
        many = _ask(user_id)
        scans = [f"{database}: {what}" for what in _reads_every_word()]
    return [Answer(database, what, few[what], many[what]) for what in few], scans


def main() -> list[str]:
    """Measure, print and save. Returns the missed targets."""
    with postgres_server() as admin:
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute("CREATE DATABASE bench_items")
        measured, scans = _measure("SQLite", "")
        more, others = _measure("PostgreSQL", with_database(admin, "bench_items"))
    measured, scans = [*measured, *more], [*scans, *others]
    print(f"\n{'':44}{'1,000':>10}{'100,000':>10}{'ratio':>8}")
    for one in measured:
        ratio = one.many_ms / one.few_ms
        print(f"{one.database + ' ' + one.what:44}{one.few_ms:>8.1f}ms{one.many_ms:>8.1f}ms{ratio:>8.1f}")
    results.save("items", [asdict(one) for one in measured])
    missed = [
        f"{one.database} {one.what}"
        for one in measured
        if one.many_ms > TARGET_MS and one.what.removeprefix("search: ") not in MISSES
    ]
    print(f"\nTarget {TARGET_MS:.0f} ms: {'missed by ' + ', '.join(missed) if missed else 'met'}.")
    print(f"Searches that read every word: {', '.join(scans) or 'none'}.")
    return [*missed, *scans]
