"""Roles beyond admin and rep, teams, and an owner.

The oldest active admin becomes the owner. In a company that is at work already, reps keep changing each other's quotes.

Revision ID: 0022
Revises: 0021
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from webapp.models.types import UtcDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

ROLES = "role in ('owner', 'admin', 'sales_manager', 'rep', 'read_only', 'integration_admin')"
USER = sa.table(
    "user_account", sa.column("id"), sa.column("role"), sa.column("is_active"), sa.column("password_hash")
)
SETTING = sa.table(
    "app_setting",
    sa.column("key", sa.String()),
    sa.column("value", sa.JSON()),
    sa.column("version", sa.Integer()),
    sa.column("created_at", UtcDateTime()),
    sa.column("updated_at", UtcDateTime()),
)


def upgrade() -> None:
    with op.batch_alter_table("user_account") as batch_op:
        batch_op.drop_constraint(op.f("ck_user_account_role"), type_="check")
        batch_op.alter_column(
            "role", existing_type=sa.String(length=10), type_=sa.String(length=20), existing_nullable=False
        )
        batch_op.add_column(sa.Column("team", sa.String(length=60), nullable=False, server_default=""))
        batch_op.create_check_constraint(op.f("ck_user_account_role"), ROLES)
    connection = op.get_bind()
    people = connection.execute(
        sa.select(USER.c.id, USER.c.role)
        .where(USER.c.is_active)
        .order_by(USER.c.password_hash == "", USER.c.id)
    ).all()
    if not people:
        return
    first = next((person.id for person in people if person.role == "admin"), None)
    if first is not None:
        connection.execute(sa.update(USER).where(USER.c.id == first).values(role="owner"))
    now = datetime.now(UTC)
    connection.execute(
        sa.insert(SETTING).values(
            key="access", value={"reps_change": "all"}, version=1, created_at=now, updated_at=now
        )
    )


def downgrade() -> None:
    op.execute(sa.update(USER).where(USER.c.role == "owner").values(role="admin"))
    op.execute(
        sa.update(USER)
        .where(USER.c.role.in_(("sales_manager", "read_only", "integration_admin")))
        .values(role="rep")
    )
    op.execute(sa.delete(SETTING).where(SETTING.c.key == "access"))
    with op.batch_alter_table("user_account") as batch_op:
        batch_op.drop_constraint(op.f("ck_user_account_role"), type_="check")
        batch_op.drop_column("team")
        batch_op.alter_column(
            "role", existing_type=sa.String(length=20), type_=sa.String(length=10), existing_nullable=False
        )
        batch_op.create_check_constraint(op.f("ck_user_account_role"), "role in ('admin', 'rep')")
