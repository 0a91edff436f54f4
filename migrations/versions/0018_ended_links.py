"""Customer links that were replaced.

Revision ID: 0018
Revises: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from webapp.models.types import UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ended_link",
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("quote_id", sa.Integer(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["quote_id"], ["quote.id"], name=op.f("fk_ended_link_quote_id_quote"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_ended_link")),
    )
    with op.batch_alter_table("ended_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ended_link_quote_id"), ["quote_id"], unique=False)


def downgrade() -> None:
    op.drop_table("ended_link")
