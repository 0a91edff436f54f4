"""What each session did to a draft, so that it can be undone and done again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, utc_now


class DraftStep(Base):
    """One command on a draft. ``change``: what it changed, before and after (``services.quoting.draft.steps``).

    ``label``: what it was, for the buttons. ``is_undone``: it waits to be done again.
    """

    __tablename__ = "draft_step"
    __table_args__ = (Index("ix_draft_step_quote_session", "quote_id", "session"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    quote_id: Mapped[int] = mapped_column(ForeignKey("quote.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    session: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    label: Mapped[str] = mapped_column(String(120))
    change: Mapped[dict[str, Any]]
    is_undone: Mapped[bool] = mapped_column(default=False)
