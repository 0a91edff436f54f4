"""Single sign-on: the provider, whom it knows, and sign-ins under way."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.models.account import REP, User
from webapp.models.base import Base, Recorded, Timestamped, utc_now


class SsoProvider(Recorded, Timestamped, Base):
    """The only row: the OpenID Connect provider and its rules; ``services.accounts.sso`` has their meaning.

    ``client_secret_encrypted`` is a Fernet token. ``group_roles``: roles by group. ``session_hours``: how long a
    session lasts until it's renewed at the provider. ``trusts_directory``: link addresses that Entra's directory gives.
    """

    __tablename__ = "sso_provider"
    diary_type = "single_sign_on"
    diary_skips = Recorded.diary_skips | {"client_secret_encrypted"}

    id: Mapped[int] = mapped_column(primary_key=True)
    is_on: Mapped[bool] = mapped_column(default=False)
    label: Mapped[str] = mapped_column(String(60), default="")
    issuer: Mapped[str] = mapped_column(String(500), default="")
    client_id: Mapped[str] = mapped_column(String(255), default="")
    client_secret_encrypted: Mapped[str] = mapped_column(Text, default="")
    trusts_directory: Mapped[bool] = mapped_column(default=False)
    creates_accounts: Mapped[bool] = mapped_column(default=False)
    allowed_domains: Mapped[list[Any]] = mapped_column(default=list)
    default_role: Mapped[str] = mapped_column(String(20), default=REP)
    groups_claim: Mapped[str] = mapped_column(String(100), default="groups")
    group_roles: Mapped[dict[str, Any]] = mapped_column(default=dict)
    requires_group: Mapped[bool] = mapped_column(default=False)
    session_hours: Mapped[int] = mapped_column(default=8)
    allows_passwords: Mapped[bool] = mapped_column(default=True)


class SsoIdentity(Base):
    """Whom the provider calls ``subject``: found by it and the issuer alone, never by an address again."""

    __tablename__ = "sso_identity"
    __table_args__ = (UniqueConstraint("issuer", "subject"), UniqueConstraint("user_id", "issuer"))

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    issuer: Mapped[str] = mapped_column(String(500))
    subject: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    user: Mapped[User] = relationship()


class SsoAttempt(Base):
    """A browser that was sent to the provider. The state and the browser's secret are kept as digests.

    ``confirms``: the session whose person proves who they are again; None for a sign-in.
    """

    __tablename__ = "sso_attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    state_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    browser_sha256: Mapped[str] = mapped_column(String(64))
    next_path: Mapped[str] = mapped_column(Text, default="")
    confirms: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    used_at: Mapped[datetime | None]


class SsoLeaving(Base):
    """Someone signed out here, and may sign out at the provider too (``services.accounts.sso.ending``).

    ``token_sha256``: of the token in the browser's cookie. ``id_token_encrypted``: a Fernet token.
    """

    __tablename__ = "sso_leaving"

    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    id_token_encrypted: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class SsoLogout(Base):
    """A logout token of the provider that was obeyed, so that no copy is obeyed again."""

    __tablename__ = "sso_logout"

    jti_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
