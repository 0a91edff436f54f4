"""The worker renders what was just published, so that no customer waits for it.

Owns its transactions: no transaction is open while a PDF is rendered, which can take seconds.
"""

from __future__ import annotations

from datetime import timedelta

import structlog

from webapp.models import Revision, RevisionDocument, db, utc_now
from webapp.services.core.errors import ServiceError
from webapp.services.core.runtime import Runtime
from webapp.services.quoting.paper import document

log = structlog.get_logger(__name__)

# Whoever asks for an older one, renders it: after an upgrade nothing is rendered that no one asks for.
RECENT = timedelta(minutes=10)
# Found by their ids, so that nothing is searched for, however many revisions there are.
LOOKED_AT = 100
AT_ONCE = 1

# What couldn't be rendered is tried again by whoever asks for it.
_failed: set[int] = set()


def tick(runtime: Runtime) -> int:
    """Render the PDFs of revisions that were published since the last run. Returns their number."""
    due = _due()
    db.session.commit()
    for revision_id in due:
        _failed.add(revision_id)  # whatever it raises
        try:
            document.pdf_for(revision_id, runtime.config.public_base_url)
            _failed.discard(revision_id)
        except ServiceError as error:
            log.warning("paper.not_rendered", revision=revision_id, error=type(error).__name__)
    return len(due)


def _due() -> list[int]:
    newest = db.select(Revision.id).order_by(Revision.id.desc()).limit(LOOKED_AT)
    query = (
        db.select(Revision.id)
        .outerjoin(RevisionDocument, RevisionDocument.revision_id == Revision.id)
        .where(
            Revision.id.in_(newest),
            RevisionDocument.revision_id.is_(None),
            Revision.created_at > utc_now() - RECENT,
            Revision.id.not_in(_failed),
        )
        .order_by(Revision.id.desc())
        .limit(AT_ONCE)
    )
    return list(db.session.scalars(query))
