"""Items: the supplier's SKU, list price, Markdown, the dates of prices and costs, and what replaces them.

Lines of quotes take the supplier's SKU and the list price from their item.

Revision ID: 0030
Revises: 0029
"""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

from webapp.models.types import ExactDecimal

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

RECURRENCE = sa.CheckConstraint(
    "recurrence in ('one_time', 'monthly', 'quarterly', 'semi_annual', 'annual')",
    name="ck_item_recurrence",
)
INDEXED = (
    "supplier_sku",
    "manufacturer",
    "supplier",
    "unit_price",
    "unit_cost",
    "cost_date",
    "replaced_by_id",
)


def _as_markdown(plain: str) -> str:
    """Plain text as Markdown that says the same."""
    text = re.sub(r"([\\`*_\[\]<&~|])", r"\\\1", plain)
    text = re.sub(r"(?m)^([^\S\n]*)([#>+=-])", r"\1\\\2", text)
    return re.sub(r"(?m)^([^\S\n]*[0-9]{1,9})([.)])", r"\1\\\2", text)


def upgrade() -> None:
    for table in ("item", "quote_line"):
        op.add_column(table, sa.Column("supplier_sku", sa.String(100), server_default="", nullable=False))
        op.add_column(table, sa.Column("list_price", ExactDecimal(4), nullable=True))
    with op.batch_alter_table("item", table_args=(RECURRENCE,)) as table:
        table.add_column(sa.Column("markdown", sa.Text(), server_default="", nullable=False))
        table.add_column(sa.Column("price_date", sa.Date(), nullable=True))
        table.add_column(sa.Column("cost_date", sa.Date(), nullable=True))
        table.add_column(sa.Column("replaced_by_id", sa.Integer(), nullable=True))
        table.create_foreign_key(
            "fk_item_replaced_by_id_item", "item", ["replaced_by_id"], ["id"], ondelete="SET NULL"
        )
        table.create_check_constraint("replaced_by", "replaced_by_id <> id")
    rows = sa.table("item", sa.column("id"), sa.column("description"), sa.column("markdown"))
    connection = op.get_bind()
    described = connection.execute(sa.select(rows.c.id, rows.c.description).where(rows.c.description != ""))
    written = [{"item": row.id, "text": _as_markdown(row.description)} for row in described]
    if written:
        change = rows.update().where(rows.c.id == sa.bindparam("item")).values(markdown=sa.bindparam("text"))
        connection.execute(change, written)
    for name in INDEXED:
        op.create_index(f"ix_item_{name}", "item", [name])
    op.create_index("ix_item_listed", "item", ["is_active", "name_key", "id"])


def downgrade() -> None:
    op.drop_index("ix_item_listed", "item")
    for name in INDEXED:
        op.drop_index(f"ix_item_{name}", "item")
    with op.batch_alter_table("item", table_args=(RECURRENCE,)) as table:
        table.drop_constraint("fk_item_replaced_by_id_item", type_="foreignkey")
        table.drop_constraint(op.f("ck_item_replaced_by"), type_="check")
        for name in ("replaced_by_id", "cost_date", "price_date", "markdown", "list_price", "supplier_sku"):
            table.drop_column(name)
    with op.batch_alter_table("quote_line") as table:
        table.drop_column("list_price")
        table.drop_column("supplier_sku")
