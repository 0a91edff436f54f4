"""Ids of an Autotask that is no longer connected: another one has other records under them.

Revisions stay as they were published, so a mark says up to which of them the ids mean nothing any more.
"""

from __future__ import annotations

from typing import Any

from webapp.models import DraftStep, Item, Quote, QuoteLine, Revision, User, db
from webapp.services.company import app_settings
from webapp.services.quoting.revisions import parts, snapshot
from webapp.services.quoting.revisions.snapshot import FrozenLine, Snapshot

# What a person picked in Autotask, or pulled from it.
PICKED: dict[str, Any] = {"autotask_opportunity_id": None, "autotask_contact_id": None}


def read(revision: Revision) -> Snapshot:
    """The revision's content, without ids of an Autotask before this one."""
    frozen = snapshot.parse(revision.content)
    mark, _ = app_settings.get(app_settings.FORMER_IDS)
    if revision.id is None or revision.id > mark["revision_id"]:
        return frozen
    return frozen.model_copy(update={**PICKED, "lines": tuple(map(_line, frozen.lines))})


def forget(actor: User) -> None:
    """In the open transaction: no item, draft or revision of so far names a record of Autotask by its id."""
    for model in (Item, QuoteLine):
        # Looks aren't edits: nothing becomes newer by this.
        kept = {"updated_at": Item.updated_at} if model is Item else {}
        db.session.execute(
            db.update(model).where(model.origin_id.is_not(None)).values(origin_id=None, **kept)
        )
    quotes = db.update(Quote).values(**PICKED, autotask_opportunity_title="", updated_at=Quote.updated_at)
    db.session.execute(quotes)
    for line in db.session.scalars(db.select(QuoteLine).where(QuoteLine.stored_parts != "")):
        line.stored_parts = parts.stored(list(map(_line, parts.listed(line))))
    # Undoing would bring them back.
    db.session.execute(db.delete(DraftStep))
    newest = db.session.scalar(db.select(db.func.max(Revision.id))) or 0
    _, version = app_settings.get(app_settings.FORMER_IDS)
    app_settings.put(app_settings.FORMER_IDS, {"revision_id": newest}, version, actor)


def _line(line: FrozenLine) -> FrozenLine:
    return line.model_copy(update={"origin_id": None, "parts": tuple(map(_line, line.parts))})
