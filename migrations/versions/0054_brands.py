"""The company has several brands, and each quote can name one.

The brand that was in the settings becomes the default one. Going back keeps the default alone.

Revision ID: 0054
Revises: 0053
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from webapp.models.base import JsonDocument
from webapp.models.names import name_key, search_key
from webapp.models.types import UtcDateTime

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

SETTING = "company_brand"
PLAIN = {"font": "inter", "cover": "long", "images": "show"}
KEPT = ("color", "logo", "font", "cover", "images", "tax_id", "registration_number", "bank_details")
SETTINGS = sa.table(
    "app_setting",
    sa.column("key", sa.String),
    sa.column("value", JsonDocument),
    sa.column("version", sa.Integer),
    sa.column("created_at", UtcDateTime()),
    sa.column("updated_at", UtcDateTime()),
)


def upgrade() -> None:
    brand = op.create_table(
        "brand",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("color", sa.String(7), nullable=False),
        sa.Column("logo", sa.String(64), nullable=False),
        sa.Column("font", sa.String(30), nullable=False),
        sa.Column("cover", sa.String(10), nullable=False),
        sa.Column("images", sa.String(10), nullable=False),
        sa.Column("tax_id", sa.String(60), nullable=False),
        sa.Column("registration_number", sa.String(60), nullable=False),
        sa.Column("bank_details", sa.Text(), nullable=False),
        sa.Column("seller_name", sa.String(200), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("phone", sa.String(50), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("website", sa.String(255), nullable=False),
        sa.Column("name_key", sa.String(450), nullable=False),
        sa.Column("search_key", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brand")),
        sa.UniqueConstraint("name", name=op.f("uq_brand_name")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_brand_name_key"), "brand", ["name_key"])
    is_default = sa.text("is_default")
    op.create_index(
        "uq_brand_is_default",
        "brand",
        ["is_default"],
        unique=True,
        sqlite_where=is_default,
        postgresql_where=is_default,
    )
    # As one statement: Alembic would rebuild the table on SQLite.
    op.execute(
        "ALTER TABLE quote ADD COLUMN brand_id INTEGER "
        "CONSTRAINT fk_quote_brand_id_brand REFERENCES brand (id)"
    )
    op.create_index(op.f("ix_quote_brand_id"), "quote", ["brand_id"])
    stored = _setting(SETTING)
    if stored is None:
        return
    name = str((_setting("company_profile") or {}).get("name") or "Default")[:80]
    now = datetime.now(UTC)
    fields = dict.fromkeys((*KEPT, "seller_name", "address", "phone", "email", "website"), "")
    known = {key: str(stored[key]) for key in KEPT if stored.get(key)}
    keys = {"name_key": name_key(name), "search_key": search_key([name])}
    row = {**fields, **PLAIN, **known, **keys, "name": name, "is_default": True}
    op.bulk_insert(brand, [{**row, "created_at": now, "updated_at": now}])
    op.execute(SETTINGS.delete().where(SETTINGS.c.key == SETTING))


def downgrade() -> None:
    names = ", ".join(KEPT)
    query = sa.text(f"SELECT {names} FROM brand WHERE is_default")  # noqa: S608  names of ours
    found = op.get_bind().execute(query).mappings().first()
    if found is not None:
        now = datetime.now(UTC)
        row = {"key": SETTING, "value": dict(found), "version": 1, "created_at": now, "updated_at": now}
        op.execute(SETTINGS.delete().where(SETTINGS.c.key == SETTING))
        op.bulk_insert(SETTINGS, [row])
    op.drop_index(op.f("ix_quote_brand_id"), table_name="quote")
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("fk_quote_brand_id_brand"), "quote", type_="foreignkey")
    op.drop_column("quote", "brand_id")
    op.drop_table("brand")


def _setting(key: str) -> dict[str, object] | None:
    value = op.get_bind().scalar(sa.select(SETTINGS.c.value).where(SETTINGS.c.key == key))
    return json.loads(value) if isinstance(value, str) else value
