"""A link that was replaced knows the last comment before that, so that no clock decides who wrote through it.

Revision ID: 0063
Revises: 0062
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Empty where the version before replaces a link meanwhile.
    op.add_column("ended_link", sa.Column("last_comment_id", sa.Integer(), nullable=True))
    # By the times so far.
    op.execute(
        "UPDATE ended_link SET last_comment_id = coalesce((SELECT max(quote_comment.id) FROM quote_comment WHERE "
        "quote_comment.quote_id = ended_link.quote_id AND quote_comment.created_at <= ended_link.ended_at), 0)"
    )


def downgrade() -> None:
    op.drop_column("ended_link", "last_comment_id")
