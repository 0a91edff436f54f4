"""The words that items are found by, indexed; favorites; and the lines that use an item, indexed too.

Revision ID: 0031
Revises: 0030
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from webapp.models import names

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

WORD = sa.String(32).with_variant(sa.String(32, collation="C"), "postgresql")
SEARCHED = ("name", "sku", "mpn", "manufacturer", "supplier_sku")
AT_ONCE = 1000


def upgrade() -> None:
    op.create_table(
        "item_word",
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("word", WORD, nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"], ["item.id"], name="fk_item_word_item_id_item", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("item_id", "word", name="pk_item_word"),
    )
    _fill()
    op.create_index("ix_item_word_word", "item_word", ["word", "item_id"])
    op.create_table(
        "item_favorite",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name="fk_item_favorite_user_id_user_account", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["item.id"], name="fk_item_favorite_item_id_item", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "item_id", name="pk_item_favorite"),
    )
    op.create_index("ix_item_favorite_item_id", "item_favorite", ["item_id"])
    op.create_index("ix_quote_line_item_id", "quote_line", ["item_id"])


def downgrade() -> None:
    op.drop_index("ix_quote_line_item_id", "quote_line")
    op.drop_table("item_favorite")
    op.drop_table("item_word")


def _fill() -> None:
    """The same words as the product keeps; it brings them up to date with every change of an item."""
    items = sa.table("item", *(sa.column(name) for name in ("id", *SEARCHED)))
    words = sa.table("item_word", sa.column("item_id"), sa.column("word"))
    connection, last = op.get_bind(), 0
    while True:
        query = sa.select(items).where(items.c.id > last).order_by(items.c.id).limit(AT_ONCE)
        rows = connection.execute(query).mappings().all()
        if not rows:
            return
        last = rows[-1]["id"]
        found = [
            {"item_id": row["id"], "word": word}
            for row in rows
            for word in names.search_words(row[name] or "" for name in SEARCHED)
        ]
        if found:
            connection.execute(words.insert(), found)
