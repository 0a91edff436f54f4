"""The part of a diary's entry that can name a person gets a hash of its own, so that it can be replaced.

Revision ID: 0026
Revises: 0024
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0024"
branch_labels = None
depends_on = None

REFUSAL = "The diary is append-only."
FIRST = "0" * 64
AT_ONCE = 500
# What can't change, whoever asks.
FIXED = (
    *("id", "at", "actor_id", "action", "object_type", "object_id", "revision"),
    *("body_sha256", "previous_sha256", "sha256"),
)
BODY = ("actor", "session", "address", "content")


def upgrade() -> None:
    op.create_table(
        "diary_permit",
        sa.Column("what", sa.String(10), nullable=False),
        sa.Column("through", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("what", name="pk_diary_permit"),
    )
    _drop_guards()
    op.add_column("diary_entry", sa.Column("salt", sa.String(64), server_default="", nullable=False))
    op.add_column("diary_entry", sa.Column("body_sha256", sa.String(64), server_default="", nullable=False))
    _chain_again()
    _guard()
    op.create_index("ix_delivery_event_id", "delivery", ["event_id"])


def downgrade() -> None:
    op.drop_index("ix_delivery_event_id", table_name="delivery")
    _drop_guards()
    previous, diary, connection = FIRST, _diary(), op.get_bind()
    for row in _rows():
        sha256 = _old_hash(row, previous)
        connection.execute(
            diary.update().where(diary.c.id == row["id"]).values(previous_sha256=previous, sha256=sha256)
        )
        previous = sha256
    with op.batch_alter_table("diary_entry") as table:
        table.drop_column("body_sha256")
        table.drop_column("salt")
    op.drop_table("diary_permit")
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(_refuse_on_sqlite(verb, ""))
        return
    op.execute(
        "CREATE FUNCTION diary_entry_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
    )
    _triggers_on_postgres()


def _diary() -> sa.TableClause:
    names = ("id", "actor_id", "action", "object_type", "object_id", "revision", *BODY)
    hashes = ("salt", "body_sha256", "previous_sha256", "sha256")
    return sa.table(
        "diary_entry",
        *(sa.column(name) for name in (*names, *hashes)),
        sa.column("at", sa.DateTime(timezone=True)),
    )


def _rows() -> Iterator[dict[str, Any]]:
    """In batches, since the diary may be long."""
    diary, after = _diary(), 0
    while True:
        query = sa.select(diary).where(diary.c.id > after).order_by(diary.c.id).limit(AT_ONCE)
        rows = op.get_bind().execute(query).mappings().all()
        if not rows:
            return
        for row in rows:
            yield dict(row)
        after = rows[-1]["id"]


def _chain_again() -> None:
    """Give every entry its new hashes, and note in one more entry what the old chain ended with, and if it was whole."""
    diary, connection = _diary(), op.get_bind()
    old = new = FIRST
    count, broken = 0, None
    for row in _rows():
        whole = (
            row["id"] == count + 1 and row["previous_sha256"] == old and row["sha256"] == _old_hash(row, old)
        )
        if not whole and broken is None:
            broken = row["id"]
        old, count = row["sha256"], row["id"]
        hashes = _new_hashes(row, new)
        connection.execute(diary.update().where(diary.c.id == row["id"]).values(**hashes))
        new = hashes["sha256"]
    if not count:
        return
    detail = {"entries": count, "old_sha256": old, "broken_at": broken}
    entry = {
        "id": count + 1,
        "at": datetime.now(UTC),
        **dict.fromkeys(("actor_id", "revision")),
        **dict.fromkeys(("session", "address"), ""),
        "actor": "Quotewright",
        "action": "audit.chained_again",
        "object_type": "audit",
        "object_id": "diary",
        "content": _canonical({"changes": [], "detail": detail}),
    }
    connection.execute(diary.insert().values(**entry, **_new_hashes(entry, new)))


def _old_hash(row: dict[str, Any], previous: str) -> str:
    named = ("id", "actor_id", "action", "object_type", "object_id", "revision", *BODY)
    return _hash({**{name: row[name] for name in named}, "at": _at(row), "previous": previous})


def _new_hashes(row: dict[str, Any], previous: str) -> dict[str, str]:
    salt = secrets.token_hex(32)
    body = _hash({"salt": salt, **{name: row[name] for name in BODY}})
    named = ("id", "actor_id", "action", "object_type", "object_id", "revision")
    frame = {**{name: row[name] for name in named}, "at": _at(row), "body": body, "previous": previous}
    return {"salt": salt, "body_sha256": body, "previous_sha256": previous, "sha256": _hash(frame)}


def _at(row: dict[str, Any]) -> str:
    at: datetime = row["at"] if row["at"].tzinfo else row["at"].replace(tzinfo=UTC)
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _hash(values: dict[str, Any]) -> str:
    return hashlib.sha256(_canonical(values).encode()).hexdigest()


def _canonical(content: dict[str, Any]) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _drop_guards() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("update", "delete"):
            op.execute(f"DROP TRIGGER diary_entry_no_{verb}")
    else:
        op.execute("DROP FUNCTION diary_entry_is_append_only() CASCADE")


def _guard() -> None:
    """Refuse every change but the two that a permit in the same transaction names: see ``services.diary.chain``."""
    fixed = " AND ".join(f"NEW.{name} IS {{same}} OLD.{name}" for name in FIXED)
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            _refuse_on_sqlite("UPDATE", f"WHEN NOT ({_permit('replace')} AND {fixed.format(same='')}) ")
        )
        op.execute(_refuse_on_sqlite("DELETE", f"WHEN NOT {_permit('remove')} "))
        return
    op.execute(
        "CREATE FUNCTION diary_entry_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP = 'UPDATE' THEN IF {_permit('replace')} AND {fixed.format(same='NOT DISTINCT FROM')} "
        "THEN RETURN NEW; END IF; "
        f"ELSIF TG_OP = 'DELETE' THEN IF {_permit('remove')} THEN RETURN OLD; END IF; "
        f"END IF; RAISE EXCEPTION '{REFUSAL}'; END $$"
    )
    _triggers_on_postgres()


def _permit(what: str) -> str:
    return f"EXISTS (SELECT 1 FROM diary_permit WHERE what = '{what}' AND through >= OLD.id)"  # noqa: S608


def _refuse_on_sqlite(verb: str, condition: str) -> str:
    return (
        f"CREATE TRIGGER diary_entry_no_{verb.lower()} BEFORE {verb} ON diary_entry {condition}"
        f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    )


def _triggers_on_postgres() -> None:
    op.execute(
        "CREATE TRIGGER diary_entry_append_only BEFORE UPDATE OR DELETE ON diary_entry "
        "FOR EACH ROW EXECUTE FUNCTION diary_entry_is_append_only()"
    )
    op.execute(
        "CREATE TRIGGER diary_entry_no_truncate BEFORE TRUNCATE ON diary_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION diary_entry_is_append_only()"
    )
