"""claims of what pushes make

Revision: 0007, after 0006, made 2026-11-24 03:45:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "push_claim",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("quote_id", sa.Integer(), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["quote_id"], ["quote.id"], name=op.f("fk_push_claim_quote_id_quote")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_push_claim")),
    )
    with op.batch_alter_table("push_claim", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_push_claim_quote_id"), ["quote_id"], unique=False)


def downgrade() -> None:
    op.drop_table("push_claim")
