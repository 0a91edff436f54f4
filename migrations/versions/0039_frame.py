"""Whether single letters are keys on a person's screens; indexes for the orders of the list of quotes.

Revision ID: 0039
Revises: 0038
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "user_account", sa.Column("letter_keys", sa.Boolean(), nullable=False, server_default=sa.true())
    )
    with op.batch_alter_table("user_account") as table:
        table.alter_column("letter_keys", server_default=None)
    op.create_index("ix_quote_title", "quote", ["title"])
    op.create_index("ix_quote_updated_at", "quote", ["updated_at"])


def downgrade() -> None:
    op.drop_index("ix_quote_updated_at", "quote")
    op.drop_index("ix_quote_title", "quote")
    with op.batch_alter_table("user_account") as table:
        table.drop_column("letter_keys")
