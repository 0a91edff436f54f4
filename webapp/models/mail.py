"""Mail: the server that takes it, the texts of the company, and what was sent."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.models.account import User
from webapp.models.base import Base, Recorded, Timestamped, utc_now

if TYPE_CHECKING:
    from webapp.models.quote import Quote


class MailServer(Recorded, Timestamped, Base):
    """The only row: the mail server and the rules of reminders; ``services.company.mail_server`` has their meaning.

    ``password_encrypted`` is a Fernet token. ``events_sha256``: of the key with which a mail service tells of emails.
    ``remind_silent_days``, ``remind_ending_days``: None sends no reminder.
    """

    __tablename__ = "mail_server"
    diary_type = "mail_server"
    diary_skips = Recorded.diary_skips | {"password_encrypted", "events_sha256"}

    id: Mapped[int] = mapped_column(primary_key=True)
    host: Mapped[str] = mapped_column(String(255), default="")
    port: Mapped[int] = mapped_column(default=587)
    security: Mapped[str] = mapped_column(String(10), default="starttls")
    username: Mapped[str] = mapped_column(String(255), default="")
    password_encrypted: Mapped[str] = mapped_column(Text, default="")
    from_address: Mapped[str] = mapped_column(String(254), default="")
    from_name: Mapped[str] = mapped_column(String(120), default="")
    remind_silent_days: Mapped[int | None]
    remind_ending_days: Mapped[int | None]
    events_sha256: Mapped[str] = mapped_column(String(64), default="", server_default="")


class MailMessage(Base):
    """One email, as it was or will be sent. Those with a link to sign in aren't kept.

    ``kind``: of the text (``services.company.mail_texts``), or what it is about. ``recipients``, ``copies``: addresses
    separated by commas. ``key``: is sent once whatever happens: the form it was sent with, or why a reminder was due.
    ``message_id``: the same on every attempt, so that who gets it twice can tell. ``html``: as it was composed; empty
    until the first attempt. ``send_at``: not earlier. ``handed_at``: when the server began to take it: without an
    answer, nobody knows whether it did, and it isn't sent again. ``outcome``: a sentence about the last attempt.
    ``sent_at``: when the server took it. ``delivered_at``, ``bounced_at``: when a mail service told so first.
    ``ended_at``: when it was canceled, given up, or kept for want of a server.
    """

    __tablename__ = "mail_message"
    __table_args__ = (Index("ix_mail_message_created_at", "created_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    quote_id: Mapped[int | None] = mapped_column(ForeignKey("quote.id"), index=True)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    sender: Mapped[str] = mapped_column(String(400), default="")
    reply_to: Mapped[str] = mapped_column(String(254), default="")
    recipients: Mapped[str] = mapped_column(Text)
    copies: Mapped[str] = mapped_column(Text, default="")
    subject: Mapped[str] = mapped_column(String(300))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text, default="")
    attachment: Mapped[str] = mapped_column(String(120), default="")
    message_id: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    send_at: Mapped[datetime] = mapped_column(default=utc_now)
    handed_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    bounced_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(Text, default="")

    quote: Mapped[Quote | None] = relationship("Quote")
    author: Mapped[User | None] = relationship()

    @property
    def is_waiting(self) -> bool:
        """True while it will be sent, or tried again."""
        return self.sent_at is None and self.ended_at is None
