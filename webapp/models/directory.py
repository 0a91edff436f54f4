"""Customers: organizations and their people."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.models.base import Base, Recorded, Searchable, Timestamped


class Organization(Searchable, Recorded, Timestamped, Base):
    """A customer company. Becomes a Company in Autotask."""

    __tablename__ = "organization"
    diary_type = "organization"
    searched = ("name", "phone", "billing_city")

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), index=True)
    phone: Mapped[str] = mapped_column(String(40), default="")
    website: Mapped[str] = mapped_column(String(255), default="")
    billing_line1: Mapped[str] = mapped_column(String(128), default="")
    billing_line2: Mapped[str] = mapped_column(String(128), default="")
    billing_city: Mapped[str] = mapped_column(String(50), default="")
    billing_state: Mapped[str] = mapped_column(String(50), default="")
    billing_postal_code: Mapped[str] = mapped_column(String(20), default="")
    billing_country: Mapped[str] = mapped_column(String(100), default="")
    shipping_line1: Mapped[str] = mapped_column(String(128), default="")
    shipping_line2: Mapped[str] = mapped_column(String(128), default="")
    shipping_city: Mapped[str] = mapped_column(String(50), default="")
    shipping_state: Mapped[str] = mapped_column(String(50), default="")
    shipping_postal_code: Mapped[str] = mapped_column(String(20), default="")
    shipping_country: Mapped[str] = mapped_column(String(100), default="")

    people: Mapped[list[Person]] = relationship(back_populates="organization")


class Person(Searchable, Recorded, Timestamped, Base):
    """Someone who receives quotes. Becomes a Contact in Autotask.

    ``anonymized_at``: who it was isn't known any more (``services.privacy.anonymizing``).
    """

    __tablename__ = "person"
    diary_type = "person"
    searched = ("full_name", "email", "phone", "mobile")

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organization.id"), index=True)
    first_name: Mapped[str] = mapped_column(String(50))
    last_name: Mapped[str] = mapped_column(String(50), index=True)
    email: Mapped[str] = mapped_column(String(254), default="", index=True)
    title: Mapped[str] = mapped_column(String(50), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    mobile: Mapped[str] = mapped_column(String(40), default="")
    anonymized_at: Mapped[datetime | None]

    organization: Mapped[Organization | None] = relationship(back_populates="people")

    @property
    def full_name(self) -> str:
        """First and last name with one space between."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def key_name(self) -> str:
        """The full name."""
        return self.full_name

    @property
    def diary_name(self) -> str:
        """The full name."""
        return self.full_name
