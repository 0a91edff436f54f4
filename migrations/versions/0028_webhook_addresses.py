"""The addresses of webhooks are encrypted, as many of them are secrets themselves.

Revision ID: 0028
Revises: 0027
"""

from __future__ import annotations

import hashlib
from urllib.parse import urlsplit

import sqlalchemy as sa
from alembic import op
from flask import current_app

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

STATE = sa.CheckConstraint("state in ('active', 'paused')", name="ck_webhook_endpoint_state")
TABLE = sa.table(
    "webhook_endpoint",
    *(sa.column(name) for name in ("id", "url", "url_encrypted", "url_sha256", "host")),
)


def upgrade() -> None:
    op.add_column(
        "webhook_endpoint", sa.Column("url_encrypted", sa.Text(), server_default="", nullable=False)
    )
    op.add_column("webhook_endpoint", sa.Column("host", sa.String(255), server_default="", nullable=False))
    op.add_column("webhook_endpoint", sa.Column("url_sha256", sa.String(64), nullable=True))
    connection = op.get_bind()
    for row in connection.execute(sa.select(TABLE.c.id, TABLE.c.url)).all():
        values = {
            "url_encrypted": current_app.extensions["quotewright"].vault.encrypt(row.url),
            "url_sha256": hashlib.sha256(row.url.encode()).hexdigest(),
            "host": urlsplit(row.url).hostname or "",
        }
        connection.execute(TABLE.update().where(TABLE.c.id == row.id).values(**values))
    with op.batch_alter_table("webhook_endpoint", table_args=(STATE,)) as table:
        table.drop_constraint("uq_webhook_endpoint_url", type_="unique")
        table.drop_column("url")
        table.alter_column("url_sha256", existing_type=sa.String(64), nullable=False)
        table.create_unique_constraint("uq_webhook_endpoint_url_sha256", ["url_sha256"])


def downgrade() -> None:
    op.add_column("webhook_endpoint", sa.Column("url", sa.String(500), nullable=True))
    connection = op.get_bind()
    for row in connection.execute(sa.select(TABLE.c.id, TABLE.c.url_encrypted)).all():
        url = current_app.extensions["quotewright"].vault.decrypt(row.url_encrypted)
        connection.execute(TABLE.update().where(TABLE.c.id == row.id).values(url=url))
    with op.batch_alter_table("webhook_endpoint", table_args=(STATE,)) as table:
        table.drop_constraint("uq_webhook_endpoint_url_sha256", type_="unique")
        for name in ("url_sha256", "host", "url_encrypted"):
            table.drop_column(name)
        table.alter_column("url", existing_type=sa.String(500), nullable=False)
        table.create_unique_constraint("uq_webhook_endpoint_url", ["url"])
