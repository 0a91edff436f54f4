"""The records of one tenant: a table an entity, with indexes of what is looked up often, and of what is looked up once.

With a file, every committed record is also written to SQLite, and read back at the next start.
"""

from __future__ import annotations

import bisect
import itertools
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from operator import itemgetter
from pathlib import Path
from typing import Any

from sandbox import contract
from sandbox.query import Record, Search, Start, key_of
from sandbox.seed.reference import FIRST_ID
from sandbox.values import dumps, loads


class Table:
    """Records by id, in the order of their ids. ``next_id``: the id of the next record that brings none.

    ``indexed``: fields whose indexes are kept from the beginning.
    """

    def __init__(self, next_id: int = 1, indexed: Iterable[str] = ()) -> None:
        self.rows: dict[int, Record] = {}
        self.next_id = next_id
        self._indexes: dict[str, dict[Any, dict[int, None]]] = {name: {} for name in indexed}
        self._order: list[int] | None = None

    def put(self, record: Record) -> None:
        """Add or replace a record. The record given must not be changed afterwards."""
        number = record["id"]
        old = self.rows.get(number)
        for name, index in self._indexes.items():
            if old is not None:
                index.get(key_of(old.get(name)), {}).pop(number, None)
            index.setdefault(key_of(record.get(name)), {})[number] = None
        if old is None:
            self._order = None
        self.rows[number] = record
        self.reserve(number)

    def reserve(self, number: int) -> None:
        """An id that was given once is not given again."""
        self.next_id = max(self.next_id, number + 1)

    def remove(self, number: int) -> None:
        """Take a record out; nothing happens when it is not there."""
        old = self.rows.pop(number, None)
        if old is not None:
            self._order = None
            for name, index in self._indexes.items():
                index.get(key_of(old.get(name)), {}).pop(number, None)

    def find(self, search: Search, after: int = -1) -> Iterator[Record]:
        """Matching records with an id above ``after``, by id."""
        numbers = self._candidates(search.starts)
        first, end = bisect.bisect_right(numbers, after), bisect.bisect_left(numbers, search.before)
        for number in itertools.islice(numbers, first, end):
            record = self.rows[number]
            if search.match(record):
                yield record

    def where(self, name: str, value: Any) -> list[Record]:
        """Records whose field equals ``value``."""
        return [self.rows[number] for number in sorted(self._index(name).get(key_of(value), {}))]

    def _candidates(self, starts: tuple[Start, ...]) -> list[int]:
        """Ids among which all matches are, in order: the fewest that an index knows, or all."""
        size, best = min(
            ((self._size(start), start) for start in starts), key=itemgetter(0), default=(0, None)
        )
        if best is None or size > len(self.rows) // 2:
            if self._order is None:
                self._order = sorted(self.rows)
            return self._order
        found: set[int] = set()
        for name, keys in best.items():
            if name == "id":
                found.update(key for key in keys if isinstance(key, int) and key in self.rows)
            else:
                index = self._index(name)
                found.update(number for key in keys for number in index.get(key, ()))
        return sorted(found)

    def _size(self, start: Start) -> int:
        """How many records an index would bring, at most."""
        size = 0
        for name, keys in start.items():
            if name == "id":
                size += len(keys)
            else:
                index = self._index(name)
                size += sum(len(index.get(key, ())) for key in keys)
        return size

    def _index(self, name: str) -> dict[Any, dict[int, None]]:
        if name not in self._indexes:
            index: dict[Any, dict[int, None]] = {}
            for number, record in self.rows.items():
                index.setdefault(key_of(record.get(name)), {})[number] = None
            self._indexes[name] = index
        return self._indexes[name]


