"""The stored PDFs of a quote's offers."""

from __future__ import annotations

from webapp.models import Revision, RevisionDocument, db


def forget(quote_id: int) -> None:
    """Delete them, of all revisions, in the open transaction: what they show is no longer so, or may not be kept.

    They are rendered again when someone asks. What is being rendered just now isn't stored either
    (``paper.unsigned``).
    """
    of_quote = db.select(Revision.id).where(Revision.quote_id == quote_id)
    stored = db.delete(RevisionDocument).where(RevisionDocument.revision_id.in_(of_quote))
    db.session.execute(stored.execution_options(synchronize_session=False))
