"""The declarative base, the session and the columns that most tables share."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, MetaData, String, Text, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry

from webapp.models import names
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


class Searchable:
    """A table whose rows are found by name, and by words, in however they are written.

    ``name_key``: the folded name. ``search_key``: the columns ``searched``, folded and squeezed (``models.names``).
    Both follow the columns by themselves.
    """

    searched: ClassVar[tuple[str, ...]] = ("name",)
    name_key: Mapped[str] = mapped_column(String(names.KEY_LENGTH), default="", index=True)
    search_key: Mapped[str] = mapped_column(Text, default="")

    @property
    def key_name(self) -> str:
        """The name that ``name_key`` folds."""
        return str(getattr(self, "name"))  # noqa: B009  a mixin has no such column itself

    def fold(self) -> None:
        """Bring the keys up to date."""
        self.name_key = names.name_key(self.key_name)
        self.search_key = names.search_key(str(getattr(self, name) or "") for name in self.searched)


@event.listens_for(Searchable, "before_insert", propagate=True)
@event.listens_for(Searchable, "before_update", propagate=True)
def _fold(_mapper: object, _connection: object, record: Searchable) -> None:
    record.fold()


class Recorded:
    """A table whose changes the diary notes by itself (``services.diary.changes``).

    ``diary_type``: what the diary calls the object. ``diary_skips``: fields that say nothing to people, or are secret.
    """

    diary_type: ClassVar[str]
    diary_skips: ClassVar[frozenset[str]] = frozenset(
        {"version", "created_at", "updated_at", "name_key", "search_key"}
    )

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
