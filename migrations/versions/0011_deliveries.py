"""One table of deliveries for pushes, webhooks and mails; states as their enumerations, checked.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

RUN_STATES = "state in ('running', 'synced', 'out_of_sync', 'needs_you', 'retrying', 'failed')"
STEP_STATES = "state in ('planned', 'intent', 'done', 'failed', 'unchanged', 'resolved', 'outdated')"
STATES = "state in ('waiting', 'running', 'done', 'superseded', 'parked', 'stopped')"
# Of a webhook's message: its old state, and the delivery's.
MESSAGE_STATES = {"waiting": "waiting", "running": "running", "delivered": "done", "failed": "parked"}


def upgrade() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reader", sa.String(length=30), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("quote_id", sa.Integer(), nullable=True),
        sa.Column("revision_id", sa.Integer(), nullable=True),
        sa.Column("uid", sa.String(length=40), nullable=True),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("is_asked_for", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(STATES, name=op.f("ck_delivery_state")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["push_batch.id"], name=op.f("fk_delivery_batch_id_push_batch")
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["diary_entry.id"], name=op.f("fk_delivery_event_id_diary_entry")
        ),
        sa.ForeignKeyConstraint(["quote_id"], ["quote.id"], name=op.f("fk_delivery_quote_id_quote")),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["revision.id"], name=op.f("fk_delivery_revision_id_revision")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("uid", name=op.f("uq_delivery_uid")),
    )
    op.create_index("ix_delivery_due", "delivery", ["reader", "state", "not_before"])
    op.create_index("ix_delivery_address", "delivery", ["reader", "address", "id"])
    for name in ("quote_id", "batch_id"):
        op.create_index(op.f(f"ix_delivery_{name}"), "delivery", [name])
    op.create_table(
        "delivery_attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("sentence", sa.String(length=500), nullable=False),
        sa.Column("response", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["delivery.id"],
            name=op.f("fk_delivery_attempt_delivery_id_delivery"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_attempt")),
    )
    op.create_index(op.f("ix_delivery_attempt_delivery_id"), "delivery_attempt", ["delivery_id"])
    _copy_pushes()
    _copy_messages()
    with op.batch_alter_table("push_run", schema=None) as batch_op:
        batch_op.add_column(sa.Column("delivery_id", sa.Integer(), nullable=True))
    # A push keeps its number, so that a run still knows its delivery.
    op.execute("UPDATE push_run SET delivery_id = outbox_entry_id")
    op.execute("UPDATE push_run SET state = 'out_of_sync' WHERE state = 'amber'")
    with op.batch_alter_table("push_run", schema=None) as batch_op:
        batch_op.drop_constraint("fk_push_run_outbox_entry_id_outbox_entry", type_="foreignkey")
        batch_op.drop_column("outbox_entry_id")
        batch_op.create_foreign_key(
            op.f("fk_push_run_delivery_id_delivery"), "delivery", ["delivery_id"], ["id"]
        )
        batch_op.create_check_constraint(op.f("ck_push_run_state"), RUN_STATES)
    with op.batch_alter_table("push_step", schema=None) as batch_op:
        batch_op.create_check_constraint(op.f("ck_push_step_state"), STEP_STATES)
    with op.batch_alter_table("notification", schema=None) as batch_op:
        batch_op.drop_index(op.f("ix_notification_mail_due_at"))
        batch_op.drop_column("mail_due_at")
        batch_op.drop_column("mail_attempts")
    for table in ("webhook_attempt", "webhook_delivery", "outbox_entry"):
        op.drop_table(table)


def downgrade() -> None:
    op.create_table(
        "outbox_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("quote_id", sa.Integer(), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            STATES.replace("'superseded', 'parked'", "'parked', 'superseded'"),
            name=op.f("ck_outbox_entry_state"),
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["push_batch.id"], name=op.f("fk_outbox_entry_batch_id_push_batch")
        ),
        sa.ForeignKeyConstraint(["quote_id"], ["quote.id"], name=op.f("fk_outbox_entry_quote_id_quote")),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["revision.id"], name=op.f("fk_outbox_entry_revision_id_revision")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_entry")),
    )
    op.create_index("ix_outbox_entry_due", "outbox_entry", ["state", "not_before"])
    for name in ("quote_id", "batch_id"):
        op.create_index(op.f(f"ix_outbox_entry_{name}"), "outbox_entry", [name])
    op.create_table(
        "webhook_delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=40), nullable=False),
        sa.Column("endpoint_id", sa.Integer(), nullable=False),
        sa.Column("quote_id", sa.Integer(), nullable=True),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("is_asked_for", sa.Boolean(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.Column("sentence", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state in ('waiting', 'running', 'delivered', 'failed')", name=op.f("ck_webhook_delivery_state")
        ),
        sa.ForeignKeyConstraint(
            ["endpoint_id"],
            ["webhook_endpoint.id"],
            name=op.f("fk_webhook_delivery_endpoint_id_webhook_endpoint"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["quote_id"], ["quote.id"], name=op.f("fk_webhook_delivery_quote_id_quote")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_delivery")),
        sa.UniqueConstraint("uid", name=op.f("uq_webhook_delivery_uid")),
    )
    op.create_index("ix_webhook_delivery_due", "webhook_delivery", ["state", "not_before"])
    op.create_index("ix_webhook_delivery_endpoint", "webhook_delivery", ["endpoint_id", "id"])
    op.create_index(op.f("ix_webhook_delivery_quote_id"), "webhook_delivery", ["quote_id"])
    op.create_table(
        "webhook_attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("sentence", sa.String(length=500), nullable=False),
        sa.Column("response", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["webhook_delivery.id"],
            name=op.f("fk_webhook_attempt_delivery_id_webhook_delivery"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_attempt")),
    )
    op.create_index(op.f("ix_webhook_attempt_delivery_id"), "webhook_attempt", ["delivery_id"])
    _put_back()
    with op.batch_alter_table("push_step", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_push_step_state"), type_="check")
    with op.batch_alter_table("push_run", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_push_run_state"), type_="check")
        batch_op.add_column(sa.Column("outbox_entry_id", sa.Integer(), nullable=True))
    op.execute("UPDATE push_run SET outbox_entry_id = delivery_id")
    op.execute("UPDATE push_run SET state = 'amber' WHERE state = 'out_of_sync'")
    with op.batch_alter_table("push_run", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("fk_push_run_delivery_id_delivery"), type_="foreignkey")
        batch_op.drop_column("delivery_id")
        batch_op.create_foreign_key(
            op.f("fk_push_run_outbox_entry_id_outbox_entry"), "outbox_entry", ["outbox_entry_id"], ["id"]
        )
    with op.batch_alter_table("notification", schema=None) as batch_op:
        batch_op.add_column(sa.Column("mail_due_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("mail_attempts", sa.Integer(), nullable=False, server_default="0"))
        batch_op.create_index(op.f("ix_notification_mail_due_at"), ["mail_due_at"])
    op.drop_table("delivery_attempt")
    op.drop_table("delivery")


def _table(name: str, *columns: str) -> sa.TableClause:
    times = ("not_before", "created_at", "updated_at", "at", "lease_until")
    return sa.table(
        name,
        *(sa.column(column, sa.DateTime(timezone=True) if column in times else None) for column in columns),
    )


def _copy_pushes() -> None:
    same = (
        "id",
        "reason",
        "quote_id",
        "revision_id",
        "state",
        "attempt",
        "not_before",
        "batch_id",
        "created_at",
        "updated_at",
    )
    old, new = _table("outbox_entry", *same, "last_error"), _delivery()
    constants = {"reader": "autotask", "address": "", "payload": "", "fence": 0, "is_asked_for": sa.false()}
    op.get_bind().execute(
        new.insert().from_select(
            [*same, "outcome", "lease_until", *constants],
            sa.select(
                *(old.c[name] for name in same),
                old.c.last_error,
                sa.case((old.c.state == "running", old.c.updated_at)),
                *(
                    value if isinstance(value, sa.ColumnElement) else sa.literal(value)
                    for value in constants.values()
                ),
            ),
        )
    )
    _after_the_last("delivery")


def _copy_messages() -> None:
    connection, new = op.get_bind(), _delivery()
    old = _table(
        "webhook_delivery",
        *(
            "id",
            "uid",
            "endpoint_id",
            "quote_id",
            "event",
            "body",
            "state",
            "is_asked_for",
            "attempt",
            "sentence",
        ),
        *("not_before", "created_at", "updated_at"),
    )
    attempt_columns = ("at", "status", "duration_ms", "sentence", "response")
    old_attempts = _table("webhook_attempt", "id", "delivery_id", *attempt_columns)
    new_attempts = _table("delivery_attempt", "delivery_id", *attempt_columns)
    next_id = (connection.scalar(sa.select(sa.func.max(new.c.id))) or 0) + 1
    for row in connection.execute(sa.select(old).order_by(old.c.id)).mappings().all():
        values: dict[str, Any] = {
            name: row[name]
            for name in (
                "uid",
                "quote_id",
                "is_asked_for",
                "attempt",
                "not_before",
                "created_at",
                "updated_at",
            )
        }
        values |= {
            "id": next_id,
            "reader": "webhook",
            "reason": row["event"],
            "address": str(row["endpoint_id"]),
            "payload": row["body"],
            "state": MESSAGE_STATES[row["state"]],
            "outcome": row["sentence"],
            "lease_until": row["updated_at"] if row["state"] == "running" else None,
            "fence": 0,
        }
        values["is_asked_for"] = sa.true() if values["is_asked_for"] else sa.false()
        connection.execute(new.insert().values(**values))
        of_row = (
            sa.select(old_attempts).where(old_attempts.c.delivery_id == row["id"]).order_by(old_attempts.c.id)
        )
        for attempt in connection.execute(of_row).mappings().all():
            copied = {name: attempt[name] for name in attempt_columns}
            connection.execute(new_attempts.insert().values(delivery_id=next_id, **copied))
        next_id += 1
    _after_the_last("delivery")


def _put_back() -> None:
    connection, new = op.get_bind(), _delivery()
    same = (
        "id",
        "reason",
        "quote_id",
        "revision_id",
        "state",
        "attempt",
        "not_before",
        "batch_id",
        "created_at",
        "updated_at",
    )
    pushes = _table("outbox_entry", *same, "last_error")
    connection.execute(
        pushes.insert().from_select(
            [*same, "last_error"],
            sa.select(*(new.c[name] for name in same), new.c.outcome).where(new.c.reader == "autotask"),
        )
    )
    _after_the_last("outbox_entry")
    states = {new_state: old_state for old_state, new_state in MESSAGE_STATES.items()}
    messages = _table(
        "webhook_delivery",
        *("uid", "endpoint_id", "quote_id", "event", "body", "state", "is_asked_for", "attempt", "sentence"),
        *("not_before", "created_at", "updated_at"),
    )
    of_webhooks = sa.select(new).where(new.c.reader == "webhook").order_by(new.c.id)
    for row in connection.execute(of_webhooks).mappings().all():
        connection.execute(
            messages.insert().values(
                uid=row["uid"],
                endpoint_id=int(row["address"]),
                quote_id=row["quote_id"],
                event=row["reason"],
                body=row["payload"],
                state=states.get(row["state"], "failed"),
                is_asked_for=sa.true() if row["is_asked_for"] else sa.false(),
                attempt=row["attempt"],
                sentence=row["outcome"][:500],
                not_before=row["not_before"],
                created_at=row["created_at"],
                updated_at=row["updated_at"],
            )
        )


def _delivery() -> sa.TableClause:
    return _table(
        "delivery",
        *(
            "id",
            "reader",
            "reason",
            "address",
            "quote_id",
            "revision_id",
            "uid",
            "payload",
            "state",
            "attempt",
        ),
        *(
            "not_before",
            "lease_until",
            "fence",
            "is_asked_for",
            "outcome",
            "batch_id",
            "created_at",
            "updated_at",
        ),
    )


def _after_the_last(table: str) -> None:
    """PostgreSQL's sequence doesn't know of rows that came with an id."""
    if op.get_bind().dialect.name == "postgresql":
        rows = _table(table, "id")
        newest = sa.select(sa.func.coalesce(sa.func.max(rows.c.id), 1)).scalar_subquery()
        op.get_bind().execute(sa.select(sa.func.setval(sa.func.pg_get_serial_sequence(table, "id"), newest)))
