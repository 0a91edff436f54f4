"""Bundles: items made of items, and lines with parts.

Revision ID: 0038
Revises: 0037
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from webapp.models.types import ExactDecimal

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

TABLES = ("item", "quote_line")


def upgrade() -> None:
    for name in TABLES:
        op.add_column(name, sa.Column("bundle", sa.String(5), server_default="", nullable=False))
        op.add_column(name, sa.Column("shows_parts", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("quote_line", sa.Column("stored_parts", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "item_part",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("bundle_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("quantity", ExactDecimal(4), nullable=False),
        sa.CheckConstraint("bundle_id <> item_id and quantity > 0", name=op.f("ck_item_part_part")),
        sa.ForeignKeyConstraint(
            ["bundle_id"], ["item.id"], name="fk_item_part_bundle_id_item", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name="fk_item_part_item_id_item"),
        sa.PrimaryKeyConstraint("id", name="pk_item_part"),
        sa.UniqueConstraint("bundle_id", "item_id", name="uq_item_part_bundle_id_item_id"),
    )
    op.create_index("ix_item_part_item_id", "item_part", ["item_id"])


def downgrade() -> None:
    op.drop_table("item_part")
    op.drop_column("quote_line", "stored_parts")
    for name in TABLES:
        op.drop_column(name, "shows_parts")
        op.drop_column(name, "bundle")
