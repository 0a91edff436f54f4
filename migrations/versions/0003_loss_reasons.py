"""loss reasons

Revision: 0003, after 0002, made 2026-11-24 03:30:11.204113+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("quote", schema=None) as batch_op:
        batch_op.add_column(sa.Column("loss_reason_id", sa.Integer(), nullable=True))
        batch_op.alter_column(
            "lost_reason",
            existing_type=sa.String(length=500),
            type_=sa.String(length=600),
            existing_nullable=False,
        )


def downgrade() -> None:
    with op.batch_alter_table("quote", schema=None) as batch_op:
        batch_op.alter_column(
            "lost_reason",
            existing_type=sa.String(length=600),
            type_=sa.String(length=500),
            existing_nullable=False,
            postgresql_using="left(lost_reason, 500)",
        )
        batch_op.drop_column("loss_reason_id")
