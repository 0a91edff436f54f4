"""What is said about a quote between the customer and the rep, and the links of the customer's colleagues."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.models.account import User
from webapp.models.base import Base, utc_now

if TYPE_CHECKING:
    from webapp.models.quote import Quote


class QuoteShare(Base):
    """A colleague's own link to the customer's page.

    ``name`` and ``email``: as given by ``shared_by``, the customer who shared. ``viewed_at``: when it was first viewed.
    ``ended_at``: when a rep turned it off.
    """

    __tablename__ = "quote_share"

    id: Mapped[int] = mapped_column(primary_key=True)
    quote_id: Mapped[int] = mapped_column(ForeignKey("quote.id"), index=True)
    token: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(254), default="")
    shared_by: Mapped[str] = mapped_column(String(120), default="")
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    viewed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    quote: Mapped[Quote] = relationship("Quote")


class QuoteComment(Base):
    """A comment of the customer, or of the desk (``rep``). Rows are added and never changed.

    ``line_uid``: the line that it is about, in whatever revision; empty for the whole quote. ``line_name``: what the
    line was called then. ``revision``: the number of the one on the screen. ``name`` and ``email``: of the customer,
    empty for the desk's. ``share`` or ``signer_id``: whose link they wrote through; both None for
    the quote's own. A signer can be removed while the comment stays, so ``signer_id`` is no foreign key.
    """

    __tablename__ = "quote_comment"

    id: Mapped[int] = mapped_column(primary_key=True)
    quote_id: Mapped[int] = mapped_column(ForeignKey("quote.id"), index=True)
    revision: Mapped[int]
    line_uid: Mapped[str] = mapped_column(String(36), default="")
    line_name: Mapped[str] = mapped_column(String(200), default="")
    rep_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    share_id: Mapped[int | None] = mapped_column(ForeignKey("quote_share.id"))
    signer_id: Mapped[int | None]
    name: Mapped[str] = mapped_column(String(120), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    quote: Mapped[Quote] = relationship("Quote")
    rep: Mapped[User | None] = relationship()
    share: Mapped[QuoteShare | None] = relationship()

    @property
    def author(self) -> str:
        """Who wrote it."""
        return self.rep.name if self.rep else self.name
