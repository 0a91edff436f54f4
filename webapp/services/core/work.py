"""The unit of work: what one command changes is committed together at its end, or not at all.

A service's commands carry ``@command``. Called by itself, a command is a unit of its own; called by another command, or
inside a ``unit()`` that a view, a job or a script opened, it joins that one. So commands can be put together, and a
service adds and flushes but never commits.

These own their transactions instead, and say so in their first lines: the push (its journal, lease and claims
must be on disk before and after each call), the rendering of a PDF, the lists cached from Autotask, and the connection,
which may not stay open in a transaction while Autotask is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec, TypeVar

from webapp.models import db
from webapp.services.core import outage

P = ParamSpec("P")
R = TypeVar("R")
Bell = Callable[[], None]

_open: ContextVar[Unit | None] = ContextVar("unit", default=None)
_bell: ContextVar[Bell | None] = ContextVar("bell", default=None)
_reads: ContextVar[bool] = ContextVar("reads", default=False)


class Unit:
    """One transaction under way. ``rings``: workers have something to do once it is committed."""

    def __init__(self) -> None:
        self.rings = False


def _commit() -> None:
    try:
        db.session.commit()
    except Exception as error:
        outage.note_commit(error)
        raise


@contextmanager
def unit() -> Iterator[Unit]:
    """Commit at the end of the block, or roll back what it changed if it raises.

    Inside another unit it joins that one, behind a savepoint: if it raises and its caller goes on, its changes are gone
    and the caller's are not. Workers are rung after the commit, if ``ring`` was called and a bell hangs here.
    """
    outer = _open.get()
    if outer is not None:
        with db.session.begin_nested():
            yield outer
        return
    mine = Unit()
    token = _open.set(mine)
    try:
        with writing():
            try:
                yield mine
                _commit()
            except BaseException:
                db.session.rollback()
                raise
    finally:
        _open.reset(token)
    bell = _bell.get()
    if mine.rings and bell is not None:
        bell()


def command(function: Callable[P, R]) -> Callable[P, R]:
    """Run a service's command in a unit of work. What it raises, it raises with nothing of it stored."""

    @wraps(function)
    def in_unit(*args: P.args, **kwargs: P.kwargs) -> R:
        with unit():
            return function(*args, **kwargs)

    return in_unit


@contextmanager
def reading() -> Iterator[None]:
    """The block only reads, but for its units and ``writing``: on SQLite its transactions keep no writer waiting."""
    token = _reads.set(True)
    try:
        yield
    finally:
        _reads.reset(token)


def is_reading() -> bool:
    """True where a transaction that begins now will only read."""
    return _reads.get()


@contextmanager
def writing() -> Iterator[None]:
    """Inside ``reading``: end the transaction that has only read, so that the block's first one may write.

    SQLite doesn't let a transaction write that read before another one wrote.
    """
    if not _reads.get():
        yield
        return
    db.session.commit()
    token = _reads.set(False)
    try:
        yield
    finally:
        _reads.reset(token)


def pause() -> None:
    """Before something slow: end the transaction that has only read so far. A unit's own goes on.

    Outside of ``reading``, an open transaction keeps SQLite's writers waiting.
    """
    if _open.get() is None:
        db.session.commit()


def ring() -> None:
    """Ring the workers once the open unit is committed. Without a unit nothing rings; the sweeper comes by anyway."""
    current = _open.get()
    if current is not None:
        current.rings = True


@contextmanager
def bell(sound: Bell) -> Iterator[None]:
    """Hang up a bell for the block: ``sound`` is called after each commit that ``ring`` asked it for."""
    token = _bell.set(sound)
    try:
        yield
    finally:
        _bell.reset(token)
