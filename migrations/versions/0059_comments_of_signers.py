"""A comment knows the signer through whose link it was written.

Revision ID: 0059
Revises: 0058
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("quote_comment", sa.Column("signer_id", sa.Integer(), nullable=True))
    # A signer's link writes the name and the email of the signer.
    op.execute(
        "UPDATE quote_comment SET signer_id = (SELECT max(quote_signer.id) FROM quote_signer WHERE "
        "quote_signer.quote_id = quote_comment.quote_id AND quote_signer.email = quote_comment.email AND "
        "quote_signer.name = quote_comment.name) WHERE share_id IS NULL AND rep_id IS NULL AND email <> ''"
    )


def downgrade() -> None:
    op.drop_column("quote_comment", "signer_id")
