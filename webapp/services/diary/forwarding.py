"""Log each entry once it is committed, for a log collector: the copy that nobody with the database can change.

Numbers have no gaps, so a collector sees what it missed; the audit trail's file has it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import structlog
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from webapp.models import DiaryEntry, db

# Its level is INFO with AUDIT_LOG, otherwise WARNING.
LOGGER = "quotewright.audit"
WAITING = "diary.forwarding"


def record(row: DiaryEntry) -> dict[str, Any]:
    """An entry without its content, as files and logs have it. ``at``: ISO 8601 in UTC."""
    return {
        "id": row.id,
        "at": row.at.isoformat(),
        "who": row.actor,
        "session": row.session,
        "address": row.address,
        "action": row.action,
        "object": row.object_type,
        "object_id": row.object_id,
        "revision": row.revision,
    }


def forward(entries: list[DiaryEntry]) -> Callable[[], None]:
    """A subscriber of the diary: keep the entries for the log until they are committed."""

    def keep() -> None:
        content = [{"changes": row.changes, "detail": row.detail, "sha256": row.sha256} for row in entries]
        kept = [{**record(row), **more} for row, more in zip(entries, content, strict=True)]
        db.session().info.setdefault(WAITING, []).extend(kept)

    return keep if logging.getLogger(LOGGER).isEnabledFor(logging.INFO) else lambda: None


@event.listens_for(db.session, "after_commit")
def _log(session: Session) -> None:
    log = structlog.get_logger(LOGGER)
    for entry in session.info.pop(WAITING, []):
        log.info("diary", **{name: value for name, value in entry.items() if value not in ("", None, [], {})})


@event.listens_for(db.session, "after_soft_rollback")
def _forget(session: Session, ended: SessionTransaction) -> None:
    if not ended.nested:
        session.info.pop(WAITING, None)
