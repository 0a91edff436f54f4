"""The newest revision that a push took up, and until when a create may still take effect.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("push_lease", schema=None) as batch_op:
        batch_op.add_column(sa.Column("revision", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("push_step", schema=None) as batch_op:
        batch_op.add_column(sa.Column("doubt_until", sa.DateTime(timezone=True), nullable=True))
    lease = sa.table("push_lease", sa.column("quote_id", sa.Integer), sa.column("revision", sa.Integer))
    entry = sa.table(
        "outbox_entry",
        sa.column("quote_id", sa.Integer),
        sa.column("revision_id", sa.Integer),
        sa.column("state", sa.String),
    )
    of_quote = sa.table("revision", sa.column("id", sa.Integer), sa.column("number", sa.Integer))
    newest = (
        sa.select(sa.func.max(of_quote.c.number))
        .select_from(entry.join(of_quote, of_quote.c.id == entry.c.revision_id))
        .where(entry.c.quote_id == lease.c.quote_id, entry.c.state == "done")
        .scalar_subquery()
    )
    op.get_bind().execute(lease.update().values(revision=sa.func.coalesce(newest, 0)))


def downgrade() -> None:
    with op.batch_alter_table("push_step", schema=None) as batch_op:
        batch_op.drop_column("doubt_until")
    with op.batch_alter_table("push_lease", schema=None) as batch_op:
        batch_op.drop_column("revision")
