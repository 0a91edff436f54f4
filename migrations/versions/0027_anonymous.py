"""People and users who were made anonymous.

Revision ID: 0027
Revises: 0026
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from webapp.models.types import UtcDateTime

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

TABLES = ("person", "user_account")


def upgrade() -> None:
    for name in TABLES:
        op.add_column(name, sa.Column("anonymized_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    for name in TABLES:
        with op.batch_alter_table(name) as table:
            table.drop_column("anonymized_at")
