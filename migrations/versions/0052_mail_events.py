"""What mail services tell of emails: delivered, bounced; and the key that they tell it with.

Revision ID: 0052
Revises: 0051
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from webapp.models.types import UtcDateTime

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mail_server", sa.Column("events_sha256", sa.String(64), nullable=False, server_default=""))
    for name in ("delivered_at", "bounced_at"):
        op.add_column("mail_message", sa.Column(name, UtcDateTime(), nullable=True))


def downgrade() -> None:
    for name in ("bounced_at", "delivered_at"):
        op.drop_column("mail_message", name)
    op.drop_column("mail_server", "events_sha256")
