"""Several signers, our countersignature, and codes that prove an address; what was signed is locked like before.

Revision ID: 0050
Revises: 0049
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import sqlalchemy as sa
from alembic import op

from webapp.models.types import UtcDateTime

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

REFUSAL = "What was signed is locked."
FUNCTION = "signing_is_locked"
ACCEPTED = "EXISTS (SELECT 1 FROM acceptance WHERE acceptance.quote_id = OLD.quote_id)"


class Lock(NamedTuple):
    """``verb`` is refused for rows ``when``. ``columns``: of which an update is refused, empty for all."""

    table: str
    verb: str
    when: str
    columns: str = ""


DRAWN = (
    "EXISTS (SELECT 1 FROM signature JOIN acceptance ON acceptance.quote_id = signature.quote_id "
    "WHERE signature.id = OLD.signature_id)"
)
LOCKS = (
    Lock("quote_signing", "update", ACCEPTED),
    Lock("quote_signing", "delete", ACCEPTED),
    Lock("quote_signer", "update", ACCEPTED, "position, name, email, title"),
    Lock("quote_signer", "delete", ACCEPTED),
    # It becomes part of the acceptance once, when that is there.
    Lock("signature", "update", "OLD.acceptance_id IS NOT NULL"),
    Lock("signature", "delete", ACCEPTED),
    Lock("signature_drawing", "update", DRAWN),
    Lock("signature_drawing", "delete", DRAWN),
)


def upgrade() -> None:
    op.create_table(
        "quote_signing",
        sa.Column("quote_id", sa.Integer(), nullable=False),
        sa.Column("is_ordered", sa.Boolean(), nullable=False),
        sa.Column("countersign", sa.String(3), nullable=False),
        sa.Column("restarted_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("countersign in ('', 'yes', 'no')", name=op.f("ck_quote_signing_countersign")),
        sa.ForeignKeyConstraint(
            ["quote_id"], ["quote.id"], name=op.f("fk_quote_signing_quote_id_quote"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("quote_id", name=op.f("pk_quote_signing")),
    )
    op.create_table(
        "quote_signer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("quote_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("token_sha256", sa.String(64), nullable=False),
        sa.Column("token_encrypted", sa.Text(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["quote_id"], ["quote.id"], name=op.f("fk_quote_signer_quote_id_quote"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote_signer")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_quote_signer_token_sha256")),
    )
    op.create_index(op.f("ix_quote_signer_quote_id"), "quote_signer", ["quote_id"])
    _signature()
    op.create_table(
        "signing_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("quote_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("salt", sa.String(32), nullable=False),
        sa.Column("code_sha256", sa.String(64), nullable=False),
        sa.Column("session", sa.String(80), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["quote_id"], ["quote.id"], name=op.f("fk_signing_code_quote_id_quote"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_code")),
    )
    op.create_index(op.f("ix_signing_code_quote_id"), "signing_code", ["quote_id"])
    # Each alone: on SQLite, rebuilding the table would drop its triggers.
    op.add_column("acceptance", sa.Column("signer_id", sa.Integer(), nullable=True))
    op.add_column(
        "acceptance", sa.Column("confirmed_email", sa.String(254), server_default="", nullable=False)
    )
    op.add_column(
        "acceptance",
        sa.Column("wants_countersignature", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    for statement in _locked():
        op.execute(statement)


def _signature() -> None:
    op.create_table(
        "signature",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("quote_id", sa.Integer(), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("acceptance_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("countersigner_id", sa.Integer(), nullable=True),
        sa.Column("content_sha256", sa.String(64), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("signature", sa.String(120), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("title", sa.String(120), server_default="", nullable=False),
        sa.Column("purchase_order_number", sa.String(50), server_default="", nullable=False),
        sa.Column("consent", sa.Text(), server_default="", nullable=False),
        sa.Column("consent_version", sa.String(20), server_default="", nullable=False),
        sa.Column("consent_sha256", sa.String(64), server_default="", nullable=False),
        sa.Column("terms_sha256", sa.String(64), server_default="", nullable=False),
        sa.Column("session", sa.String(80), server_default="", nullable=False),
        sa.Column("time_zone", sa.String(64), server_default="", nullable=False),
        sa.Column("signed_in_as", sa.String(254), server_default="", nullable=False),
        sa.Column("confirmed_email", sa.String(254), server_default="", nullable=False),
        sa.Column("signer_id", sa.Integer(), nullable=True),
        sa.Column("ip_address", sa.String(45), nullable=False),
        sa.Column("user_agent", sa.String(300), nullable=False),
        sa.Column("accepted_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("kind in ('customer', 'counter')", name=op.f("ck_signature_kind")),
        sa.ForeignKeyConstraint(["quote_id"], ["quote.id"], name=op.f("fk_signature_quote_id_quote")),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["revision.id"], name=op.f("fk_signature_revision_id_revision")
        ),
        sa.ForeignKeyConstraint(
            ["acceptance_id"], ["acceptance.id"], name=op.f("fk_signature_acceptance_id_acceptance")
        ),
        sa.ForeignKeyConstraint(
            ["countersigner_id"],
            ["user_account.id"],
            name=op.f("fk_signature_countersigner_id_user_account"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signature")),
    )
    op.create_index(op.f("ix_signature_quote_id"), "signature", ["quote_id"])
    op.create_index(op.f("ix_signature_acceptance_id"), "signature", ["acceptance_id"])
    op.create_table(
        "signature_drawing",
        sa.Column("signature_id", sa.Integer(), nullable=False),
        sa.Column("png", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["signature_id"], ["signature.id"], name=op.f("fk_signature_drawing_signature_id_signature")
        ),
        sa.PrimaryKeyConstraint("signature_id", name=op.f("pk_signature_drawing")),
    )


def downgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for lock in LOCKS:
        name = f"{lock.table}_locked_{lock.verb}"
        op.execute(f"DROP TRIGGER {name}" if is_sqlite else f"DROP TRIGGER {name} ON {lock.table}")
    if not is_sqlite:
        op.execute(f"DROP FUNCTION {FUNCTION}()")
    for column in ("wants_countersignature", "confirmed_email", "signer_id"):
        op.drop_column("acceptance", column)
    for table in ("signing_code", "signature_drawing", "signature", "quote_signer", "quote_signing"):
        op.drop_table(table)


def _locked() -> Iterator[str]:
    """The triggers that refuse a change."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    if not is_sqlite:
        # A condition of a trigger can't ask another table there, so its function does.
        cases = " ".join(
            f"IF TG_TABLE_NAME = '{lock.table}' AND TG_OP = '{lock.verb.upper()}' THEN IF NOT {lock.when} THEN "
            f"RETURN {'NEW' if lock.verb == 'update' else 'OLD'}; END IF; END IF;"
            for lock in LOCKS
        )
        yield (
            f"CREATE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {cases} "
            f"RAISE EXCEPTION '{REFUSAL}'; END $$"
        )
    for lock in LOCKS:
        of = f" OF {lock.columns}" if lock.columns else ""
        start = (
            f"CREATE TRIGGER {lock.table}_locked_{lock.verb} BEFORE {lock.verb.upper()}{of} ON {lock.table}"
        )
        if is_sqlite:
            yield f"{start} WHEN {lock.when} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        else:
            yield f"{start} FOR EACH ROW EXECUTE FUNCTION {FUNCTION}()"
