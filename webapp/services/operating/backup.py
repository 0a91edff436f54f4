"""Back up and restore: everything that Quotewright keeps is in its database, and the keys are with the operator.

Owns its transactions: one that sees a single moment while others write, and one that restores everything or nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import IO

import sqlalchemy as sa
from sqlalchemy.engine import Connection

import config
from webapp.models import AcceptanceDocument, RevisionDocument, db, utc_now
from webapp.services.core import work
from webapp.services.core.errors import ServiceError
from webapp.services.core.runtime import Runtime
from webapp.services.diary import chain
from webapp.services.operating import readiness
from webapp.services.operating.archive import Count, Manifest, Reader, Row, Writer, fingerprint, line_of

AT_ONCE = 200
# Whoever has a row in one of these has begun to work here.
_IN_USE = ("user_account", "quote", "diary_entry")


class NothingToMove(ServiceError):
    """Nobody has worked in the database that should be moved, or it is the one to move to."""


class NotEmpty(ServiceError):
    """The database that should be restored into holds something already."""


@dataclass(frozen=True)
class Restored:
    """``tampered``: how the diary was changed before the backup, empty if it wasn't. ``missing_keys``: the backup's
    credentials need an encryption key that isn't set here.
    """

    manifest: Manifest
    documents: int
    entries: int
    tampered: str
    missing_keys: bool


def write(runtime: Runtime, target: IO[bytes], *, with_keys: bool = False) -> Manifest:
    """Write a backup of this moment to ``target`` while others go on working. Raises ServiceError."""
    manifest = Manifest(
        version=config.version(),
        migration=_migration(),
        created_at=utc_now().isoformat(timespec="seconds"),
        database=db.engine.dialect.name,
        keys=[fingerprint(key) for key in runtime.config.encryption_keys],
    )
    with _one_moment() as connection, Writer(target, manifest) as archive:
        for table in _tables():
            archive.table(table.name, _rows(connection, table))
        if with_keys:
            keys = {"encryption_keys": list(runtime.config.encryption_keys)}
            archive.keys({**keys, "secret_key": [runtime.config.secret_key]})
    return manifest


def restore(runtime: Runtime, source: IO[bytes]) -> Restored:
    """Restore a backup into a migrated database in which nobody has worked, and verify it; or change nothing.

    Raises NotABackup, NotEmpty, or ServiceError where the backup belongs to another version.
    """
    archive = Reader(source)
    manifest = archive.manifest
    here = _migration()
    if manifest.migration != here:
        raise ServiceError(
            f"This backup is of version {manifest.version} (migration {manifest.migration}), and the database here is "
            f"at migration {here}. Restore it with that version into an empty database, then upgrade."
        )
    with work.writing(), db.engine.begin() as connection:
        _refuse_used(connection)
        for table in reversed(_tables()):
            connection.execute(table.delete())  # what migrations put there
        for table in _tables():
            _fill(connection, table, archive.rows(table.name))
        _verify(connection, manifest)
        documents = _check_documents(connection)
    checked = chain.check(None)
    db.session.rollback()
    ours = {fingerprint(key) for key in runtime.config.encryption_keys}
    return Restored(
        manifest, documents, checked.entries, checked.sentence, missing_keys=not set(manifest.keys) <= ours
    )


def _tables() -> list[sa.Table]:
    """Every table, each after those that it refers to."""
    return db.metadata.sorted_tables


def _migration() -> str:
    sentence = next((check.sentence for check in readiness.of_web() if not check.is_ok), "")
    db.session.rollback()  # what follows has a transaction of its own
    if sentence:
        raise ServiceError(sentence)
    return ",".join(sorted(readiness.newest_migrations()))


@contextmanager
def _one_moment() -> Iterator[Connection]:
    """A connection whose transaction sees the database as it is now, whatever others commit meanwhile."""
    # https://www.postgresql.org/docs/current/transaction-iso.html#XACT-REPEATABLE-READ
    with work.reading(), db.engine.connect() as connection:
        if db.engine.dialect.name == "postgresql":
            connection = connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        yield connection


def _rows(connection: Connection, table: sa.Table) -> Iterator[Row]:
    result = connection.execute(table.select(), execution_options={"yield_per": AT_ONCE})
    return (dict(row) for row in result.mappings())


def _is_used(connection: Connection) -> bool:
    tables = [db.metadata.tables[name] for name in _IN_USE]
    return any(
        connection.execute(sa.select(sa.literal(1)).select_from(one).limit(1)).first() for one in tables
    )


def _refuse_used(connection: Connection) -> None:
    if _is_used(connection):
        raise NotEmpty(
            "This database isn't empty, so nothing was restored. Create a new, empty one, set DATABASE_URL to it, run "
            "flask db upgrade, and restore there."
        )


def check_source(target: str) -> str:
    """The name of the database that would be moved to the address ``target``. Raises NothingToMove."""
    here = db.engine.url
    name = here.render_as_string(hide_password=True)
    there = sa.make_url(target)
    if (here.host, here.port, here.database, dict(here.query)) == (
        *(there.host, there.port, there.database),
        dict(there.query),
    ):
        raise NothingToMove(
            f"That is the database in use ({name}). Set DATABASE_URL to the one to move from."
        )
    _migration()
    with db.engine.connect() as connection:
        if not _is_used(connection):
            raise NothingToMove(
                f"Nobody has worked in {name} yet, so there is nothing to move. Set DATABASE_URL to the database to "
                "move from, or QUOTEWRIGHT_DATA to its folder."
            )
    return name


def _fill(connection: Connection, table: sa.Table, rows: Iterator[Row]) -> None:
    """Insert the rows. What refers to a row of its own table is set once all of them are there."""
    target = table.to_metadata(sa.MetaData())
    for column in target.columns:
        column.onupdate = None  # what is restored was changed when it was changed
        if isinstance(column.type, sa.JSON):
            column.type = sa.JSON(none_as_null=True)  # as it was: NULL, not the JSON text null
    own = [
        column.name
        for column in table.columns
        if any(key.column.table is table for key in column.foreign_keys)
    ]
    later: list[Row] = []
    while some := list(islice(rows, AT_ONCE)):
        later += [row for row in some if any(row[name] is not None for name in own)]
        connection.execute(target.insert(), [{**row, **dict.fromkeys(own)} for row in some])
    for row in later:
        same = [column == row[column.name] for column in target.primary_key]
        connection.execute(target.update().where(*same).values({name: row[name] for name in own}))
    _count_on(connection, table)


def _count_on(connection: Connection, table: sa.Table) -> None:
    """Let PostgreSQL number new rows after the restored ones; SQLite does by itself."""
    if connection.dialect.name != "postgresql" or "id" not in table.columns:
        return
    sequence = connection.scalar(sa.select(sa.func.pg_get_serial_sequence(table.name, "id")))
    if sequence:
        newest = connection.scalar(sa.select(sa.func.max(table.columns["id"])))
        if newest is not None:
            connection.execute(sa.select(sa.func.setval(sequence, newest)))


def _verify(connection: Connection, manifest: Manifest) -> None:
    """Read everything again as it is stored now. Raises ServiceError where it isn't what the backup has."""
    for table in _tables():
        found = Count()
        for row in _rows(connection, table):
            found.add(line_of(row))
        if found != manifest.tables[table.name]:
            raise ServiceError(
                f"The table {table.name} isn't what the backup has, so nothing was restored. Report this with the "
                "versions of Quotewright and of the database."
            )


def _check_documents(connection: Connection) -> int:
    """How many PDFs of quotes and of acceptances there are. Raises ServiceError if one isn't what its hash says."""
    number = 0
    for kind in (RevisionDocument, AcceptanceDocument):
        table = db.metadata.tables[kind.__tablename__]
        for row in _rows(connection, table):
            number += 1
            if hashlib.sha256(row["pdf"]).hexdigest() != row["sha256"]:
                raise ServiceError(
                    f"A PDF in {table.name} isn't what its hash says, so nothing was restored."
                )
    return number
