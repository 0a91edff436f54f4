"""Who does what is done every minute: one process of all machines, whichever asks first."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base


class Turn(Base):
    """``name``: of the schedule. ``taken_at``: when a process last took its turn, by the database's clock."""

    __tablename__ = "turn"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    taken_at: Mapped[datetime]
