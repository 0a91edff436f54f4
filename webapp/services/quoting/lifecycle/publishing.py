"""Publish: freeze the draft as a revision and write that in the diary, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.models import Quote, Revision, User, db, utc_now
from webapp.services.core import work
from webapp.services.core.errors import Invalid
from webapp.services.diary import diary
from webapp.services.quoting.draft import readiness
from webapp.services.quoting.draft.editing import lock_editable
from webapp.services.quoting.revisions import freezing, numbering, snapshot
from webapp.services.quoting.revisions.snapshot import Snapshot


@dataclass(frozen=True)
class Published:
    """``is_new`` is False when nothing changed since ``revision``."""

    revision: Revision
    is_new: bool


@work.command
def publish(actor: User, quote_id: int) -> Published:
    """Freeze the quote, in one transaction that needs neither Redis nor Autotask.

    Raises Invalid with all open issues, and stores nothing then.
    """
    quote = lock_editable(quote_id)
    issues = readiness.problems(quote)
    if issues:
        raise Invalid(
            "The quote wasn't published. " + " ".join(problem.sentence for problem in issues),
            {problem.place: problem.sentence for problem in issues},
        )
    current = quote.current_revision
    if current is not None and not freezing.has_changes(quote, current):
        return Published(current, is_new=False)
    if quote.number is None:
        quote.number = numbering.next_quote_number()
    frozen = freezing.freeze(
        quote,
        number=quote.number,
        revision=current.number + 1 if current else 1,
        published_at=utc_now(),
    )
    revision = add_revision(quote, frozen, actor)
    quote.viewed_at = None
    diary.write(
        actor, "quote.published", "quote", quote.id, revision=revision.number, sha256=revision.content_sha256
    )
    return Published(revision, is_new=True)


def add_revision(quote: Quote, frozen: Snapshot, actor: User | None) -> Revision:
    """Store ``frozen`` as the newest revision, in the open transaction."""
    content = frozen.canonical()
    revision = Revision(
        number=frozen.revision,
        content=content,
        content_sha256=snapshot.sha256(content),
        expires_on=frozen.expires_on,
        ends_at=frozen.ends_at,
        created_at=frozen.published_at,
        created_by_id=actor.id if actor else None,
    )
    quote.revisions.append(revision)
    db.session.flush()
    return revision
