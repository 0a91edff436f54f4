"""Whose sign-out at the provider is under way, so that it goes with the account.

Revision ID: 0036
Revises: 0035
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # It lasts for minutes: what is under way is asked again by the provider.
    op.execute(sa.delete(sa.table("sso_leaving")))
    with op.batch_alter_table("sso_leaving") as table:
        table.add_column(sa.Column("user_id", sa.Integer(), nullable=False))
        table.create_foreign_key(
            "fk_sso_leaving_user_id_user_account", "user_account", ["user_id"], ["id"], ondelete="CASCADE"
        )
    op.create_index("ix_sso_leaving_user_id", "sso_leaving", ["user_id"])


def downgrade() -> None:
    op.drop_index("ix_sso_leaving_user_id", "sso_leaving")
    with op.batch_alter_table("sso_leaving") as table:
        table.drop_constraint("fk_sso_leaving_user_id_user_account", type_="foreignkey")
        table.drop_column("user_id")
