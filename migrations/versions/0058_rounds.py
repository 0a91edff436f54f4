"""A round of signers is numbered, so that no clock decides which signatures count.

Revision ID: 0058
Revises: 0053
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from webapp.models.types import UtcDateTime

revision = "0058"
down_revision = "0056"
branch_labels = None
depends_on = None

SIGNING = sa.table(
    "quote_signing",
    sa.column("quote_id"),
    sa.column("restarted_at", UtcDateTime()),
    sa.column("round_number"),
)
QUOTE = sa.table("quote", sa.column("id"), sa.column("status"), sa.column("status_changed_at", UtcDateTime()))
REVISION = sa.table(
    "revision",
    sa.column("id"),
    sa.column("quote_id"),
    sa.column("number"),
    sa.column("created_at", UtcDateTime()),
    sa.column("created_by_id"),
)
SIGNER = sa.table(
    "quote_signer",
    sa.column("id"),
    sa.column("quote_id"),
    sa.column("asked_at", UtcDateTime()),
    sa.column("asked_round"),
)
SIGNATURE = sa.table(
    "signature",
    sa.column("quote_id"),
    sa.column("revision_id"),
    sa.column("acceptance_id"),
    sa.column("kind"),
    sa.column("accepted_at", UtcDateTime()),
    sa.column("round_number"),
)


def upgrade() -> None:
    # Each alone: on SQLite, rebuilding a table would drop its triggers.
    op.add_column(
        "quote_signing", sa.Column("round_number", sa.Integer(), server_default="1", nullable=False)
    )
    op.add_column("quote_signer", sa.Column("asked_round", sa.Integer(), server_default="0", nullable=False))
    op.add_column("signature", sa.Column("round_number", sa.Integer(), server_default="0", nullable=False))
    _number_those_under_way()
    op.drop_column("quote_signing", "restarted_at")


def _number_those_under_way() -> None:
    """What counts by the times so far is of round 1; everything earlier is of round 0."""
    db = op.get_bind()
    rows = sa.select(QUOTE.c.id, QUOTE.c.status_changed_at, SIGNING.c.restarted_at).join_from(
        QUOTE, SIGNING, SIGNING.c.quote_id == QUOTE.c.id
    )
    for quote in db.execute(rows.where(QUOTE.c.status == "pending")).all():
        of_quote = sa.select(REVISION).where(REVISION.c.quote_id == quote.id).order_by(REVISION.c.number)
        revisions = db.execute(of_quote).all()
        if not revisions:
            continue
        ended = [one for one in (quote.status_changed_at, quote.restarted_at) if one is not None]
        begun = max([*ended, *(one.created_at for one in revisions if one.created_by_id is not None)])
        counts = sa.and_(
            SIGNATURE.c.quote_id == quote.id,
            SIGNATURE.c.revision_id == revisions[-1].id,
            SIGNATURE.c.acceptance_id.is_(None),
            SIGNATURE.c.kind == "customer",
            *(SIGNATURE.c.accepted_at > one for one in ended),
        )
        db.execute(sa.update(SIGNATURE).where(counts).values(round_number=1))
        asked = (SIGNER.c.quote_id == quote.id) & (SIGNER.c.asked_at >= begun)
        db.execute(sa.update(SIGNER).where(asked).values(asked_round=1))


def _end_those_of_earlier_rounds() -> None:
    """What counted no longer by its number must not count again by its time."""
    db = op.get_bind()
    earlier = sa.select(sa.func.max(SIGNATURE.c.accepted_at)).where(
        SIGNATURE.c.quote_id == SIGNING.c.quote_id,
        SIGNATURE.c.acceptance_id.is_(None),
        SIGNATURE.c.round_number < SIGNING.c.round_number,
    )
    db.execute(sa.update(SIGNING).values(restarted_at=earlier.scalar_subquery()))


def downgrade() -> None:
    op.add_column("quote_signing", sa.Column("restarted_at", UtcDateTime(), nullable=True))
    _end_those_of_earlier_rounds()
    op.drop_column("signature", "round_number")
    op.drop_column("quote_signer", "asked_round")
    op.drop_column("quote_signing", "round_number")
