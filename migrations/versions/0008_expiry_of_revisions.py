"""expiry of revisions

Revision: 0008, after 0007, made 2026-11-26 04:15:00+00:00
"""

from __future__ import annotations

import json
from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("revision", schema=None) as batch_op:
        batch_op.add_column(sa.Column("expires_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("expired_at", sa.DateTime(timezone=True), nullable=True))
    table = sa.table(
        "revision",
        sa.column("id", sa.Integer),
        sa.column("content", sa.Text),
        sa.column("expires_on", sa.Date),
    )
    bind = op.get_bind()
    for number in bind.execute(sa.select(table.c.id)).scalars().all():
        content = bind.execute(sa.select(table.c.content).where(table.c.id == number)).scalar_one()
        day = json.loads(content).get("expires_on")
        if day:
            bind.execute(
                table.update().where(table.c.id == number).values(expires_on=date.fromisoformat(day))
            )


def downgrade() -> None:
    with op.batch_alter_table("revision", schema=None) as batch_op:
        batch_op.drop_column("expired_at")
        batch_op.drop_column("expires_on")
