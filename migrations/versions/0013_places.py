"""Days end where the company is: when a revision ends, and a person's own time zone. The PDF of an accepted quote.

An unused column goes.

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import sqlalchemy as sa
from alembic import op

from webapp.models.types import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("revision", schema=None) as batch_op:
        batch_op.add_column(sa.Column("ends_at", UtcDateTime(), nullable=True))
    with op.batch_alter_table("user_account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("time_zone", sa.String(length=64), nullable=False, server_default=""))
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.drop_column("pushed_hash")
    op.create_table(
        "acceptance_document",
        sa.Column("acceptance_id", sa.Integer(), nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["acceptance_id"], ["acceptance.id"], name=op.f("fk_acceptance_document_acceptance_id_acceptance")
        ),
        sa.PrimaryKeyConstraint("acceptance_id", name=op.f("pk_acceptance_document")),
    )
    _fill()


def downgrade() -> None:
    op.drop_table("acceptance_document")
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.add_column(sa.Column("pushed_hash", sa.String(length=64), nullable=False, server_default=""))
    with op.batch_alter_table("user_account", schema=None) as batch_op:
        batch_op.drop_column("time_zone")
    with op.batch_alter_table("revision", schema=None) as batch_op:
        batch_op.drop_column("ends_at")


def _fill() -> None:
    """What was published before was published for days that end in UTC."""
    rows = sa.table(
        "revision",
        sa.column("expires_on", sa.Date()),
        sa.column("ends_at", UtcDateTime()),
    )
    connection = op.get_bind()
    days = connection.execute(sa.select(rows.c.expires_on).distinct().where(rows.c.expires_on.is_not(None)))
    for (day,) in days.all():
        end = datetime.combine(day + timedelta(days=1), time(), UTC)
        connection.execute(sa.update(rows).where(rows.c.expires_on == day).values(ends_at=end))
