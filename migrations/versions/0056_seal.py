"""The company's seal on signed PDFs: its key, its time stamp authority, and PDFs that wait for a time stamp.

Revision ID: 0056
Revises: 0053
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from webapp.models.types import UtcDateTime

revision = "0056"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "company_seal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key_encrypted", sa.Text(), nullable=False),
        sa.Column("certificates", sa.Text(), nullable=False),
        sa.Column("subject", sa.String(300), nullable=False),
        sa.Column("issuer", sa.String(300), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("valid_from", UtcDateTime(), nullable=True),
        sa.Column("valid_until", UtcDateTime(), nullable=True),
        sa.Column("stamp_url", sa.String(500), nullable=False),
        sa.Column("stamp_username", sa.String(255), nullable=False),
        sa.Column("stamp_password_encrypted", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company_seal")),
    )
    op.create_table(
        "acceptance_seal",
        sa.Column("acceptance_id", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", UtcDateTime(), nullable=True),
        sa.Column("lacking", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["acceptance_id"],
            ["acceptance.id"],
            name=op.f("fk_acceptance_seal_acceptance_id_acceptance"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("acceptance_id", name=op.f("pk_acceptance_seal")),
    )


def downgrade() -> None:
    op.drop_table("acceptance_seal")
    op.drop_table("company_seal")
