"""What people decided about a link, and the quote it belongs to, are columns instead of parts of texts and documents.

Revision ID: 0019
Revises: 0018
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
# What the flags were called in the document; the last one was only there while a push ran.
KEPT_DELETED, FORCED, JUST_MATCHED = FLAGS = ("_left_away", "_again", "_read")
LINKS = sa.table(
    "link",
    sa.column("id", sa.Integer()),
    sa.column("pushed", JSON),
    sa.column("is_kept_deleted", sa.Boolean()),
    sa.column("force_fields", JSON),
)


def upgrade() -> None:
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.add_column(sa.Column("quote_id", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column("is_kept_deleted", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.add_column(sa.Column("force_fields", JSON, nullable=False, server_default="[]"))
    _fill_quotes()
    for number, pushed in _flagged():
        _update(
            number,
            pushed={name: value for name, value in pushed.items() if name not in FLAGS},
            is_kept_deleted=bool(pushed.get(KEPT_DELETED)),
            force_fields=pushed.get(FORCED, []),
        )
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_link_quote_id"), ["quote_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_link_quote_id_quote"), "quote", ["quote_id"], ["id"], ondelete="CASCADE"
        )


def downgrade() -> None:
    flagged = sa.or_(LINKS.c.is_kept_deleted, sa.cast(LINKS.c.force_fields, sa.Text()) != "[]")
    rows = op.get_bind().execute(sa.select(LINKS).where(flagged)).mappings().all()
    for row in rows:
        kept = {KEPT_DELETED: True} if row["is_kept_deleted"] else {}
        forced = {FORCED: row["force_fields"]} if row["force_fields"] else {}
        _update(row["id"], pushed={**row["pushed"], **kept, **forced})
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_link_quote_id_quote"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_link_quote_id"))
        batch_op.drop_column("force_fields")
        batch_op.drop_column("is_kept_deleted")
        batch_op.drop_column("quote_id")


def _fill_quotes() -> None:
    """The quote of each link to a quote or its parts, whose ids begin with the quote's; none for a quote that is gone."""
    if op.get_bind().dialect.name == "postgresql":
        number = "cast(substring(local_id from '^[0-9]{1,9}') as integer)"
    else:
        number = "cast(local_id as integer)"
    op.execute(
        f"update link set quote_id = (select quote.id from quote where quote.id = {number}) "  # noqa: S608
        "where local_type in ('quote', 'line', 'location', 'revision')"
    )


def _flagged() -> Iterator[tuple[int, dict[str, Any]]]:
    """The links whose document has flags."""
    text = sa.cast(LINKS.c.pushed, sa.Text())
    named = sa.or_(*(text.contains(f'"{name}"', autoescape=True) for name in FLAGS))
    for number, pushed in op.get_bind().execute(sa.select(LINKS.c.id, LINKS.c.pushed).where(named)).all():
        if any(name in pushed for name in FLAGS):
            yield number, pushed


def _update(number: int, **values: Any) -> None:
    op.get_bind().execute(LINKS.update().where(LINKS.c.id == number).values(**values))
