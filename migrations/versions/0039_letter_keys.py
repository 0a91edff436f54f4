"""Whether single letters are keys on a person's screens.

Revision ID: 0039
Revises: 0036
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "user_account", sa.Column("letter_keys", sa.Boolean(), nullable=False, server_default=sa.true())
    )
    with op.batch_alter_table("user_account") as table:
        table.alter_column("letter_keys", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("user_account") as table:
        table.drop_column("letter_keys")
