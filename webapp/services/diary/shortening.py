"""Remove the oldest entries: always from the first one on, and with an entry that says up to where."""

from __future__ import annotations

from datetime import datetime

from webapp.models import Delivery, DiaryEntry, DiaryPermit, db
from webapp.services.core import work
from webapp.services.diary import chain, diary

# In one transaction, so that no one waits for long.
AT_ONCE = 2000
REMOVE = "remove"


def last_before(before: datetime) -> int:
    """The last of the oldest entries that can go at once: all up to it are from before then; 0 if there is none.

    The newest entry always stays, since the next one follows from it.
    """
    oldest = db.session.execute(
        db.select(DiaryEntry.id, DiaryEntry.at).order_by(DiaryEntry.id).limit(1)
    ).first()
    if oldest is None or oldest.at >= before:
        return 0
    kept = db.session.scalar(db.select(db.func.min(DiaryEntry.id)).where(DiaryEntry.at >= before))
    newest = db.session.scalar(db.select(db.func.max(DiaryEntry.id)))
    through: int = min((kept or newest) - 1, oldest.id + AT_ONCE - 1)
    return through if through >= oldest.id else 0


@work.command
def remove(through: int) -> None:
    """Remove all entries up to ``through``."""
    last = db.session.get_one(DiaryEntry, through)
    sha256 = last.sha256
    of_these = DiaryEntry.id <= through
    count = db.session.scalar(db.select(db.func.count()).select_from(DiaryEntry).where(of_these))
    db.session.expunge(last)
    diary.write(None, chain.SHORTENED, "audit", "diary", through=through, sha256=sha256, removed=count)
    db.session.add(DiaryPermit(what=REMOVE, through=through))
    db.session.flush()
    # A delivery of so long ago keeps what it told.
    unlinked = db.update(Delivery).where(Delivery.event_id <= through).values(event_id=None)
    db.session.execute(unlinked.execution_options(synchronize_session=False))
    db.session.execute(db.delete(DiaryEntry).where(of_these).execution_options(synchronize_session=False))
    db.session.execute(db.delete(DiaryPermit).filter_by(what=REMOVE))
