"""The declarative base, the session and the columns that most tables share."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, MetaData
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry

from webapp.models.types import UtcDateTime

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

JsonDocument = JSON().with_variant(JSONB(), "postgresql")


class Base(DeclarativeBase):
    """All tables."""

    registry = registry(
        metadata=MetaData(naming_convention=NAMING),
        type_annotation_map={datetime: UtcDateTime(), dict[str, Any]: JsonDocument, list[Any]: JsonDocument},
    )


db = SQLAlchemy(model_class=Base)


def utc_now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def one_of(column: str, values: Iterable[str]) -> str:
    """The text of a CHECK: ``column`` holds one of ``values``."""
    listed = ", ".join(f"'{value}'" for value in values)
    return f"{column} in ({listed})"


class Timestamped:
    """``created_at`` and ``updated_at`` in UTC."""

    created_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=utc_now, onupdate=utc_now)


class Recorded:
    """A table whose changes the diary notes by itself (``services.diary.changes``).

    ``diary_type``: what the diary calls the object. ``diary_skips``: fields that say nothing to people, or are secret.
    """

    diary_type: ClassVar[str]
    diary_skips: ClassVar[frozenset[str]] = frozenset({"version", "created_at", "updated_at"})

    if TYPE_CHECKING:
        id: Mapped[int]

    @property
    def diary_object(self) -> tuple[str, int]:
        """The type and id of the object that the row belongs to."""
        return self.diary_type, self.id

    @property
    def diary_name(self) -> str:
        """How the diary names the row where another one refers to it."""
        return str(getattr(self, "name", ""))

    @property
    def diary_part(self) -> tuple[str, str]:
        """The key and name of the part of the object that the row is; empty when it is the object itself."""
        return "", ""
