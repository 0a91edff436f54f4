"""A connected integration: credentials, settings, cached lists and links."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.models.account import User
from webapp.models.base import Base, JsonDocument, Timestamped, utc_now
from webapp.models.local_key import LocalKey, NamesOurs

AUTOTASK = "autotask"


class Connection(Timestamped, Base):
    """The credentials of one integration, one row each; the row stays when disconnected.

    ``secret_encrypted`` and ``code_encrypted`` are Fernet tokens (see ``services.core.vault``).
    ``state``: ``connected``, ``rejected`` (Autotask refused the credentials) or ``disconnected``.
    """

    __tablename__ = "connection"

    integration: Mapped[str] = mapped_column(String(30), primary_key=True)
    state: Mapped[str] = mapped_column(String(20), default="connected")
    state_sentence: Mapped[str] = mapped_column(String(500), default="")
    user_name: Mapped[str] = mapped_column(String(254))
    secret_encrypted: Mapped[str] = mapped_column(Text)
    code_encrypted: Mapped[str] = mapped_column(Text)
    root: Mapped[str] = mapped_column(String(255))
    zone_name: Mapped[str] = mapped_column(String(100), default="")
    zone_url: Mapped[str] = mapped_column(String(255))
    web_url: Mapped[str] = mapped_column(String(255), default="")
    checked_at: Mapped[datetime | None]


class SettingsDraft(Timestamped, Base):
    """One section as an admin last saved it, not yet live. ``version`` guards against lost updates."""

    __tablename__ = "settings_draft"

    integration: Mapped[str] = mapped_column(String(30), primary_key=True)
    section: Mapped[str] = mapped_column(String(40), primary_key=True)
    content: Mapped[dict[str, Any]]
    version: Mapped[int] = mapped_column(default=1)
    saved_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    saved_by: Mapped[User | None] = relationship()


class SettingsVersion(Base):
    """All sections as made live together by “Save Integration”. The highest ``number`` is live."""

    __tablename__ = "settings_version"
    __table_args__ = (UniqueConstraint("integration", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    integration: Mapped[str] = mapped_column(String(30))
    number: Mapped[int]
    content: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime] = mapped_column(default=utc_now)
    saved_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    saved_by: Mapped[User | None] = relationship()


class RemoteMetadata(Base):
    """A cached list from the integration, for example the fields of an entity with their picklists."""

    __tablename__ = "remote_metadata"

    integration: Mapped[str] = mapped_column(String(30), primary_key=True)
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    content: Mapped[Any] = mapped_column(JsonDocument)
    fetched_at: Mapped[datetime] = mapped_column(default=utc_now)


class Link(NamesOurs, Timestamped, Base):
    """Our record ↔ a remote record. Survives disconnecting.

    ``quote_id``: the quote that our record is, or is a part of. ``pushed``: the fields as last written, for the
    three-way comparison. ``is_kept_deleted``: a line that was deleted in Autotask and stays deleted. ``force_fields``:
    the fields that a person wants written again although they belong to Autotask's users; the next push does it.
    """

    __tablename__ = "link"
    __table_args__ = (
        UniqueConstraint("integration", "local_type", "local_id", "remote_entity"),
        Index("ix_link_remote", "integration", "remote_entity", "remote_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    integration: Mapped[str] = mapped_column(String(30), default=AUTOTASK)
    quote_id: Mapped[int | None] = mapped_column(ForeignKey("quote.id", ondelete="CASCADE"), index=True)
    remote_entity: Mapped[str] = mapped_column(String(40))
    remote_id: Mapped[int] = mapped_column(BigInteger)
    remote_parent_id: Mapped[int | None] = mapped_column(BigInteger)
    pushed: Mapped[dict[str, Any]] = mapped_column(default=dict)
    is_kept_deleted: Mapped[bool] = mapped_column(default=False)
    force_fields: Mapped[list[Any]] = mapped_column(default=list)

    @property
    def local(self) -> LocalKey:
        """The key of our record."""
        return super().local

    @local.setter
    def local(self, key: LocalKey) -> None:
        self.local_type, self.local_id, self.quote_id = key.kind, key.stored_id, key.quote_id
