"""Settings of the whole installation that an admin edits: one row a key."""

from __future__ import annotations

from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, Timestamped


class AppSetting(Timestamped, Base):
    """``key`` (for example ``required_fields``) and its document; ``version`` guards against lost updates."""

    __tablename__ = "app_setting"

    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[dict[str, Any]]
    version: Mapped[int] = mapped_column(default=1)
