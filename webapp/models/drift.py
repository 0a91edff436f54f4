"""The differences between quotes and Autotask, and people's decisions about them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.models.account import User
from webapp.models.base import Base, JsonDocument, utc_now
from webapp.models.local_key import NamesOurs
from webapp.models.quote import Quote

CHANGED, GONE, ADDED = "changed", "gone", "added"
OPEN, OURS, THEIRS = "open", "ours", "theirs"


class DriftCheck(Base):
    """When a quote was last compared. ``sentence``: why the last attempt failed; empty when it succeeded."""

    __tablename__ = "drift_check"

    quote_id: Mapped[int] = mapped_column(ForeignKey("quote.id"), primary_key=True)
    tried_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    checked_at: Mapped[datetime | None]
    sentence: Mapped[str] = mapped_column(Text, default="")

    quote: Mapped[Quote] = relationship()


class DriftFinding(NamesOurs, Base):
    """One change in Autotask.

    ``kind``: a field was ``changed``, a record of ours is ``gone``, or someone ``added`` a line there; ``field`` is
    empty for the latter two. ``base``: the last pushed value; ``ours`` and ``theirs``: the current values here and in
    Autotask. ``state``: ``open``; ``ours``: pushed again, until the next comparison; ``theirs``: accepted, so that it
    isn't reported again. ``local_type``/``local_id``: as on ``Link``; empty for an added line.
    """

    __tablename__ = "drift_finding"
    __table_args__ = (
        UniqueConstraint("quote_id", "remote_entity", "remote_id", "field"),
        CheckConstraint("kind in ('changed', 'gone', 'added')", name="kind"),
        CheckConstraint("state in ('open', 'ours', 'theirs')", name="state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    quote_id: Mapped[int] = mapped_column(ForeignKey("quote.id"), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    local_type: Mapped[str] = mapped_column(String(30), default="")
    local_id: Mapped[str] = mapped_column(String(64), default="")
    remote_entity: Mapped[str] = mapped_column(String(40))
    remote_id: Mapped[int] = mapped_column(BigInteger)
    field: Mapped[str] = mapped_column(String(60), default="")
    title: Mapped[str] = mapped_column(String(300), default="")
    base: Mapped[Any] = mapped_column(JsonDocument, nullable=True)
    ours: Mapped[Any] = mapped_column(JsonDocument, nullable=True)
    theirs: Mapped[Any] = mapped_column(JsonDocument, nullable=True)
    state: Mapped[str] = mapped_column(String(6), default=OPEN, index=True)
    found_at: Mapped[datetime] = mapped_column(default=utc_now)
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    quote: Mapped[Quote] = relationship()
    decided_by: Mapped[User | None] = relationship()
