"""Single sign-on.

Revision ID: 0024
Revises: 0023
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from webapp.models.types import UtcDateTime

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "sso_provider",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("label", sa.String(60), nullable=False),
        sa.Column("issuer", sa.String(500), nullable=False),
        sa.Column("client_id", sa.String(255), nullable=False),
        sa.Column("client_secret_encrypted", sa.Text(), nullable=False),
        sa.Column("trusts_directory", sa.Boolean(), nullable=False),
        sa.Column("creates_accounts", sa.Boolean(), nullable=False),
        sa.Column("allowed_domains", DOCUMENT, nullable=False),
        sa.Column("default_role", sa.String(20), nullable=False),
        sa.Column("groups_claim", sa.String(100), nullable=False),
        sa.Column("group_roles", DOCUMENT, nullable=False),
        sa.Column("requires_group", sa.Boolean(), nullable=False),
        sa.Column("session_hours", sa.Integer(), nullable=False),
        sa.Column("allows_passwords", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sso_provider"),
    )
    op.create_table(
        "sso_identity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("issuer", sa.String(500), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name="fk_sso_identity_user_id_user_account", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sso_identity"),
        sa.UniqueConstraint("issuer", "subject", name="uq_sso_identity_issuer_subject"),
        sa.UniqueConstraint("user_id", "issuer", name="uq_sso_identity_user_id_issuer"),
    )
    op.create_table(
        "sso_attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state_sha256", sa.String(64), nullable=False),
        sa.Column("browser_sha256", sa.String(64), nullable=False),
        sa.Column("next_path", sa.Text(), nullable=False),
        sa.Column("confirms", sa.Integer(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_sso_attempt"),
        sa.UniqueConstraint("state_sha256", name="uq_sso_attempt_state_sha256"),
    )
    op.create_index("ix_sso_attempt_created_at", "sso_attempt", ["created_at"])
    with op.batch_alter_table("user_session") as table:
        table.add_column(sa.Column("renew_by", UtcDateTime(), nullable=True))
        table.add_column(sa.Column("sso_subject", sa.String(255), server_default="", nullable=False))
        table.add_column(sa.Column("sso_sid", sa.String(255), server_default="", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("user_session") as table:
        table.drop_column("sso_sid")
        table.drop_column("sso_subject")
        table.drop_column("renew_by")
    op.drop_table("sso_attempt")
    op.drop_table("sso_identity")
    op.drop_table("sso_provider")
