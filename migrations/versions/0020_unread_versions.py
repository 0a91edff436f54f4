"""The versions of quotes and lines go: two people's forms are merged without them.

Revision ID: 0020
Revises: 0019
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TABLES = ("quote", "quote_line")


def upgrade() -> None:
    # Without a batch, which would rebuild the tables on SQLite, and leave out their CHECKs.
    for table in TABLES:
        op.drop_column(table, "version")


def downgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
