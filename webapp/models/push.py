"""The journal of every push."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.models.base import Base, Timestamped, one_of, utc_now
from webapp.models.local_key import NamesOurs
from webapp.models.quote import Quote, Revision


class RunState(StrEnum):
    """How a run of a push ended, or that it hasn't."""

    RUNNING = "running"
    SYNCED = "synced"
    OUT_OF_SYNC = "out_of_sync"
    NEEDS_YOU = "needs_you"
    RETRYING = "retrying"
    FAILED = "failed"


class StepState(StrEnum):
    """``intent``: written before the call. ``resolved``: an intent that a later run settled. ``outdated``: it failed
    because Autotask had changed.
    """

    PLANNED = "planned"
    INTENT = "intent"
    DONE = "done"
    FAILED = "failed"
    UNCHANGED = "unchanged"
    RESOLVED = "resolved"
    OUTDATED = "outdated"


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
    """One attempt of a push."""

    __tablename__ = "push_run"
    __table_args__ = (CheckConstraint(one_of("state", RunState), name="state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    quote_id: Mapped[int] = mapped_column(ForeignKey("quote.id"), index=True)
    revision_id: Mapped[int] = mapped_column(ForeignKey("revision.id"))
    delivery_id: Mapped[int | None] = mapped_column(ForeignKey("delivery.id"))
    token: Mapped[int]
    state: Mapped[str] = mapped_column(String(12), default=RunState.RUNNING, index=True)
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

    ``changes``: ``{field: [before, after]}``. ``doubt_until``: when the call of an intent has surely ended in Autotask;
    None when it ended already.
    """

    __tablename__ = "push_step"
    __table_args__ = (CheckConstraint(one_of("state", StepState), name="state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("push_run.id"), index=True)
    position: Mapped[int]
    key: Mapped[str] = mapped_column(String(120))
    action: Mapped[str] = mapped_column(String(20))
    entity: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(300), default="")
    state: Mapped[str] = mapped_column(String(12), default=StepState.PLANNED)
    remote_id: Mapped[int | None] = mapped_column(BigInteger)
    changes: Mapped[dict[str, Any]] = mapped_column(default=dict)
    sentence: Mapped[str] = mapped_column(Text, default="")
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    doubt_until: Mapped[datetime | None]

    run: Mapped[PushRun] = relationship(back_populates="steps")


# Of the calls that weren't emptied. As text without parameters, so that the database knows its index in a query.
WITH_BODY = text("(request_body != '' OR response_body != '')")


class PushCall(Base):
    """One HTTP call of a run. Bodies never hold credentials; attachment data is replaced by its size."""

    __tablename__ = "push_call"
    __table_args__ = (
        Index("ix_push_call_at_with_body", "at", sqlite_where=WITH_BODY, postgresql_where=WITH_BODY),
    )

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


class PushQuestion(NamesOurs, Timestamped, Base):
    """Several remote records match one of ours; a person picks, and the answer becomes a ``Link``.

    ``candidates``: list of ``{"id", "label", "detail"}``. ``chosen_id`` 0 means “none of these, create one”.
    """

    __tablename__ = "push_question"

    id: Mapped[int] = mapped_column(primary_key=True)
    quote_id: Mapped[int] = mapped_column(ForeignKey("quote.id"), index=True)
    remote_entity: Mapped[str] = mapped_column(String(40))
    sentence: Mapped[str] = mapped_column(Text)
    candidates: Mapped[list[Any]]
    chosen_id: Mapped[int | None] = mapped_column(BigInteger)
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