class Store:
    """All tables of one tenant. Work on them is done inside ``with store:``, which makes each request's work atomic:
    others wait, and a file gets all of it or nothing.
    """

    def __init__(self, code: str, file: Path | None = None) -> None:
        self.code = code
        self.lock = threading.RLock()
        self._depth = 0
        self.tables: dict[str, Table] = {}
        self.version = 0  # grows with every change
        self._before: list[tuple[str, int, Record | None]] = []  # what the work at hand replaced
        self._file = _open(file) if file is not None else None
        if self._file is not None:
            self._load(self._file)

    def __enter__(self) -> Store:
        self.lock.acquire()
        self._depth += 1
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._depth -= 1
        try:
            if self._depth == 0 and kind is not None:
                self._undo()
            if self._depth == 0:
                self._before.clear()
                if self._file is not None:
                    self._file.commit()
        finally:
            self.lock.release()

    def _undo(self) -> None:
        """Put back what was there before the work that failed. The ids it took stay taken."""
        if self._file is not None:
            self._file.rollback()
        for entity, number, record in reversed(self._before):
            if record is None:
                self.table(entity).remove(number)
            else:
                self.table(entity).put(record)
        self.version += 1

    def table(self, entity: str) -> Table:
        """The table of an entity."""
        table = self.tables.get(entity)
        if table is None:
            fields = contract.entities()[entity].fields.values()
            indexed = [field.name for field in fields if field.indexed]
            table = self.tables[entity] = Table(FIRST_ID[entity], indexed)
        return table

    def put(self, entity: str, record: Record) -> None:
        """Add or replace a record, in memory and on the file."""
        self.version += 1
        table = self.table(entity)
        self._before.append((entity, record["id"], table.rows.get(record["id"])))
        table.put(record)
        if self._file is not None:
            self._file.execute(
                "INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?)",
                (self.code, entity, record["id"], dumps(record)),
            )

    def put_many(self, entity: str, records: list[Record]) -> None:
        """Add many records in one go."""
        self.version += 1
        table = self.table(entity)
        for record in records:
            self._before.append((entity, record["id"], table.rows.get(record["id"])))
            table.put(record)
        if self._file is not None:
            self._file.executemany(
                "INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?)",
                [(self.code, entity, record["id"], dumps(record)) for record in records],
            )

    def remove(self, entity: str, number: int) -> None:
        """Take a record out."""
        self.version += 1
        table = self.table(entity)
        self._before.append((entity, number, table.rows.get(number)))
        table.remove(number)
        if self._file is not None:
            self._file.execute(
                "DELETE FROM record WHERE tenant = ? AND entity = ? AND id = ?",
                (self.code, entity, number),
            )
            self._file.execute(
                "INSERT OR REPLACE INTO taken VALUES (?, ?, ?)", (self.code, entity, table.next_id - 1)
            )

    def clear(self) -> None:
        """Forget everything."""
        self.version += 1
        self.tables.clear()
        self._before.clear()
        if self._file is not None:
            self._file.execute("DELETE FROM record WHERE tenant = ?", (self.code,))
            self._file.execute("DELETE FROM taken WHERE tenant = ?", (self.code,))

    def close(self) -> None:
        """Let go of the file."""
        with self.lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def remember(self, about: dict[str, Any]) -> None:
        """Keep what the tenant itself is like."""
        if self._file is not None:
            self._file.execute("INSERT OR REPLACE INTO tenant VALUES (?, ?)", (self.code, dumps(about)))

    def forget(self) -> None:
        """Forget the tenant with everything in it."""
        self.clear()
        if self._file is not None:
            self._file.execute("DELETE FROM tenant WHERE code = ?", (self.code,))

    def _load(self, file: sqlite3.Connection) -> None:
        rows = file.execute("SELECT entity, body FROM record WHERE tenant = ? ORDER BY id", (self.code,))
        for entity, body in rows:
            self.table(entity).put(loads(body))
        taken = file.execute("SELECT entity, id FROM taken WHERE tenant = ?", (self.code,))
        for entity, number in taken:
            self.table(entity).reserve(number)


def _open(file: Path) -> sqlite3.Connection:
    # Used under the store's lock only, so threads may share it.
    connection = sqlite3.connect(str(file), timeout=30, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS record (tenant TEXT, entity TEXT, id INTEGER, body TEXT, "
        "PRIMARY KEY (tenant, entity, id))"
    )
    connection.execute("CREATE TABLE IF NOT EXISTS tenant (code TEXT PRIMARY KEY, body TEXT)")
    # The highest id that was given, where its record may be gone.
    connection.execute(
        "CREATE TABLE IF NOT EXISTS taken (tenant TEXT, entity TEXT, id INTEGER, PRIMARY KEY (tenant, entity))"
    )
    return connection


def tenants(file: Path) -> list[tuple[str, dict[str, Any]]]:
    """The tenants that a file knows: code, and what was remembered of it."""
    connection = _open(file)
    rows = connection.execute("SELECT code, body FROM tenant ORDER BY rowid").fetchall()
    connection.close()
    return [(code, loads(body)) for code, body in rows]
