"""Prices follow a margin, a markup or the quantity; lines have dates and show savings; sections have discounts.

Revision ID: 0037
Revises: 0036
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from webapp.models.types import ExactDecimal

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

RECURRENCE = "recurrence in ('one_time', 'monthly', 'quarterly', 'semi_annual', 'annual')"
# SQLite rebuilds the tables, and Alembic finds no check constraint by itself.
CHECKS = {
    "item": (
        sa.CheckConstraint(RECURRENCE, name="ck_item_recurrence"),
        sa.CheckConstraint("replaced_by_id <> id", name="ck_item_replaced_by"),
    ),
    "quote_line": (
        sa.CheckConstraint(RECURRENCE, name="ck_quote_line_recurrence"),
        sa.CheckConstraint(
            "discount_kind in ('none', 'percent', 'unit', 'line')", name="ck_quote_line_discount_kind"
        ),
        sa.CheckConstraint("quantity > 0 and discount_value >= 0", name="ck_quote_line_amounts"),
    ),
    "quote_section": (
        sa.CheckConstraint("choice in ('none', 'whole', 'one')", name="ck_quote_section_choice"),
    ),
}
RULES = ("price_rule", "price_percent", "price_ending", "tiers")


def upgrade() -> None:
    for name in ("item", "quote_line"):
        with op.batch_alter_table(name, table_args=CHECKS[name]) as table:
            table.add_column(sa.Column("price_rule", sa.String(8), server_default="fixed", nullable=False))
            table.add_column(sa.Column("price_percent", ExactDecimal(4), server_default="0", nullable=False))
            table.add_column(sa.Column("price_ending", sa.String(4), server_default="", nullable=False))
            table.add_column(sa.Column("tiers", sa.Text(), server_default="", nullable=False))
            if name == "quote_line":
                table.add_column(sa.Column("price_date", sa.Date(), nullable=True))
                table.add_column(sa.Column("cost_date", sa.Date(), nullable=True))
                table.add_column(
                    sa.Column("shows_savings", sa.Boolean(), server_default=sa.false(), nullable=False)
                )
            table.create_check_constraint(
                "price_rule", "price_rule in ('fixed', 'margin', 'markup', 'tiers')"
            )
    with op.batch_alter_table("quote_section", table_args=CHECKS["quote_section"]) as table:
        table.add_column(sa.Column("discount_kind", sa.String(8), server_default="none", nullable=False))
        table.add_column(sa.Column("discount_value", ExactDecimal(4), server_default="0", nullable=False))
        table.create_check_constraint("discount_kind", "discount_kind in ('none', 'percent', 'amount')")
        table.create_check_constraint("amounts", "discount_value >= 0")


def downgrade() -> None:
    with op.batch_alter_table("quote_section", table_args=CHECKS["quote_section"]) as table:
        for check in ("discount_kind", "amounts"):
            table.drop_constraint(op.f(f"ck_quote_section_{check}"), type_="check")
        table.drop_column("discount_value")
        table.drop_column("discount_kind")
    for name in ("quote_line", "item"):
        with op.batch_alter_table(name, table_args=CHECKS[name]) as table:
            table.drop_constraint(op.f(f"ck_{name}_price_rule"), type_="check")
            for column in RULES:
                table.drop_column(column)
            if name == "quote_line":
                for column in ("price_date", "cost_date", "shows_savings"):
                    table.drop_column(column)
