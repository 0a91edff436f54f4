"""Run migrations on the application's own engine, in one transaction on SQLite and PostgreSQL alike.

``flask db upgrade`` applies them, ``flask db migrate -m "..."`` writes the next one, ``flask db check`` says whether
the models and the migrations agree.
"""

from __future__ import annotations

import sys
from typing import Any

import sqlalchemy as sa
from alembic import context
from flask import current_app
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.default import DefaultDialect

from webapp.models import utc_now
from webapp.services.operating import emptied

migrate = current_app.extensions["migrate"]
metadata = migrate.db.metadata
settings = current_app.extensions["quotewright"].config


def skip_empty(_context: Any, _revision: Any, directives: list[Any]) -> None:
    """Write no migration when nothing changed."""
    if getattr(context.config.cmd_opts, "autogenerate", False) and directives[0].upgrade_ops.is_empty():
        directives[:] = []


def render_item(kind: str, item: Any, autogen_context: Any) -> str | bool:
    """Write column types as what they are in each database, so that a migration doesn't depend on our code."""
    if kind != "type":
        return False
    if isinstance(item, sa.JSON) and isinstance(item.dialect_impl(postgresql.dialect()), postgresql.JSONB):
        autogen_context.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    if isinstance(item, sa.TypeDecorator) and type(item).__module__.startswith("webapp."):
        usual = item.load_dialect_impl(DefaultDialect())
        in_sqlite = item.load_dialect_impl(sqlite.dialect())
        if isinstance(in_sqlite, type(usual)):
            return f"sa.{usual!r}"
        return f'sa.{usual!r}.with_variant(sa.{in_sqlite!r}, "sqlite")'
    return False


def run_offline() -> None:
    """Write the SQL instead of running it (``flask db upgrade --sql``)."""
    url = migrate.db.engine.url.render_as_string(hide_password=False)
    context.configure(url=url, target_metadata=metadata, literal_binds=True, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


def run_online() -> None:
    """Run against the database."""
    arguments = {
        "process_revision_directives": skip_empty,
        "render_item": render_item,
        **migrate.configure_args,
    }
    with migrate.db.engine.connect() as connection:
        refuse_emptied(connection)
        # A batch change rebuilds a table; with foreign keys on, dropping the old one would delete what refers to it.
        # The pragma does nothing inside a transaction (https://sqlite.org/pragma.html#pragma_foreign_keys).
        set_foreign_keys(connection, "OFF")
        try:
            context.configure(
                connection=connection, target_metadata=metadata, transactional_ddl=True, **arguments
            )
            with context.begin_transaction():
                context.run_migrations()
                if connection.dialect.name == "sqlite":
                    refuse_broken_references(connection)
        finally:
            set_foreign_keys(connection, "ON")
        if not is_empty(connection):
            emptied.remember(
                settings.data_dir, connection.engine.url, utc_now().isoformat(timespec="seconds")
            )


def refuse_emptied(connection: sa.Connection) -> None:
    """End the program with a sentence where a database has lost its tables."""
    if is_empty(connection):
        try:
            emptied.refuse(settings.data_dir, connection.engine.url, is_meant=settings.empty_database)
        except emptied.Emptied as error:
            print(error, file=sys.stderr)
            raise SystemExit(2) from None


def is_empty(connection: sa.Connection) -> bool:
    """True where no migration ever ran."""
    found = sa.inspect(connection).has_table("alembic_version")
    connection.rollback()
    return not found


def set_foreign_keys(connection: sa.Connection, state: str) -> None:
    """Turn SQLite's foreign keys ON or OFF; nothing on another database."""
    if connection.dialect.name == "sqlite":
        connection.connection.driver_connection.execute(f"PRAGMA foreign_keys={state}")


def refuse_broken_references(connection: sa.Connection) -> None:
    """Raise (and so roll back) when a migration left a row that refers to nothing."""
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        tables = ", ".join(sorted({row[0] for row in broken}))
        raise RuntimeError(
            f"The migration would leave rows that refer to nothing, in: {tables}. Nothing was changed."
        )


if context.is_offline_mode():
    run_offline()
else:
    run_online()
