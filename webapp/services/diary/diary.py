"""Write the diary. This is the only exit of a command: readers learn of nothing else.

An entry is kept back until its transaction commits. Then it takes up the changes of its object, gets its place in the
chain (see ``chain``), and is shown to the subscribers, who may add rows to the same transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from webapp.models import DiaryEntry, User, db, utc_now
from webapp.services.diary import chain, changes

SYSTEM = "Quotewright"
# Before the name that a customer typed, which could be a colleague's address.
CUSTOMER = "Customer: "
PENDING = "diary.pending"

# Called before the entries have their places; what it returns is called when they have them.
Subscriber = Callable[[list[DiaryEntry]], Callable[[], None]]

_subscribers: list[Subscriber] = []


@dataclass(frozen=True)
class Origin:
    """Where an event came from. ``session``: a session of a browser, a worker or a command. ``agent``: what the browser
    calls itself; ``signed_in_as``: the email of our user whose browser shows a customer's page. Entries have neither.
    """

    session: str = ""
    address: str = ""
    agent: str = ""
    signed_in_as: str = ""


@dataclass
class _Pending:
    """An entry that waits for the commit. ``savepoints``: those that were open; it is gone with any of them."""

    actor: User | None
    label: str
    action: str
    object_type: str
    object_id: str
    revision: int | None
    detail: dict[str, Any]
    origin: Origin
    savepoints: tuple[SessionTransaction, ...]
    at: datetime = field(default_factory=utc_now)


NOWHERE = Origin()
_origin: ContextVar[Origin] = ContextVar("diary_origin")


@contextmanager
def origin(session: str, address: str = "", agent: str = "", signed_in_as: str = "") -> Iterator[None]:
    """Note ``session`` and ``address`` at every entry that the block writes."""
    token = _origin.set(Origin(session[:80], address[:45], agent[:300], signed_in_as))
    try:
        yield
    finally:
        _origin.reset(token)


def here() -> Origin:
    """Where events come from now."""
    return _origin.get(NOWHERE)


def write(
    actor: User | None,
    action: str,
    object_type: str,
    object_id: object,
    *,
    label: str = "",
    revision: int | None = None,
    **detail: Any,
) -> None:
    """Add an entry to the open transaction.

    Without an ``actor``, the event is the customer's named in ``label``, or the system's. ``revision``: the number of
    the revision that the event is about. ``detail`` must be JSON-serializable and must not hold secrets; the changed
    fields of the object come by themselves.
    """
    session = db.session()
    session.info.setdefault(PENDING, []).append(
        _Pending(
            actor=actor,
            label=actor.email if actor else (CUSTOMER + label if label else SYSTEM),
            action=action,
            object_type=object_type,
            object_id=str(object_id),
            revision=revision,
            detail=detail,
            origin=_origin.get(NOWHERE),
            savepoints=changes.savepoints(session),
        )
    )


def subscribe(subscriber: Subscriber) -> None:
    """Show every new entry to ``subscriber`` once, in the transaction that writes it and before it commits.

    It adds and flushes its rows at once, and returns a function that may refer from them to the entries.
    """
    if subscriber not in _subscribers:
        _subscribers.append(subscriber)


@event.listens_for(db.session, "before_commit")
def _seal(session: Session) -> None:
    """Give the entries of this transaction their places in the chain, and show them to the subscribers."""
    if session.in_nested_transaction():
        return
    session.flush()
    pending: list[_Pending] = session.info.pop(PENDING, [])
    changed = changes.take(session)
    if not pending and not changed:
        return
    # Of several entries about one object, the last one gets the changes of the transaction.
    last = {(entry.object_type, entry.object_id): number for number, entry in enumerate(pending)}
    for key, of_object in changed.items():
        if key not in last:
            last[key] = len(pending)
            pending.append(_untold(key, of_object, pending))
    entries = []
    for number, entry in enumerate(pending):
        key = (entry.object_type, entry.object_id)
        entries.append(_row(entry, changed.get(key) if last[key] == number else None))
    finish = [subscriber(entries) for subscriber in _subscribers]
    # The diary is locked last, and from here on nothing waits for a lock: whoever holds another one may wait for this.
    session.flush()
    head = chain.lock_head(session)
    for row in entries:
        head = chain.append(head, row)
    session.add_all(entries)
    session.flush()
    for each in finish:
        each()


def _row(entry: _Pending, of_object: changes.Changes | None) -> DiaryEntry:
    return DiaryEntry(
        at=entry.at,
        actor_id=entry.actor.id if entry.actor else None,
        actor=entry.label,
        session=entry.origin.session,
        address=entry.origin.address,
        action=entry.action,
        object_type=entry.object_type,
        object_id=entry.object_id,
        revision=entry.revision,
        content=chain.canonical({"changes": changes.as_json(of_object), "detail": entry.detail}),
    )


def _untold(key: tuple[str, str], of_object: changes.Changes, others: list[_Pending]) -> _Pending:
    """An entry for an object whose command wrote none, by whoever wrote the others: nothing changes unseen."""
    return _Pending(
        actor=others[0].actor if others else None,
        label=others[0].label if others else SYSTEM,
        action=f"{key[0]}.{of_object.verb}",
        object_type=key[0],
        object_id=key[1],
        revision=None,
        detail={},
        origin=_origin.get(NOWHERE),
        savepoints=(),
    )


@event.listens_for(db.session, "after_soft_rollback")
def _forget(session: Session, ended: SessionTransaction) -> None:
    """Drop what was written since the savepoint, or everything when the whole transaction is rolled back."""
    pending = session.info.get(PENDING, [])
    session.info[PENDING] = [entry for entry in pending if ended.nested and ended not in entry.savepoints]
    changes.forget(session, ended)
