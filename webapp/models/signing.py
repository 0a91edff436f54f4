"""Who must sign a quote, what each of them signed, and the codes that prove an address."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.models.account import User
from webapp.models.base import Base, utc_now

CUSTOMERS, COUNTERS = "customer", "counter"
COUNTERSIGN_CHOICES = ("", "yes", "no")


class SignedFields:
    """What is kept of a signature, whoever's it is: of the last one in ``Acceptance``, of others in ``Signature``.

    ``signature``: the typed name; empty when it was drawn. ``consent``: the sentence as shown; ``terms_sha256``: of the
    terms, which the revision holds. ``confirmed_email``: the address that a code by mail proved. ``signed_in_as``: the
    user of ours in whose browser it was signed; empty for a customer's. ``signer_id``: of the named signer; None where
    no one was named. It has no foreign key: the table is locked, and adding one would rebuild it on SQLite.
    ``accepted_at`` is by the clock of one machine: what came first is told by ``Signature.id``.
    """

    content_sha256: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(120))
    signature: Mapped[str] = mapped_column(String(120), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    title: Mapped[str] = mapped_column(String(120), default="", server_default="")
    purchase_order_number: Mapped[str] = mapped_column(String(50), default="", server_default="")
    consent: Mapped[str] = mapped_column(Text, default="", server_default="")
    consent_version: Mapped[str] = mapped_column(String(20), default="", server_default="")
    consent_sha256: Mapped[str] = mapped_column(String(64), default="", server_default="")
    terms_sha256: Mapped[str] = mapped_column(String(64), default="", server_default="")
    session: Mapped[str] = mapped_column(String(80), default="", server_default="")
    time_zone: Mapped[str] = mapped_column(String(64), default="", server_default="")
    signed_in_as: Mapped[str] = mapped_column(String(254), default="", server_default="")
    confirmed_email: Mapped[str] = mapped_column(String(254), default="", server_default="")
    signer_id: Mapped[int | None]
    ip_address: Mapped[str] = mapped_column(String(45), default="")
    user_agent: Mapped[str] = mapped_column(String(300), default="")
    accepted_at: Mapped[datetime] = mapped_column(default=utc_now)


class QuoteSigning(Base):
    """How a quote is signed. ``countersign``: ``yes``, ``no``, or empty for the company's setting.

    ``round_number``: only signatures of this round count (``lifecycle.rounds`` begins one).
    """

    __tablename__ = "quote_signing"
    __table_args__ = (CheckConstraint("countersign in ('', 'yes', 'no')", name="countersign"),)

    quote_id: Mapped[int] = mapped_column(ForeignKey("quote.id", ondelete="CASCADE"), primary_key=True)
    is_ordered: Mapped[bool] = mapped_column(default=False)
    countersign: Mapped[str] = mapped_column(String(3), default="")
    round_number: Mapped[int] = mapped_column(default=1, server_default="1")


class QuoteSigner(Base):
    """Someone who must sign, with a link of their own. ``position`` counts from 1.

    The link is found by its hash; ``token_encrypted`` is what a mail to the signer is written with. ``asked_at``: when
    the signer was last asked by mail; ``asked_round``: in which round, 0 before that.
    """

    __tablename__ = "quote_signer"

    id: Mapped[int] = mapped_column(primary_key=True)
    quote_id: Mapped[int] = mapped_column(ForeignKey("quote.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(254))
    title: Mapped[str] = mapped_column(String(120), default="")
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    token_encrypted: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime | None]
    asked_round: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class SignatureDrawing(Base):
    """The drawing of a ``Signature``: a PNG that we encoded."""

    __tablename__ = "signature_drawing"

    signature_id: Mapped[int] = mapped_column(ForeignKey("signature.id"), primary_key=True)
    png: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str] = mapped_column(String(64))


class Signature(SignedFields, Base):
    """A signature beside the one that accepted the quote: of a signer before the last, or our countersignature.

    ``acceptance_id``: the acceptance that it is part of; None until the last signature is there, and for one that no
    longer counts. ``kind``: ``customer`` or ``counter``. ``countersigner``: our user. ``round_number``: of
    ``QuoteSigning`` when it was signed; 0 for ours. ``id`` rises in the order of signing: it is given under the quote's
    lock.
    """

    __tablename__ = "signature"
    __table_args__ = (CheckConstraint("kind in ('customer', 'counter')", name="kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    quote_id: Mapped[int] = mapped_column(ForeignKey("quote.id"), index=True)
    revision_id: Mapped[int] = mapped_column(ForeignKey("revision.id"))
    acceptance_id: Mapped[int | None] = mapped_column(ForeignKey("acceptance.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10), default=CUSTOMERS)
    countersigner_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    round_number: Mapped[int] = mapped_column(default=0, server_default="0")

    drawing: Mapped[SignatureDrawing | None] = relationship()
    countersigner: Mapped[User | None] = relationship()


class SigningCode(Base):
    """Six digits that were mailed to an address, to prove that the signer reads it. Of several, the newest works.

    ``code_sha256``: a slow hash with ``salt``; empty until the worker mailed it. ``session``: the browser that
    confirmed. ``tries``: how often a code was entered.
    """

    __tablename__ = "signing_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    quote_id: Mapped[int] = mapped_column(ForeignKey("quote.id", ondelete="CASCADE"), index=True)
    email: Mapped[str] = mapped_column(String(254))
    salt: Mapped[str] = mapped_column(String(32), default="")
    code_sha256: Mapped[str] = mapped_column(String(64), default="")
    session: Mapped[str] = mapped_column(String(80), default="")
    tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
