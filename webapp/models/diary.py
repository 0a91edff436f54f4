"""The diary: who did what, when and to what. Rows are added, each with the hash of the row before it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.models.account import User
from webapp.models.base import Base


class DiaryEntry(Base):
    """One event. Triggers in the database refuse to change or delete a row without a ``DiaryPermit``.

    ``id`` counts without gaps, in the order of commits. ``actor``: an email address, the customer's name, or the
    product's. ``session`` and ``address``: where it came from. ``revision``: the number of the quote's revision that it
    is about. ``content``: JSON with ``changes`` (see ``services.diary.changes``) and ``detail``, exactly as hashed; it
    never holds a secret.

    ``body_sha256``: of ``salt``, ``actor``, ``session``, ``address`` and ``content`` as they were written. These can
    name a person, and are replaced when that person is anonymized (``services.diary.replacing``); the rest stays.
    """

    __tablename__ = "diary_entry"
    __table_args__ = (Index("ix_diary_entry_object", "object_type", "object_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(index=True)
    # No foreign key: checking it would wait for whoever changes the user.
    actor_id: Mapped[int | None]
    actor: Mapped[str] = mapped_column(String(254))
    session: Mapped[str] = mapped_column(String(80), default="")
    address: Mapped[str] = mapped_column(String(45), default="")
    action: Mapped[str] = mapped_column(String(60), index=True)
    object_type: Mapped[str] = mapped_column(String(40))
    object_id: Mapped[str] = mapped_column(String(40))
    revision: Mapped[int | None]
    content: Mapped[str] = mapped_column(Text)
    salt: Mapped[str] = mapped_column(String(64), default="", server_default="")
    body_sha256: Mapped[str] = mapped_column(String(64), default="", server_default="")
    previous_sha256: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))

    user: Mapped[User | None] = relationship(
        viewonly=True, primaryjoin="foreign(DiaryEntry.actor_id) == User.id"
    )

    @property
    def detail(self) -> dict[str, Any]:
        """What the command wrote beside the changes."""
        detail: dict[str, Any] = json.loads(self.content)["detail"]
        return detail

    @property
    def changes(self) -> list[dict[str, Any]]:
        """The fields that changed: ``{"part", "field", "before", "after"}`` each."""
        changes: list[dict[str, Any]] = json.loads(self.content)["changes"]
        return changes


class DiaryPermit(Base):
    """In a transaction that replaces or removes entries, and in no other: what the triggers let it do.

    ``what``: ``replace`` or ``remove``. ``through``: the newest entry that it is about.
    """

    __tablename__ = "diary_permit"

    what: Mapped[str] = mapped_column(String(10), primary_key=True)
    through: Mapped[int]
