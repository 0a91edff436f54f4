"""batches and notifications

Revision: 0006, after 0005, made 2026-11-24 03:25:30.457257+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BEFORE = "state in ('waiting', 'running', 'done', 'parked', 'superseded')"
AFTER = "state in ('waiting', 'running', 'done', 'parked', 'superseded', 'stopped')"


def upgrade() -> None:
    op.create_table(
        "push_batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("stop_after", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.CheckConstraint("state in ('running', 'stopped')", name=op.f("ck_push_batch_state")),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user_account.id"], name=op.f("fk_push_batch_created_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_batch")),
    )
    op.create_table(
        "notification",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("quote_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mail_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mail_attempts", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["quote_id"], ["quote.id"], name=op.f("fk_notification_quote_id_quote")),
        sa.ForeignKeyConstraint(["run_id"], ["push_run.id"], name=op.f("fk_notification_run_id_push_run")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_notification_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification")),
    )
    with op.batch_alter_table("notification", schema=None) as batch_op:
        batch_op.create_index("ix_notification_inbox", ["user_id", "read_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_notification_mail_due_at"), ["mail_due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_notification_quote_id"), ["quote_id"], unique=False)

    with op.batch_alter_table("outbox_entry", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_outbox_entry_state"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_outbox_entry_state"), AFTER)
        batch_op.add_column(sa.Column("batch_id", sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f("ix_outbox_entry_batch_id"), ["batch_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_outbox_entry_batch_id_push_batch"), "push_batch", ["batch_id"], ["id"]
        )


def downgrade() -> None:
    # A batch that was stopped is not known before; its pushes were not begun, as if a person had to mend something.
    op.execute("UPDATE outbox_entry SET state = 'parked' WHERE state = 'stopped'")
    with op.batch_alter_table("outbox_entry", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_outbox_entry_state"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_outbox_entry_state"), BEFORE)
        batch_op.drop_constraint(batch_op.f("fk_outbox_entry_batch_id_push_batch"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_outbox_entry_batch_id"))
        batch_op.drop_column("batch_id")

    with op.batch_alter_table("notification", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notification_quote_id"))
        batch_op.drop_index(batch_op.f("ix_notification_mail_due_at"))
        batch_op.drop_index("ix_notification_inbox")

    op.drop_table("notification")
    op.drop_table("push_batch")
