"""The brands of the company, and their logos."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, Recorded, Searchable, Timestamped, utc_now


class CompanyBrand(Searchable, Recorded, Timestamped, Base):
    """A brand that quotes can have. One is the default, of quotes that name none.

    ``color``: as ``#RRGGBB``; empty for ours. ``logo``: the hash of a ``Logo``; empty without one. ``seller_name``,
    ``address``, ``phone``, ``email`` and ``website``: in place of the company's; empty for those. Ids aren't used
    again, as revisions name them.
    """

    __tablename__ = "brand"
    diary_type = "brand"
    __table_args__ = (
        Index(
            "uq_brand_is_default",
            "is_default",
            unique=True,
            sqlite_where=text("is_default"),
            postgresql_where=text("is_default"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    is_default: Mapped[bool] = mapped_column(default=False)
    color: Mapped[str] = mapped_column(String(7), default="")
    logo: Mapped[str] = mapped_column(String(64), default="")
    font: Mapped[str] = mapped_column(String(30), default="inter")
    cover: Mapped[str] = mapped_column(String(10), default="long")
    images: Mapped[str] = mapped_column(String(10), default="show")
    tax_id: Mapped[str] = mapped_column(String(60), default="")
    registration_number: Mapped[str] = mapped_column(String(60), default="")
    bank_details: Mapped[str] = mapped_column(Text, default="")
    seller_name: Mapped[str] = mapped_column(String(200), default="")
    address: Mapped[str] = mapped_column(Text, default="")
    phone: Mapped[str] = mapped_column(String(50), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    website: Mapped[str] = mapped_column(String(255), default="")


class Logo(Base):
    """A logo by the hash of its content. It stays when another follows: quotes keep the one they have."""

    __tablename__ = "logo"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    media_type: Mapped[str] = mapped_column(String(20))
    width: Mapped[int]
    height: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
