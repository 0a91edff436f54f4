"""The images of items, and files attached to them.

Revision ID: 0032
Revises: 0031
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from webapp.models.types import UtcDateTime

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "item_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(5), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("media_type", sa.String(100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("kind in ('image', 'file')", name=op.f("ck_item_file_kind")),
        sa.ForeignKeyConstraint(
            ["item_id"], ["item.id"], name="fk_item_file_item_id_item", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_item_file"),
    )
    op.create_index("ix_item_file_item_id", "item_file", ["item_id"])


def downgrade() -> None:
    op.drop_table("item_file")
