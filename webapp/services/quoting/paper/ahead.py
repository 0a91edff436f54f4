"""The worker renders what was just published or accepted, so that no customer waits for it.

Owns its transactions: no transaction is open while a PDF is rendered, which can take seconds.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Select

from webapp.models import (
    Acceptance,
    AcceptanceDocument,
    AcceptanceSeal,
    Revision,
    RevisionDocument,
    Signature,
    db,
    utc_now,
)
from webapp.models.signing import COUNTERS
from webapp.services.core.errors import ServiceError
from webapp.services.core.runtime import Runtime
from webapp.services.quoting.paper import document
from webapp.services.quoting.paper.attempts import SealPending

log = structlog.get_logger(__name__)

# Whoever asks for an older one, renders it: after an upgrade nothing is rendered that no one asks for.
RECENT = timedelta(minutes=10)
# Found by their ids, so that nothing is searched for, however many revisions there are.
LOOKED_AT = 100
AT_ONCE = 1

# What couldn't be rendered is tried again by whoever asks for it.
# Whether the accepted PDF, and the revision.
_failed: set[tuple[bool, int]] = set()


def tick(runtime: Runtime) -> int:
    """Render the PDFs of revisions that were published or accepted since the last run. Returns their number."""
    due = _due()
    db.session.commit()
    for is_accepted, revision_id in due:
        _failed.add((is_accepted, revision_id))  # whatever it raises
        try:
            document.pdf_to_deliver(revision_id, runtime)
            _failed.discard((is_accepted, revision_id))
        except SealPending:
            # ``AcceptanceSeal`` says when it is due again.
            _failed.discard((is_accepted, revision_id))
        except ServiceError as error:
            log.warning("paper.not_rendered", revision=revision_id, error=type(error).__name__)
    return len(due)


def _due() -> list[tuple[bool, int]]:
    """Whether the accepted PDF, and the revision."""
    accepted = [(True, one) for one in db.session.scalars(_accepted())]
    published = [(False, one) for one in db.session.scalars(_published())]
    return [*accepted, *published][:AT_ONCE]


def _accepted() -> Select[Any]:
    newest = db.select(Acceptance.id).order_by(Acceptance.id.desc()).limit(LOOKED_AT)
    query: Select[Any] = (
        db.select(Acceptance.revision_id)
        .outerjoin(AcceptanceDocument, AcceptanceDocument.acceptance_id == Acceptance.id)
        .outerjoin(AcceptanceSeal, AcceptanceSeal.acceptance_id == Acceptance.id)
        .where(
            Acceptance.id.in_(newest),
            AcceptanceDocument.acceptance_id.is_(None),
            db.or_(
                db.and_(AcceptanceSeal.acceptance_id.is_(None), Acceptance.accepted_at > utc_now() - RECENT),
                # Its time stamp is asked for again.
                AcceptanceSeal.next_try_at <= utc_now(),
            ),
            # What waits for our countersignature has no signed PDF yet.
            ~Acceptance.wants_countersignature | Acceptance.beside.any(Signature.kind == COUNTERS),
            Acceptance.revision_id.not_in(_failures(is_accepted=True)),
        )
        .order_by(Acceptance.id.desc())
        .limit(AT_ONCE)
    )
    return query


def _published() -> Select[Any]:
    newest = db.select(Revision.id).order_by(Revision.id.desc()).limit(LOOKED_AT)
    query: Select[Any] = (
        db.select(Revision.id)
        .outerjoin(RevisionDocument, RevisionDocument.revision_id == Revision.id)
        .outerjoin(Acceptance, Acceptance.revision_id == Revision.id)
        .where(
            Revision.id.in_(newest),
            RevisionDocument.revision_id.is_(None),
            # Of an accepted one no one asks for the offer anymore.
            Acceptance.id.is_(None),
            Revision.created_at > utc_now() - RECENT,
            Revision.id.not_in(_failures(is_accepted=False)),
        )
        .order_by(Revision.id.desc())
        .limit(AT_ONCE)
    )
    return query


def _failures(*, is_accepted: bool) -> list[int]:
    return [revision_id for accepted, revision_id in _failed if accepted == is_accepted]
