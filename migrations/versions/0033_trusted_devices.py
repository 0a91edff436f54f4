"""Trusted devices can be listed and ended: what a cookie alone knew is in the row of the browser.

Cookies from before are worth nothing any more, so each person is asked for the second step once.

Revision ID: 0033
Revises: 0032
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from webapp.models.types import UtcDateTime

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

DEVICE = "fk_user_session_device_id_known_device"


def upgrade() -> None:
    op.add_column("known_device", sa.Column("agent", sa.String(200), server_default="", nullable=False))
    op.add_column("known_device", sa.Column("trusted_at", UtcDateTime(), nullable=True))
    op.add_column("known_device", sa.Column("trust_used_at", UtcDateTime(), nullable=True))
    op.add_column("known_device", sa.Column("trust_epoch", sa.Integer(), nullable=True))
    with op.batch_alter_table("user_session") as table:
        table.add_column(sa.Column("device_id", sa.Integer(), nullable=True))
        table.create_foreign_key(DEVICE, "known_device", ["device_id"], ["id"], ondelete="SET NULL")
        table.create_index("ix_user_session_device_id", ["device_id"])


def downgrade() -> None:
    with op.batch_alter_table("user_session") as table:
        table.drop_index("ix_user_session_device_id")
        table.drop_constraint(DEVICE, type_="foreignkey")
        table.drop_column("device_id")
    with op.batch_alter_table("known_device") as table:
        for name in ("trust_epoch", "trust_used_at", "trusted_at", "agent"):
            table.drop_column(name)
