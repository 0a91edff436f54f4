"""The company's seal on signed PDFs: its key and its time stamp authority, and what became of the seal of each PDF."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, Recorded, Timestamped


class CompanySeal(Recorded, Timestamped, Base):
    """The only row: the key that signs PDFs and the authority that stamps their time; either may be missing.

    ``key_encrypted``: a Fernet token of the private key. ``certificates``: PEM, the key's own first. ``issuer``,
    ``subject``, ``fingerprint`` (SHA-256, hexadecimal), ``valid_from``, ``valid_until``: of its own. ``stamp_url``: of
    the authority, with ``stamp_username`` and ``stamp_password_encrypted`` where it asks who is there.
    """

    __tablename__ = "company_seal"
    diary_type = "company_seal"
    diary_skips = Recorded.diary_skips | {"key_encrypted", "certificates", "stamp_password_encrypted"}

    id: Mapped[int] = mapped_column(primary_key=True)
    key_encrypted: Mapped[str] = mapped_column(Text, default="")
    certificates: Mapped[str] = mapped_column(Text, default="")
    subject: Mapped[str] = mapped_column(String(300), default="")
    issuer: Mapped[str] = mapped_column(String(300), default="")
    fingerprint: Mapped[str] = mapped_column(String(64), default="")
    valid_from: Mapped[datetime | None]
    valid_until: Mapped[datetime | None]
    stamp_url: Mapped[str] = mapped_column(String(500), default="")
    stamp_username: Mapped[str] = mapped_column(String(255), default="")
    stamp_password_encrypted: Mapped[str] = mapped_column(Text, default="")


class AcceptanceSeal(Base):
    """How the seal of an acceptance's PDF went, where something was in its way.

    ``tries``: how often a time stamp was asked for in vain. ``next_try_at``: not earlier; None once the PDF is kept.
    ``lacking``: what the kept PDF had to do without, in a sentence; empty for a whole seal.
    """

    __tablename__ = "acceptance_seal"

    acceptance_id: Mapped[int] = mapped_column(
        ForeignKey("acceptance.id", ondelete="CASCADE"), primary_key=True
    )
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None]
    lacking: Mapped[str] = mapped_column(Text, default="")
