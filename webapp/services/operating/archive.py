"""The file of a backup: a ZIP with a line of JSON for each row, a file for each table, and a manifest.

It belongs to no database: a backup of SQLite can be restored into PostgreSQL. Every table has a sum over its rows that
doesn't depend on their order, since databases order text differently.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any, cast
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from webapp.services.core.errors import ServiceError

MANIFEST, KEYS = "manifest.json", "keys.json"
FORMAT = 1
_WIDTH = 2**256
# What reading a damaged ZIP, or lines that aren't ours, can raise.
_DAMAGED = (
    BadZipFile,
    zlib.error,
    struct.error,
    RuntimeError,
    LookupError,
    ValueError,
    ArithmeticError,
    TypeError,
    AttributeError,
    EOFError,
    OSError,
)

Row = dict[str, Any]


class NotABackup(ServiceError):
    """The file isn't a backup, or a part of it is missing or damaged."""


@dataclass
class Count:
    """How many rows a table has, and the sum of their hashes."""

    rows: int = 0
    sum: int = 0

    def add(self, line: bytes) -> None:
        """Count one row, as it is written."""
        self.rows += 1
        self.sum = (self.sum + int.from_bytes(hashlib.sha256(line).digest(), "big")) % _WIDTH


@dataclass
class Manifest:
    """``migration``: the tables' newest. ``keys``: fingerprints of the encryption keys, newest first."""

    version: str
    migration: str
    created_at: str
    database: str
    keys: list[str]
    tables: dict[str, Count] = field(default_factory=dict)
    format: int = FORMAT


def fingerprint(key: str) -> str:
    """What names a key without telling it."""
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def line_of(row: Row) -> bytes:
    """A row as its line: the same bytes for the same values, whatever database they come from."""
    values = {name: _plain(value) for name, value in row.items()}
    return json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def row_of(line: bytes) -> Row:
    """The row of a line."""
    return {name: _value(value) for name, value in json.loads(line).items()}


class Writer:
    """Writes an archive to a file that needn't be seekable; use as a context manager."""

    def __init__(self, target: IO[bytes], manifest: Manifest) -> None:
        self._zip = ZipFile(target, "w", ZIP_DEFLATED, allowZip64=True)
        self.manifest = manifest

    def __enter__(self) -> Writer:
        return self

    def table(self, name: str, rows: Iterable[Row]) -> None:
        """Write all rows of a table."""
        count = self.manifest.tables[name] = Count()
        with self._zip.open(f"tables/{name}.jsonl", "w", force_zip64=True) as part:
            for row in rows:
                line = line_of(row)
                count.add(line)
                part.write(line + b"\n")

    def keys(self, keys: dict[str, list[str]]) -> None:
        """Write the keys themselves."""
        self._zip.writestr(KEYS, json.dumps(keys, indent=2))

    def __exit__(self, kind: object, *_rest: object) -> None:
        # Without a manifest it is no backup, so what broke off can't be taken for one.
        if kind is None:
            self._zip.writestr(MANIFEST, json.dumps(asdict(self.manifest), indent=2))
        self._zip.close()


class Reader:
    """Reads an archive. Raises NotABackup with a sentence."""

    def __init__(self, source: IO[bytes]) -> None:
        try:
            self._zip = ZipFile(source)
            _refuse_overlaps(self._zip)
            said = json.loads(self._zip.read(MANIFEST))
            tables = {name: Count(**count) for name, count in said.pop("tables").items()}
            self.manifest = Manifest(**said, tables=tables)
        except _DAMAGED as error:
            raise NotABackup("This file isn't a backup, or it broke off while it was written.") from error
        if self.manifest.format != FORMAT:
            raise NotABackup("This backup was written by a newer version. Restore it with that version.")

    def rows(self, name: str) -> Iterator[Row]:
        """The rows of a table. Raises NotABackup at the end if they aren't those that the manifest counts."""
        count = Count()
        try:
            with self._zip.open(f"tables/{name}.jsonl") as part:
                for line in part:
                    count.add(line.rstrip(b"\n"))
                    yield row_of(line)
        except _DAMAGED as error:
            raise NotABackup(f"The table {name} is damaged in this backup.") from error
        if count != self.manifest.tables[name]:
            raise NotABackup(f"The table {name} isn't complete in this backup, or somebody changed it.")


def _refuse_overlaps(packed: ZipFile) -> None:
    """Raise BadZipFile where two files begin at one place; Python 3.13 only warns of them while it reads."""
    files = packed.infolist()
    if len({one.header_offset for one in files}) < len(files):
        raise BadZipFile


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, bytes | memoryview):
        return {"bytes": base64.b64encode(value).decode()}
    if isinstance(value, Decimal):
        return {"decimal": format(value.normalize() + 0, "f")}
    if isinstance(value, datetime):
        return {"time": value.isoformat()}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    return {"json": value}


def _value(value: object) -> object:
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "json":
        return content
    text = cast(str, content)
    if kind == "bytes":
        return base64.b64decode(text)
    if kind == "decimal":
        return Decimal(text)
    return datetime.fromisoformat(text) if kind == "time" else date.fromisoformat(text)
