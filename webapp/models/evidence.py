"""The evidence of a quote: what happened to it from publishing on, and the drawn signature."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, utc_now


class QuoteEvent(Base):
    """One event of a quote's chain: each has the hash of the event before it (``services.quoting.evidence.chain``).

    Triggers in the database refuse to change or remove one once the quote was accepted. ``number`` counts from 1
    within the quote. ``who``: ``customer``, ``colleague``, ``desk`` (people with an account here), ``program`` (one
    that checks or previews links) or ``product``. ``detail``: canonical JSON, exactly as hashed.
    """

    __tablename__ = "quote_event"
    __table_args__ = (UniqueConstraint("quote_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    quote_id: Mapped[int] = mapped_column(ForeignKey("quote.id"), index=True)
    number: Mapped[int]
    at: Mapped[datetime] = mapped_column(default=utc_now)
    kind: Mapped[str] = mapped_column(String(40))
    revision: Mapped[int | None]
    who: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(254), default="")
    address: Mapped[str] = mapped_column(String(45), default="")
    agent: Mapped[str] = mapped_column(String(300), default="")
    session: Mapped[str] = mapped_column(String(80), default="")
    detail: Mapped[str] = mapped_column(Text, default="{}")
    previous_sha256: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))

    @property
    def facts(self) -> dict[str, Any]:
        """``detail``, parsed."""
        facts: dict[str, Any] = json.loads(self.detail)
        return facts


class AcceptanceDrawing(Base):
    """The drawn signature of an acceptance: a PNG that we encoded."""

    __tablename__ = "acceptance_drawing"

    acceptance_id: Mapped[int] = mapped_column(ForeignKey("acceptance.id"), primary_key=True)
    png: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str] = mapped_column(String(64))
