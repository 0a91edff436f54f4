"""Deposits: what a quote asks for, where it is paid, and what was paid.

Revision ID: 0051
Revises: 0050
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from webapp.models.types import ExactDecimal, UtcDateTime

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("quote", sa.Column("deposit_kind", sa.String(8), nullable=False, server_default="none"))
    op.add_column("quote", sa.Column("deposit_value", ExactDecimal(4), nullable=False, server_default="0"))
    op.add_column(
        "quote", sa.Column("deposit_is_required", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_table(
        "payment_settings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("gateway", sa.String(20), nullable=False),
        sa.Column("pay_link", sa.String(500), nullable=False),
        sa.Column("secret_encrypted", sa.Text(), nullable=False),
        sa.Column("deposit_kind", sa.String(8), nullable=False),
        sa.Column("deposit_value", ExactDecimal(4), nullable=False),
        sa.Column("deposit_is_required", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_settings")),
    )
    op.create_table(
        "payment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("quote_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(160), nullable=False),
        sa.Column("amount", ExactDecimal(4), nullable=False),
        sa.Column("source", sa.String(20), nullable=False),
        sa.Column("reference", sa.String(120), nullable=False),
        sa.Column("noted_at", UtcDateTime(), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.Column("noted_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payment_amount")),
        sa.ForeignKeyConstraint(["quote_id"], ["quote.id"], name=op.f("fk_payment_quote_id_quote")),
        sa.ForeignKeyConstraint(
            ["noted_by_id"], ["user_account.id"], name=op.f("fk_payment_noted_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("key", name=op.f("uq_payment_key")),
    )
    op.create_index(op.f("ix_payment_quote_id"), "payment", ["quote_id"])


def downgrade() -> None:
    op.drop_table("payment")
    op.drop_table("payment_settings")
    for name in ("deposit_is_required", "deposit_value", "deposit_kind"):
        op.drop_column("quote", name)
