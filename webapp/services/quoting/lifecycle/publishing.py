"""Publish: freeze the draft as a revision and write that in the diary, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.models import Quote, Revision, User, db, utc_now
from webapp.services.catalog import pictures
from webapp.services.core import work
from webapp.services.core.errors import Conflict, Invalid
from webapp.services.diary import diary, reading
from webapp.services.diary.reading import EntryView
from webapp.services.quoting.draft import one_customer, readiness
from webapp.services.quoting.draft.editing import lock_editable
from webapp.services.quoting.lifecycle import customer_link, rounds, sending
from webapp.services.quoting.revisions import freezing, numbering, pricing, snapshot
from webapp.services.quoting.revisions.snapshot import Snapshot


class Unseen(Conflict):
    """The draft isn't what the person has on the screen. ``entries``: what others changed since."""

    def __init__(self, sentence: str, entries: list[EntryView]) -> None:
        super().__init__(sentence)
        self.entries = entries


@dataclass(frozen=True)
class Screen:
    """What the person saw who publishes: the newest entry of the history, and the totals (``pricing.digest``)."""

    since: int
    totals: str


@dataclass(frozen=True)
class Published:
    """``is_new`` is False when nothing changed since ``revision``.

    ``ended_mail``: how many emails about the revision before waited to be sent, and aren't any more.
    """

    revision: Revision
    is_new: bool
    ended_mail: int = 0


@work.command
def publish(actor: User, quote_id: int, screen: Screen | None = None) -> Published:
    """Freeze the quote, in one transaction that needs neither Redis nor Autotask.

    Raises Invalid with all open issues, or Unseen when the quote isn't what the ``screen`` showed; stores nothing then.
    """
    quote = lock_editable(quote_id)
    if screen is not None:
        _check_seen(actor, quote, screen)
    issues = readiness.problems(quote, publisher=actor)
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
    elif (live := freezing.live(quote)) is not None and one_customer.is_for_another(quote, live):
        # It reached nobody that we know of, but may have been copied.
        customer_link.end(quote, "The quote is for another customer now.")
    frozen = freezing.freeze(
        quote,
        number=quote.number,
        revision=current.number + 1 if current else 1,
        published_at=utc_now(),
    )
    revision = add_revision(quote, frozen, actor)
    ended = sending.end_waiting(quote, "The quote was published again meanwhile. Send it again.")
    rounds.begin(quote)
    pictures.keep_all(frozen.images)
    quote.viewed_at = None
    diary.write(
        actor, "quote.published", "quote", quote.id, revision=revision.number, sha256=revision.content_sha256
    )
    return Published(revision, is_new=True, ended_mail=ended)


def _check_seen(actor: User, quote: Quote, screen: Screen) -> None:
    entries = reading.of_others(actor, "quote", quote.id, screen.since)
    if entries:
        people = " and ".join(dict.fromkeys(entry.by for entry in entries))
        raise Unseen(
            f"{people} changed this quote after you opened it, so it wasn't published yet. The page now shows the "
            "changes. Review them, then publish.",
            entries,
        )
    if screen.totals != pricing.digest(pricing.of_quote(quote)):
        raise Unseen(
            "The totals aren't the ones on your screen any more, so the quote wasn't published yet. The page now shows "
            "the new totals. Review them, then publish.",
            [],
        )


def add_revision(quote: Quote, frozen: Snapshot, actor: User | None) -> Revision:
    """Store ``frozen`` as the newest revision, in the open transaction."""
    content = frozen.canonical()
    revision = Revision(
        number=frozen.revision,
        content=content,
        content_sha256=snapshot.sha256(content),
        expires_on=frozen.expires_on,
        ends_at=frozen.ends_at,
        created_at=utc_now(),
        created_by_id=actor.id if actor else None,
    )
    quote.revisions.append(revision)
    db.session.flush()
    return revision
