"""Names as people read them, in indexed columns: how rows are found and told apart.

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from webapp.models import names

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# By table: the columns that make its name, and those that a search looks into.
TABLES = {
    "category": (("name",), ("name",)),
    "tax_code": (("name",), ("name",)),
    "item": (("name",), ("name", "sku", "mpn", "manufacturer")),
    "organization": (("name",), ("name", "phone", "billing_city")),
    "person": (("first_name", "last_name"), ("first_name", "last_name", "email", "phone", "mobile")),
    "quote": (("title",), ("title",)),
}


def upgrade() -> None:
    for table, (named, searched) in TABLES.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(
                sa.Column("name_key", sa.String(length=450), nullable=False, server_default="")
            )
            batch_op.add_column(sa.Column("search_key", sa.Text(), nullable=False, server_default=""))
            batch_op.create_index(batch_op.f(f"ix_{table}_name_key"), ["name_key"], unique=False)
        _fill(table, named, searched)


def downgrade() -> None:
    for table in TABLES:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_index(batch_op.f(f"ix_{table}_name_key"))
            batch_op.drop_column("search_key")
            batch_op.drop_column("name_key")


def _fill(table: str, named: tuple[str, ...], searched: tuple[str, ...]) -> None:
    """The same keys as the product computes; it brings them up to date with every change of a row."""
    columns = dict.fromkeys(("id", "name_key", "search_key", *named, *searched))
    rows, connection = sa.table(table, *(sa.column(name) for name in columns)), op.get_bind()
    for row in connection.execute(sa.select(rows)).mappings().all():
        name = " ".join(row[column] or "" for column in named).strip()
        rest = [row[column] or "" for column in searched if column not in named]
        keys = {"name_key": names.name_key(name), "search_key": names.search_key([name, *rest])}
        connection.execute(rows.update().where(rows.c.id == row["id"]).values(**keys))
