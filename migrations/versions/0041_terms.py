"""Terms of subscriptions: commitment, setup fee, start and price at renewal.

Revision ID: 0041
Revises: 0040
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from webapp.models.types import ExactDecimal

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

TABLES = ("item", "quote_line")
CHECK = "min_term_months >= 0 and term_months >= min_term_months and setup_fee >= 0"


def upgrade() -> None:
    for name in TABLES:
        with op.batch_alter_table(name) as table:
            table.add_column(sa.Column("term_months", sa.Integer(), server_default="0", nullable=False))
            table.add_column(sa.Column("min_term_months", sa.Integer(), server_default="0", nullable=False))
            table.add_column(sa.Column("setup_fee", ExactDecimal(4), server_default="0", nullable=False))
            table.add_column(sa.Column("renewal_price", ExactDecimal(4), nullable=True))
            if name == "quote_line":
                table.add_column(sa.Column("starts_on", sa.Date(), nullable=True))
            table.create_check_constraint(op.f(f"ck_{name}_term"), CHECK)


def downgrade() -> None:
    for name in TABLES:
        with op.batch_alter_table(name) as table:
            table.drop_constraint(op.f(f"ck_{name}_term"), type_="check")
            if name == "quote_line":
                table.drop_column("starts_on")
            for column in ("renewal_price", "setup_fee", "min_term_months", "term_months"):
                table.drop_column(column)
