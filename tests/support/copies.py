"""Installations that are set up once in each test process; a test gets a copy of their rows instead of doing it again.

Each kind of copy has a test that it is, row by row, what setting up anew leaves (``as_set_up`` and ``comparable``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

import config
from tests.support.application import NO_REDIS
from tests.support.databases import copy_sqlite
from tests.support.sandbox import Tenant, new_tenant
from tests.support.settings import environment
from webapp import create_app
from webapp.models import Connection, DiaryEntry, db, utc_now
from webapp.services.core.runtime import Runtime
from webapp.services.diary import chain

Row = dict[str, Any]
Rows = dict[sa.Table, list[Row]]


@dataclass(frozen=True)
class Copied:
    """Rows that a set-up added, when, and to which tenant of the sandbox it connected."""

    rows: Rows
    taken_at: datetime
    tenant: Tenant

    def put(self, runtime: Runtime, tenant: Tenant) -> None:
        """Add the rows as if they were set up now, connected to ``tenant``, which must equal the first one."""
        age = utc_now() - self.taken_at
        for table, rows in self.rows.items():
            mine: list[Row] = [
                {name: value + age if isinstance(value, datetime) else value for name, value in row.items()}
                for row in rows
            ]
            if table is Connection.__table__:
                for row in mine:
                    row |= _credentials(runtime, tenant)
                    row["web_url"] = row["web_url"].replace(self.tenant.code, tenant.code)
            if table is DiaryEntry.__table__:
                _continue_diary(mine, self.tenant.user, tenant.user)
                continue
            db.session.execute(sa.insert(table), mine)
            if db.engine.dialect.name == "postgresql":
                _count_on(table)
        db.session.commit()


def _credentials(runtime: Runtime, tenant: Tenant) -> Row:
    """The columns of the connection that differ from tenant to tenant."""
    return {
        "user_name": tenant.user,
        "secret_encrypted": runtime.vault.encrypt(tenant.secret),
        "code_encrypted": runtime.vault.encrypt(tenant.code),
    }


def rows_now() -> Rows:
    """Every row of every table, in an order in which they can be added."""
    found = {}
    for table in db.metadata.sorted_tables:
        rows = db.session.execute(sa.select(table).order_by(*table.primary_key)).mappings()
        found[table] = [dict(row) for row in rows]
    db.session.rollback()
    return found


def copied(app: Flask, tenant: Tenant, set_up: Callable[[Flask, Tenant], object]) -> Copied:
    """Set up and copy the rows that this added."""
    with app.app_context():
        old = rows_now()
        set_up(app, tenant)
        new = rows_now()
    added = {table: [row for row in rows if row not in old[table]] for table, rows in new.items()}
    return Copied({table: rows for table, rows in added.items() if rows}, utc_now(), tenant)


def comparable(app: Flask, tenant: Tenant) -> dict[str, list[Row]]:
    """Every row, by table, as it is in every installation: without times, salts, and the credentials of its tenant."""
    vault = app.extensions["quotewright"].vault
    names = {tenant.user: "the user", tenant.secret: "the secret", tenant.code: "the code"}

    def plain(name: str, value: Any) -> Any:
        if isinstance(value, datetime):
            assert abs(utc_now() - value) < timedelta(minutes=1)
            return "just now"
        if name in ("salt", "body_sha256", "sha256", "previous_sha256"):
            return "chained"
        if name == "password_hash":
            return value.rpartition("$")[0].rpartition("$")[0]
        if name.endswith("_encrypted"):
            value = vault.decrypt(value)
        if isinstance(value, dict):
            return {key: plain(key, entry) for key, entry in value.items()}
        for own, name_of_it in names.items() if isinstance(value, str) else ():
            value = value.replace(own, name_of_it)
        return value

    with app.app_context():
        assert chain.check().sentence == ""
        return {
            table.name: [{name: plain(name, value) for name, value in row.items()} for row in rows]
            for table, rows in rows_now().items()
        }


@pytest.fixture
def as_set_up(
    new_installation: Callable[[], AbstractContextManager[tuple[Flask, Tenant]]],
) -> Callable[[Callable[[Flask, Tenant], object]], dict[str, list[Row]]]:
    """The rows of an installation on which the given set-up was done just now."""

    def rows(set_up: Callable[[Flask, Tenant], object]) -> dict[str, list[Row]]:
        with new_installation() as (app, tenant):
            with app.app_context():
                set_up(app, tenant)
            return comparable(app, tenant)

    return rows


@pytest.fixture(scope="session")
def new_installation(
    migrated_sqlite: Path, sandbox_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], AbstractContextManager[tuple[Flask, Tenant]]]:
    """Opens an application on an empty database, with a tenant to connect to."""

    @contextmanager
    def opened() -> Iterator[tuple[Flask, Tenant]]:
        folder = tmp_path_factory.mktemp("installation")
        env = environment(
            DATABASE_URL=copy_sqlite(migrated_sqlite, folder),
            QUOTEWRIGHT_DATA=str(folder),
            REDIS_URL=NO_REDIS,
            AUTOTASK_ROOT=sandbox_url + "/atservicesrest",
        )
        app = create_app(config.load(env))
        app.testing = True
        yield app, new_tenant(sandbox_url)
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
        app.extensions["quotewright"].redis.close()

    return opened


def _continue_diary(rows: list[Row], old: str, new: str) -> None:
    """Chain copied entries to those that were written before, with the new tenant's user in place of the old one's."""
    head = chain.lock_head(db.session())
    for row in rows:
        entry = DiaryEntry(**row | {"content": row["content"].replace(old, new)})
        head = chain.append(head, entry)
        db.session.add(entry)
    db.session.flush()


def _count_on(table: sa.Table) -> None:
    """PostgreSQL's own counter goes on after the ids that were given."""
    for column in table.primary_key:
        sequence = db.session.scalar(sa.select(sa.func.pg_get_serial_sequence(table.name, column.name)))
        if sequence:
            db.session.execute(
                sa.select(sa.func.setval(sequence, sa.select(sa.func.max(column)).scalar_subquery()))
            )
