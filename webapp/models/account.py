"""People who sign in."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, Recorded, Timestamped

ADMIN = "admin"
REP = "rep"
ROLES = (ADMIN, REP)


class User(Recorded, Timestamped, Base):
    """An admin or a rep. Raising ``session_epoch`` ends every open session of the user.

    ``time_zone``: an IANA name, or empty for the company's.
    """

    __tablename__ = "user_account"
    diary_type = "user"
    diary_skips = Recorded.diary_skips | {"password_hash", "session_epoch"}
    __table_args__ = (CheckConstraint("role in ('admin', 'rep')", name="role"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(10))
    is_active: Mapped[bool] = mapped_column(default=True)
    time_zone: Mapped[str] = mapped_column(String(64), default="")
    session_epoch: Mapped[int] = mapped_column(default=0)
