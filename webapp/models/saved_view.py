"""What a person looks at in the list of quotes, under a name."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base


class SavedView(Base):
    """A set of filters with its order, of one person (``services.quoting.lists.filters``).

    ``is_default``: the list opens with it; at most one of a person's is.
    """

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("user_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(60))
    text: Mapped[str] = mapped_column(String(200), default="")
    stage: Mapped[str] = mapped_column(String(12), default="")
    owner: Mapped[str] = mapped_column(String(12), default="")
    sort: Mapped[str] = mapped_column(String(12), default="")
    is_default: Mapped[bool] = mapped_column(default=False)
