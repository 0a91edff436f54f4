"""Signing out at the provider: which sign-in it ends, and which of its messages were obeyed already.

Revision ID: 0034
Revises: 0033
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from webapp.models.types import UtcDateTime

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "user_session", sa.Column("id_token_encrypted", sa.Text(), server_default="", nullable=False)
    )
    op.create_table(
        "sso_leaving",
        sa.Column("token_sha256", sa.String(64), nullable=False),
        sa.Column("id_token_encrypted", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("token_sha256", name="pk_sso_leaving"),
    )
    op.create_table(
        "sso_logout",
        sa.Column("jti_sha256", sa.String(64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("jti_sha256", name="pk_sso_logout"),
    )


def downgrade() -> None:
    op.drop_table("sso_logout")
    op.drop_table("sso_leaving")
    with op.batch_alter_table("user_session") as table:
        table.drop_column("id_token_encrypted")
