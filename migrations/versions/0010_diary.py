"""The audit trail becomes the diary: a chain of rows that can't be changed.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

DETAIL = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
RENAMED = {"quote.begun": "quote.created"}
REFUSAL = "The diary is append-only."


def upgrade() -> None:
    diary = op.create_table(
        "diary_entry",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor", sa.String(length=254), nullable=False),
        sa.Column("session", sa.String(length=80), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("object_type", sa.String(length=40), nullable=False),
        sa.Column("object_id", sa.String(length=40), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("previous_sha256", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_diary_entry")),
    )
    for name, columns in (("at", ["at"]), ("action", ["action"])):
        op.create_index(op.f(f"ix_diary_entry_{name}"), "diary_entry", columns)
    op.create_index("ix_diary_entry_object", "diary_entry", ["object_type", "object_id"])
    _copy(op.get_bind(), diary)
    op.drop_table("audit_event")
    _forbid_changes()


def downgrade() -> None:
    op.create_table(
        "audit_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_label", sa.String(length=254), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("object_type", sa.String(length=40), nullable=False),
        sa.Column("object_id", sa.String(length=40), nullable=False),
        sa.Column("detail", DETAIL, nullable=False),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["user_account.id"], name=op.f("fk_audit_event_actor_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
    )
    op.create_index(op.f("ix_audit_event_at"), "audit_event", ["at"])
    op.create_index("ix_audit_event_object", "audit_event", ["object_type", "object_id"])
    connection = op.get_bind()
    audit, diary = (
        _audit(),
        sa.table(
            "diary_entry",
            *(
                sa.column(name)
                for name in (
                    "id",
                    "actor_id",
                    "actor",
                    "action",
                    "object_type",
                    "object_id",
                    "revision",
                    "content",
                )
            ),
            sa.column("at", sa.DateTime(timezone=True)),
        ),
    )
    for row in connection.execute(sa.select(diary).order_by(diary.c.id)).mappings().all():
        content = json.loads(row["content"])
        detail = content["detail"] | ({"revision": row["revision"]} if row["revision"] is not None else {})
        names = ("at", "actor_id", "action", "object_type", "object_id")
        connection.execute(
            audit.insert().values(
                **{name: row[name] for name in names}, actor_label=row["actor"], detail=detail
            )
        )
    op.drop_table("diary_entry")
    if connection.dialect.name == "postgresql":
        op.execute("DROP FUNCTION diary_entry_is_append_only()")


def _audit() -> sa.TableClause:
    return sa.table(
        "audit_event",
        *(
            sa.column(name)
            for name in ("id", "actor_id", "actor_label", "action", "object_type", "object_id")
        ),
        sa.column("at", sa.DateTime(timezone=True)),
        sa.column("detail", DETAIL),
    )


def _copy(connection: sa.Connection, diary: sa.Table) -> None:
    """Chain the old rows in their order."""
    previous = "0" * 64
    audit = _audit()
    for number, row in enumerate(
        connection.execute(sa.select(audit).order_by(audit.c.id)).mappings().all(), start=1
    ):
        detail = dict(row["detail"])
        of_revision = detail.pop("revision", None)
        at = row["at"] if row["at"].tzinfo else row["at"].replace(tzinfo=UTC)
        values: dict[str, Any] = {
            "id": number,
            "at": at,
            "actor_id": row["actor_id"],
            "actor": row["actor_label"],
            "session": "",
            "address": "",
            "action": RENAMED.get(row["action"], row["action"]),
            "object_type": row["object_type"],
            "object_id": row["object_id"],
            "revision": of_revision if isinstance(of_revision, int) else None,
            "content": _canonical({"changes": [], "detail": detail}),
        }
        hashed = values | {"at": at.astimezone(UTC).isoformat(timespec="microseconds"), "previous": previous}
        sha256 = hashlib.sha256(_canonical(hashed).encode()).hexdigest()
        connection.execute(diary.insert().values(**values, previous_sha256=previous, sha256=sha256))
        previous = sha256


def _canonical(content: dict[str, Any]) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _forbid_changes() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER diary_entry_no_{verb.lower()} BEFORE {verb} ON diary_entry "
                f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION diary_entry_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER diary_entry_append_only BEFORE UPDATE OR DELETE ON diary_entry "
        "FOR EACH ROW EXECUTE FUNCTION diary_entry_is_append_only()"
    )
    op.execute(
        "CREATE TRIGGER diary_entry_no_truncate BEFORE TRUNCATE ON diary_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION diary_entry_is_append_only()"
    )
