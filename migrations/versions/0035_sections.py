"""Quotes have sections.

Revision ID: 0035
Revises: 0034
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

# SQLite rebuilds the table, and Alembic finds no check constraint by itself.
CHECKS = (
    sa.CheckConstraint(
        "recurrence in ('one_time', 'monthly', 'quarterly', 'semi_annual', 'annual')",
        name="ck_quote_line_recurrence",
    ),
    sa.CheckConstraint(
        "discount_kind in ('none', 'percent', 'unit', 'line')", name="ck_quote_line_discount_kind"
    ),
    sa.CheckConstraint("quantity > 0 and discount_value >= 0", name="ck_quote_line_amounts"),
)


def upgrade() -> None:
    op.create_table(
        "quote_section",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("quote_id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("choice", sa.String(8), nullable=False),
        sa.Column("is_selected", sa.Boolean(), nullable=False),
        sa.Column("starts_page", sa.Boolean(), nullable=False),
        sa.CheckConstraint("choice in ('none', 'whole', 'one')", name=op.f("ck_quote_section_choice")),
        sa.ForeignKeyConstraint(["quote_id"], ["quote.id"], name="fk_quote_section_quote_id_quote"),
        sa.PrimaryKeyConstraint("id", name="pk_quote_section"),
        sa.UniqueConstraint("quote_id", "uid", name="uq_quote_section_quote_id_uid"),
    )
    op.create_index("ix_quote_section_quote_id", "quote_section", ["quote_id"])
    with op.batch_alter_table("quote_line", table_args=CHECKS) as table:
        table.add_column(sa.Column("section_id", sa.Integer(), nullable=True))
        table.create_foreign_key(
            "fk_quote_line_section_id_quote_section", "quote_section", ["section_id"], ["id"]
        )
    op.create_index("ix_quote_line_section_id", "quote_line", ["section_id"])


def downgrade() -> None:
    op.drop_index("ix_quote_line_section_id", table_name="quote_line")
    with op.batch_alter_table("quote_line", table_args=CHECKS) as table:
        table.drop_constraint("fk_quote_line_section_id_quote_section", type_="foreignkey")
        table.drop_column("section_id")
    op.drop_table("quote_section")
