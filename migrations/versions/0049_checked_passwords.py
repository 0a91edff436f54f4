"""Passwords that were checked, told apart from those that are being checked.

Revision ID: 0049
Revises: 0048
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # True for attempts that are there, and for those of a version that doesn't know the column.
    wrong = sa.Column("is_wrong", sa.Boolean(), nullable=False, server_default=sa.true())
    with op.batch_alter_table("password_attempt", schema=None) as batch_op:
        batch_op.add_column(wrong)


def downgrade() -> None:
    op.drop_column("password_attempt", "is_wrong")
