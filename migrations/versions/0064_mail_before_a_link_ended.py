"""A link that was replaced knows the last mail before that: who got it isn't reminded with the new link.

Revision ID: 0064
Revises: 0063
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # 0 where the version before replaces a link meanwhile: then all mail counts, as it did there.
    op.add_column(
        "ended_link", sa.Column("last_mail_id", sa.Integer(), nullable=False, server_default=sa.text("0"))
    )
    # By the times so far.
    op.execute(
        "UPDATE ended_link SET last_mail_id = coalesce((SELECT max(mail_message.id) FROM mail_message WHERE "
        "mail_message.quote_id = ended_link.quote_id AND mail_message.created_at <= ended_link.ended_at), 0)"
    )


def downgrade() -> None:
    op.drop_column("ended_link", "last_mail_id")
