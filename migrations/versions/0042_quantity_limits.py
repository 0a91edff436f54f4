"""How many of a line the customer can choose.

Revision ID: 0042
Revises: 0041
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from webapp.models.types import ExactDecimal

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

COLUMNS = ("min_quantity", "max_quantity", "quantity_step")
CHECK = "quantity_step > 0 and min_quantity > 0 and min_quantity <= max_quantity"


def upgrade() -> None:
    with op.batch_alter_table("quote_line") as table:
        for column in COLUMNS:
            table.add_column(sa.Column(column, ExactDecimal(4), nullable=True))
        table.create_check_constraint(op.f("ck_quote_line_limits"), CHECK)


def downgrade() -> None:
    with op.batch_alter_table("quote_line") as table:
        table.drop_constraint(op.f("ck_quote_line_limits"), type_="check")
        for column in reversed(COLUMNS):
            table.drop_column(column)
