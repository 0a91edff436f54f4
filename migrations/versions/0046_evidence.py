"""What was signed, with its evidence: consent, drawn signatures, the chain of events; and no one changes it later.

Revision ID: 0046
Revises: 0045
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import sqlalchemy as sa
from alembic import op

from webapp.models.types import UtcDateTime

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

TEXTS = {
    "title": 120, "purchase_order_number": 50, "consent": 0, "consent_version": 20, "consent_sha256": 64,
    "terms_sha256": 64, "session": 80, "time_zone": 64, "signed_in_as": 254,
}  # fmt: skip
REFUSAL = "What was signed is locked."


class Lock(NamedTuple):
    """``columns``: of which an update is refused, empty for all. ``when``: of which rows, empty for all."""

    table: str
    columns: str = ""
    when: str = ""


# On SQLite a table that a later migration rebuilds loses its triggers: that migration creates them again.
LOCKS = (
    Lock("acceptance"),
    Lock("acceptance_drawing"),
    Lock("acceptance_document"),
    Lock(
        "revision",
        "content, content_sha256",
        "EXISTS (SELECT 1 FROM acceptance WHERE acceptance.revision_id = OLD.id)",
    ),
    Lock("quote_event", "", "EXISTS (SELECT 1 FROM acceptance WHERE acceptance.quote_id = OLD.quote_id)"),
)


def upgrade() -> None:
    op.create_table(
        "quote_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("quote_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("who", sa.String(10), nullable=False),
        sa.Column("name", sa.String(254), nullable=False),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("agent", sa.String(300), nullable=False),
        sa.Column("session", sa.String(80), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("previous_sha256", sa.String(64), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["quote_id"], ["quote.id"], name=op.f("fk_quote_event_quote_id_quote")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote_event")),
        sa.UniqueConstraint("quote_id", "number", name=op.f("uq_quote_event_quote_id_number")),
    )
    op.create_index(op.f("ix_quote_event_quote_id"), "quote_event", ["quote_id"])
    op.create_table(
        "acceptance_drawing",
        sa.Column("acceptance_id", sa.Integer(), nullable=False),
        sa.Column("png", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["acceptance_id"], ["acceptance.id"], name=op.f("fk_acceptance_drawing_acceptance_id_acceptance")
        ),
        sa.PrimaryKeyConstraint("acceptance_id", name=op.f("pk_acceptance_drawing")),
    )
    for name, length in TEXTS.items():
        kind = sa.String(length) if length else sa.Text()
        op.add_column("acceptance", sa.Column(name, kind, server_default="", nullable=False))
    for statement in _locked():
        op.execute(statement)


def downgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for lock in LOCKS:
        for verb in ("update", "delete"):
            name = f"{lock.table}_locked_{verb}"
            op.execute(f"DROP TRIGGER {name}" if is_sqlite else f"DROP TRIGGER {name} ON {lock.table}")
    if not is_sqlite:
        op.execute("DROP FUNCTION signed_is_locked()")
    with op.batch_alter_table("acceptance") as table:
        for name in reversed(TEXTS):
            table.drop_column(name)
    op.drop_table("acceptance_drawing")
    op.drop_table("quote_event")


def _locked() -> Iterator[str]:
    """The triggers that refuse every change."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    if not is_sqlite:
        # A condition of a trigger can't ask another table there, so its function does.
        cases = " ".join(
            f"IF TG_TABLE_NAME = '{lock.table}' THEN IF NOT {lock.when} THEN RETURN {{row}}; END IF; END IF;"
            for lock in LOCKS
            if lock.when
        )
        yield (
            "CREATE FUNCTION signed_is_locked() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF TG_OP = 'UPDATE' THEN {cases.format(row='NEW')} ELSE {cases.format(row='OLD')} END IF; "
            f"RAISE EXCEPTION '{REFUSAL}'; END $$"
        )
    for lock in LOCKS:
        for verb in ("update", "delete"):
            of = f" OF {lock.columns}" if lock.columns and verb == "update" else ""
            start = f"CREATE TRIGGER {lock.table}_locked_{verb} BEFORE {verb.upper()}{of} ON {lock.table}"
            if is_sqlite:
                when = f" WHEN {lock.when}" if lock.when else ""
                yield f"{start}{when} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            else:
                yield f"{start} FOR EACH ROW EXECUTE FUNCTION signed_is_locked()"
