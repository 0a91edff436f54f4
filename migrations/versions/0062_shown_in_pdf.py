"""The stored PDF of a revision knows what it shows, so that it's rendered again when that changes.

Revision ID: 0062
Revises: 0059
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0059"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "revision_document", sa.Column("shows_sha256", sa.String(64), server_default="", nullable=False)
    )


def downgrade() -> None:
    # The version before takes every stored one for right; they are rendered again.
    op.execute("DELETE FROM revision_document")
    op.drop_column("revision_document", "shows_sha256")
