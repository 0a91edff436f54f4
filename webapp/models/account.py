"""People who sign in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.models.base import Base, Recorded, Timestamped, utc_now

OWNER = "owner"
ADMIN = "admin"
SALES_MANAGER = "sales_manager"
REP = "rep"
READ_ONLY = "read_only"
INTEGRATION_ADMIN = "integration_admin"
# Of two roles, the one that is named first is the higher one.
ROLES = (OWNER, ADMIN, SALES_MANAGER, INTEGRATION_ADMIN, REP, READ_ONLY)
ADMINS = (OWNER, ADMIN)
# What a sign-in provider's groups can give: an owner is made by an owner.
GIVEN_ROLES = ROLES[1:]
# In place of a hash: the person signs in at the provider, and has no password here.
NO_PASSWORD = "!"  # noqa: S105


class User(Recorded, Timestamped, Base):
    """Someone with a role (``services.accounts.permissions``).

    Raising ``session_epoch`` ends every open session of the user. ``team``: people with the same team name are one
    team; empty: in none. ``time_zone``: an IANA name, or empty for the company's. ``letter_keys``:
    single letters are keys on their screens. ``password_hash`` is empty until an
    invited person has chosen a password, and NO_PASSWORD when they sign in at the provider alone. ``owes_two_step``: an
    admin reset the two-step sign-in, which must be set up again first. ``anonymized_at``: who it was isn't known any
    more (``services.privacy.anonymizing``).
    """

    __tablename__ = "user_account"
    diary_type = "user"
    diary_skips = Recorded.diary_skips | {"password_hash", "session_epoch", "owes_two_step"}
    __table_args__ = (CheckConstraint(f"role in {ROLES}", name="role"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(20))
    team: Mapped[str] = mapped_column(String(60), default="")
    is_active: Mapped[bool] = mapped_column(default=True)
    time_zone: Mapped[str] = mapped_column(String(64), default="")
    letter_keys: Mapped[bool] = mapped_column(default=True)
    session_epoch: Mapped[int] = mapped_column(default=0)
    owes_two_step: Mapped[bool] = mapped_column(default=False)
    anonymized_at: Mapped[datetime | None]

    @property
    def is_invited(self) -> bool:
        """True until the person has chosen a password."""
        return not self.password_hash

    @property
    def has_password(self) -> bool:
        """True if there is a password to check."""
        return self.password_hash not in ("", NO_PASSWORD)


class AccountLink(Base):
    """With its token a person chooses a password, once; ``services.accounts.account_links`` has the rules."""

    __tablename__ = "account_link"

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime]


class PasswordAttempt(Base):
    """A password that was wrong, or is being checked; ``services.accounts.guessing`` has the rules.

    ``is_code``: a code of the second step instead. ``is_wrong``: it was checked.
    """

    __tablename__ = "password_attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    account_sha256: Mapped[str] = mapped_column(String(64), index=True)
    address: Mapped[str] = mapped_column(String(45), default="", index=True)
    device_id: Mapped[int | None]
    is_code: Mapped[bool] = mapped_column(default=False)
    # The server's own default is what a version says that doesn't tell the two apart.
    is_wrong: Mapped[bool] = mapped_column(default=False, server_default=true())


class KnownDevice(Base):
    """A browser in which someone signed in before. ``token_sha256``: of the token in its cookie.

    ``trusted_at``: since when it needs no second step (``services.accounts.two_step.trusted``), in the user's
    ``session_epoch`` of then; ``trust_used_at``: when that last spared it one. ``agent``: what it calls itself.
    """

    __tablename__ = "known_device"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    seen_at: Mapped[datetime] = mapped_column(default=utc_now)
    agent: Mapped[str] = mapped_column(String(200), default="", server_default="")
    trusted_at: Mapped[datetime | None]
    trust_used_at: Mapped[datetime | None]
    trust_epoch: Mapped[int | None]


class UserSession(Base):
    """A browser in which someone is signed in, for as long as they are; ``services.accounts.sessions`` has the rules.

    ``token_sha256``: of the token in the browser's cookie. ``epoch``: the user's ``session_epoch`` at the sign-in.
    ``is_kept``: with "Keep me signed in". ``device_id``: of the known browser that it is in. ``confirmed_at``: when the
    person last gave the password or a passkey in it, or confirmed at the sign-in provider; None after a sign-in there.

    ``renew_by``: it was opened by single sign-on, and ends then. ``sso_subject`` and ``sso_sid``: what the provider
    calls its person and its own session. ``id_token_encrypted``: what it signed, a Fernet token.
    """

    __tablename__ = "user_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    device_id: Mapped[int | None] = mapped_column(
        ForeignKey("known_device.id", ondelete="SET NULL"), index=True
    )
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    epoch: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    seen_at: Mapped[datetime] = mapped_column(default=utc_now)
    address: Mapped[str] = mapped_column(String(45), default="")
    agent: Mapped[str] = mapped_column(String(200), default="")
    is_kept: Mapped[bool] = mapped_column(default=False)
    confirmed_at: Mapped[datetime | None]
    renew_by: Mapped[datetime | None]
    sso_subject: Mapped[str] = mapped_column(String(255), default="", server_default="")
    sso_sid: Mapped[str] = mapped_column(String(255), default="", server_default="")
    id_token_encrypted: Mapped[str] = mapped_column(Text, default="", server_default="")

    user: Mapped[User] = relationship()
