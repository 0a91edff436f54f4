"""Take a person out of the revisions that were made for them, by fixed keys: what was offered stays as it is.

Revisions of quotes that were ever accepted stay whole: they are contracts.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from webapp.models import Acceptance, Quote, Revision, RevisionDocument, db
from webapp.services.privacy.values import Known
from webapp.services.quoting.revisions import snapshot


def is_theirs(known: Known, content: dict[str, Any]) -> bool:
    """Whether a revision with this content is for the contact, or has the user as its owner."""
    if known.user_id is not None:
        return known.is_account(content["owner_email"])
    person = content["person"]
    return person is not None and person["id"] == known.person_id


def signed(quote_ids: Collection[int]) -> dict[int, int | None]:
    """Those of the quotes that were ever accepted: their numbers by id."""
    query = db.select(Quote.id, Quote.number).join(Acceptance, Acceptance.quote_id == Quote.id)
    rows = db.session.execute(query.where(Quote.id.in_(list(quote_ids))).order_by(Quote.number))
    return {row.id: row.number for row in rows}


def rewrite(known: Known, quote_ids: Collection[int]) -> None:
    """In the open transaction: the revisions for them of quotes that were never accepted."""
    ids = set(quote_ids) - set(signed(quote_ids))
    query = db.select(Revision.id, Revision.content).where(Revision.quote_id.in_(ids))
    for number, text in db.session.execute(query).all():
        content = json.loads(text)
        if is_theirs(known, content):
            _store(number, content | _instead(known, content))


def of_theirs(known: Known, quote_ids: Collection[int]) -> set[tuple[str, int]]:
    """The revisions for them: the id of the quote, as the diary has it, and the number."""
    query = db.select(Revision.quote_id, Revision.number, Revision.content)
    rows = db.session.execute(query.where(Revision.quote_id.in_(list(quote_ids))))
    return {(str(quote_id), number) for quote_id, number, text in rows if is_theirs(known, json.loads(text))}


def _instead(known: Known, content: dict[str, Any]) -> dict[str, Any]:
    if known.person is None:
        return {"owner_name": known.alias, "owner_email": removed_email(known)}
    person = {name: known.person.get(name, value) for name, value in content["person"].items()}
    return {"person": person, "autotask_contact_id": None}


def removed_email(known: Known) -> str:
    """What a former user has instead of an email."""
    return f"former-user-{known.user_id}@removed.invalid"


def _store(number: int, content: dict[str, Any]) -> None:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    values = {"content": text, "content_sha256": snapshot.sha256(text)}
    db.session.execute(
        db.update(Revision)
        .where(Revision.id == number)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    # It is rendered again when someone asks for it.
    db.session.execute(db.delete(RevisionDocument).where(RevisionDocument.revision_id == number))
