"""The outbox and the journal of every push."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.models.account import User
from webapp.models.base import Base, Timestamped, utc_now
from webapp.models.quote import Quote, Revision

WAITING = "waiting"
RUNNING = "running"
DONE = "done"
PARKED = "parked"
SUPERSEDED = "superseded"
STOPPED = "stopped"


class PushBatch(Base):
    """Pushes that an admin started together. ``failures``: in a row; at ``stop_after`` the rest isn't started.

    ``state``: ``running`` or ``stopped`` (``sentence`` says why). A batch stays ``running`` when all its entries have
    ended.
    """

    __tablename__ = "push_batch"
    __table_args__ = (CheckConstraint("state in ('running', 'stopped')", name="state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    created_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    stop_after: Mapped[int]
    failures: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(10), default=RUNNING)
    sentence: Mapped[str] = mapped_column(Text, default="")

    created_by: Mapped[User] = relationship()


class OutboxEntry(Timestamped, Base):
    """A request to bring Autotask to a quote's newest state, written in the same transaction as the change.

    ``state``: ``waiting`` (due at ``not_before``), ``running`` (held by a lease), ``done``, ``superseded``
    (a newer entry of the same quote covers it), ``parked`` (a person must act; ``last_error`` says how) or ``stopped``
    (its batch was stopped before it started).
    """

    __tablename__ = "outbox_entry"
    __table_args__ = (
        CheckConstraint(
            "state in ('waiting', 'running', 'done', 'parked', 'superseded', 'stopped')", name="state"
        ),
        Index("ix_outbox_entry_due", "state", "not_before"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(String(40))
    quote_id: Mapped[int] = mapped_column(ForeignKey("quote.id"), index=True)
    revision_id: Mapped[int] = mapped_column(ForeignKey("revision.id"))
    state: Mapped[str] = mapped_column(String(12), default=WAITING)
    attempt: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime] = mapped_column(default=utc_now)
    last_error: Mapped[str] = mapped_column(Text, default="")
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("push_batch.id"), index=True)

    quote: Mapped[Quote] = relationship()
    revision: Mapped[Revision] = relationship()
    batch: Mapped[PushBatch | None] = relationship()


class PushLease(Base):
    """At most one push of a quote at a time, and never an older revision after a newer one.

    ``token`` only grows; a holder with an old token may not write. ``revision``: the number of the newest revision that
    any push took up; it only grows too, and a push of an older one can't take the lease.
    """

    __tablename__ = "push_lease"

    quote_id: Mapped[int] = mapped_column(ForeignKey("quote.id"), primary_key=True)
    token: Mapped[int] = mapped_column(default=0)
    revision: Mapped[int] = mapped_column(default=0, server_default="0")
    holder: Mapped[str] = mapped_column(String(80), default="")
    expires_at: Mapped[datetime] = mapped_column(default=utc_now)


class PushClaim(Base):
    """A company, contact or item that one push may create while others wait; valid as long as its lease."""

    __tablename__ = "push_claim"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    quote_id: Mapped[int] = mapped_column(ForeignKey("quote.id"), index=True)
    token: Mapped[int]


class PushRun(Base):
    """One attempt of a push.

    ``state``: ``running``, ``synced``, ``amber`` (out of sync), ``needs_you``, ``retrying``, ``failed``.
    """

    __tablename__ = "push_run"

    id: Mapped[int] = mapped_column(primary_key=True)
    quote_id: Mapped[int] = mapped_column(ForeignKey("quote.id"), index=True)
    revision_id: Mapped[int] = mapped_column(ForeignKey("revision.id"))
    outbox_entry_id: Mapped[int | None] = mapped_column(ForeignKey("outbox_entry.id"))
    token: Mapped[int]
    state: Mapped[str] = mapped_column(String(12), default="running", index=True)
    sentence: Mapped[str] = mapped_column(Text, default="")
    report: Mapped[dict[str, Any]] = mapped_column(default=dict)
    started_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    finished_at: Mapped[datetime | None]

    quote: Mapped[Quote] = relationship()
    revision: Mapped[Revision] = relationship()
    steps: Mapped[list[PushStep]] = relationship(back_populates="run", order_by="PushStep.position")
    calls: Mapped[list[PushCall]] = relationship(back_populates="run", order_by="PushCall.id")


class PushStep(Base):
    """One step of a run, as planned and as it ended.

    ``state``: ``planned``, ``intent`` (written before the call), ``done``, ``failed``, ``unchanged``, ``resolved`` (an
    intent that a later run settled) or ``outdated`` (it failed because Autotask had changed).
    ``changes``: ``{field: [before, after]}``. ``doubt_until``: when the call of an intent has surely ended in Autotask;
    None when it ended already.
    """

    __tablename__ = "push_step"

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("push_run.id"), index=True)
    position: Mapped[int]
    key: Mapped[str] = mapped_column(String(120))
    action: Mapped[str] = mapped_column(String(20))
    entity: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(300), default="")
    state: Mapped[str] = mapped_column(String(12), default="planned")
    remote_id: Mapped[int | None] = mapped_column(BigInteger)
    changes: Mapped[dict[str, Any]] = mapped_column(default=dict)
    sentence: Mapped[str] = mapped_column(Text, default="")
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    doubt_until: Mapped[datetime | None]

    run: Mapped[PushRun] = relationship(back_populates="steps")


class PushCall(Base):
    """One HTTP call of a run. Bodies never hold credentials; attachment data is replaced by its size."""

    __tablename__ = "push_call"

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("push_run.id"), index=True)
    step_key: Mapped[str] = mapped_column(String(120), default="")
    at: Mapped[datetime] = mapped_column(default=utc_now)
    method: Mapped[str] = mapped_column(String(6))
    path: Mapped[str] = mapped_column(String(300))
    status: Mapped[int | None]
    duration_ms: Mapped[int]
    request_body: Mapped[str] = mapped_column(Text, default="")
    response_body: Mapped[str] = mapped_column(Text, default="")

    run: Mapped[PushRun] = relationship(back_populates="calls")


class PushQuestion(Timestamped, Base):
    """Several remote records match one of ours; a person picks, and the answer becomes a ``Link``.

    ``candidates``: list of ``{"id", "label", "detail"}``. ``chosen_id`` 0 means “none of these, create one”.
    """

    __tablename__ = "push_question"

    id: Mapped[int] = mapped_column(primary_key=True)
    quote_id: Mapped[int] = mapped_column(ForeignKey("quote.id"), index=True)
    local_type: Mapped[str] = mapped_column(String(30))
    local_id: Mapped[str] = mapped_column(String(64))
    remote_entity: Mapped[str] = mapped_column(String(40))
    sentence: Mapped[str] = mapped_column(Text)
    candidates: Mapped[list[Any]]
    chosen_id: Mapped[int | None] = mapped_column(BigInteger)
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
