"""The ids of quotes, categories and tax codes are used once on SQLite too, as on PostgreSQL.

Settings, undo steps and the diary name such records by id, also when they are gone.

Revision ID: 0065
Revises: 0064
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None

# None of them has a trigger or is named by one.
TABLES = ("quote", "category", "tax_code")
BEFORE, AFTER = "PRIMARY KEY (id)", "PRIMARY KEY (id AUTOINCREMENT)"


def upgrade() -> None:
    for table in TABLES:
        if _rebuilt(table, BEFORE, AFTER):
            _count_on(table)


def downgrade() -> None:
    for table in TABLES:
        _rebuilt(table, AFTER, BEFORE)


def _rebuilt(table: str, old: str, new: str) -> bool:
    """Rebuild a table of SQLite, the same but for its primary key (https://sqlite.org/lang_altertable.html#otheralter).

    By hand, because Alembic would read the table and lose what it doesn't know of. Foreign keys are off (env.py).
    """
    bind = op.get_bind()
    if bind.dialect.name != "sqlite":
        return False
    made = "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type = ? AND sql IS NOT NULL"
    (whole,) = bind.exec_driver_sql(made, (table, "table")).scalars()
    indexes = list(bind.exec_driver_sql(made, (table, "index")).scalars())
    _name, columns, rest = whole.partition("(")
    if rest.count(old) != 1 or bind.exec_driver_sql(made, (table, "trigger")).first():
        raise RuntimeError(f"The table {table} isn't as it was made. Nothing was changed.")
    bind.exec_driver_sql(f"CREATE TABLE {table}_rebuilt {columns}{rest.replace(old, new)}")
    bind.exec_driver_sql(f"INSERT INTO {table}_rebuilt SELECT * FROM {table}")  # noqa: S608  names of ours
    bind.exec_driver_sql(f"DROP TABLE {table}")
    bind.exec_driver_sql(f"ALTER TABLE {table}_rebuilt RENAME TO {table}")
    for index in indexes:
        bind.exec_driver_sql(index)
    return True


def _count_on(table: str) -> None:
    """Begin after every id that the table has or, as the diary knows, had."""
    bind = op.get_bind()
    known = (
        f"SELECT max(id) FROM (SELECT id FROM {table} UNION ALL SELECT CAST(object_id AS INTEGER) AS id FROM "  # noqa: S608
    )
    newest = bind.execute(
        sa.text(f"{known} diary_entry WHERE object_type = :type)"), {"type": table}
    ).scalar()
    bind.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": table})
    bind.execute(
        sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :seq)"),
        {"name": table, "seq": newest or 0},
    )
