"""What each session did to a draft, to undo it.

Revision ID: 0029
Revises: 0028
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "draft_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("quote_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("session", sa.String(80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("label", sa.String(120), nullable=False),
        sa.Column("change", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("is_undone", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["quote_id"], ["quote.id"], name="fk_draft_step_quote_id_quote", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name="fk_draft_step_user_id_user_account", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_draft_step"),
    )
    op.create_index("ix_draft_step_quote_session", "draft_step", ["quote_id", "session"])
    op.create_index("ix_draft_step_user_id", "draft_step", ["user_id"])
    op.create_index("ix_draft_step_at", "draft_step", ["at"])


def downgrade() -> None:
    op.drop_table("draft_step")
