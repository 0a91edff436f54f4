"""Comments on quotes, links of the customer's colleagues, and through which of them a quote was accepted.

Revision ID: 0044
Revises: 0043
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from webapp.models.types import UtcDateTime

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

SHARED = "fk_acceptance_share_id_quote_share"


def upgrade() -> None:
    op.create_table(
        "quote_share",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("quote_id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("shared_by", sa.String(120), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("viewed_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["quote_id"], ["quote.id"], name=op.f("fk_quote_share_quote_id_quote")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote_share")),
        sa.UniqueConstraint("token", name=op.f("uq_quote_share_token")),
    )
    op.create_index(op.f("ix_quote_share_quote_id"), "quote_share", ["quote_id"])
    op.create_table(
        "quote_comment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("quote_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("line_uid", sa.String(36), nullable=False),
        sa.Column("line_name", sa.String(200), nullable=False),
        sa.Column("rep_id", sa.Integer(), nullable=True),
        sa.Column("share_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["quote_id"], ["quote.id"], name=op.f("fk_quote_comment_quote_id_quote")),
        sa.ForeignKeyConstraint(
            ["share_id"], ["quote_share.id"], name=op.f("fk_quote_comment_share_id_quote_share")
        ),
        sa.ForeignKeyConstraint(
            ["rep_id"], ["user_account.id"], name=op.f("fk_quote_comment_rep_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote_comment")),
    )
    op.create_index(op.f("ix_quote_comment_quote_id"), "quote_comment", ["quote_id"])
    op.create_index(op.f("ix_quote_comment_rep_id"), "quote_comment", ["rep_id"])
    with op.batch_alter_table("acceptance") as table:
        table.add_column(sa.Column("share_id", sa.Integer(), nullable=True))
        table.create_foreign_key(op.f(SHARED), "quote_share", ["share_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("acceptance") as table:
        table.drop_constraint(op.f(SHARED), type_="foreignkey")
        table.drop_column("share_id")
    op.drop_table("quote_comment")
    op.drop_table("quote_share")
