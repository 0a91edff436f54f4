"""An index of the calls to Autotask whose bodies are still there.

Revision ID: 0021
Revises: 0020
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

NAME = "ix_push_call_at_with_body"


def upgrade() -> None:
    with_body = sa.text("(request_body != '' OR response_body != '')")
    op.create_index(NAME, "push_call", ["at"], sqlite_where=with_body, postgresql_where=with_body)


def downgrade() -> None:
    op.drop_index(NAME, table_name="push_call")
