"""Decisions about drift, field by field: push our value again, or accept Autotask's.

Nothing is written to Autotask here. A decision changes the pushed values on the links, and the next push does the rest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from webapp.models import DriftFinding, Link, Quote, User, db, local_key, utc_now
from webapp.models.drift import ADDED, CHANGED, GONE, OPEN, OURS, THEIRS
from webapp.services.autotask.known import links
from webapp.services.autotask.known.links import LinkKey
from webapp.services.autotask.push import lease, missing, processing
from webapp.services.core import work
from webapp.services.core.errors import Conflict, Invalid, NotFound
from webapp.services.delivery import room
from webapp.services.diary import diary

CHANGED_SINCE = (
    "Autotask or the quote changed after you opened this page, so nothing was saved. Review the new values and choose "
    "again."
)
UNDER_WAY = "This quote is syncing right now, so nothing was saved. Try again when the sync is done."


@dataclass(frozen=True)
class Decided:
    """How many findings were decided for each side."""

    ours: int
    remote: int


def seen(finding: DriftFinding) -> str:
    """A fingerprint of the finding as a page shows it, so that no one decides about values they haven't seen."""
    shown = [finding.kind, finding.ours, finding.theirs]
    return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()[:16]


def decide(actor: User, quote: Quote, choices: Mapping[int, tuple[str, str]]) -> Decided:
    """Store decisions about a quote's findings, ``{finding id: (OURS or THEIRS, seen)}``: all of them or none.

    Raises Invalid for an unknown choice, Conflict when a finding has changed
    since it was seen, or while a push is running.
    """
    if not choices:
        raise Invalid("Choose a side for at least one difference. Nothing was saved.")
    quote_id = quote.id
    token = lease.take(quote_id, "drift")
    if token is None:
        raise Conflict(UNDER_WAY)
    try:
        with work.unit():
            return _decide(actor, quote, choices)
    finally:
        lease.release(quote_id, token)


@work.command
def reopen(actor: User, quote: Quote, finding_id: int) -> None:
    """Reopen an accepted finding. Raises NotFound when it no longer exists."""
    query = db.select(DriftFinding).filter_by(id=finding_id, quote_id=quote.id, state=THEIRS)
    finding = db.session.scalar(query)
    if finding is None:
        raise NotFound("This difference no longer exists, or it's already open.")
    finding.state, finding.decided_at, finding.decided_by_id = OPEN, None, None
    diary.write(actor, "drift.reopened", "quote", quote.id, field=finding.field)


def _decide(actor: User, quote: Quote, choices: Mapping[int, tuple[str, str]]) -> Decided:
    query = db.select(DriftFinding).filter_by(quote_id=quote.id, state=OPEN)
    findings = {finding.id: finding for finding in db.session.scalars(query)}
    counts = {OURS: 0, THEIRS: 0}
    for number, (side, shown) in sorted(choices.items()):
        finding = findings.get(number)
        if side not in counts:
            raise Invalid("Choose one of the two values.")
        if finding is None or seen(finding) != shown:
            raise Conflict(CHANGED_SINCE)
        counts[side] += 1
        _prepare_ours(finding) if side == OURS else _accept(finding)
        finding.state, finding.decided_at, finding.decided_by_id = side, utc_now(), actor.id
        diary.write(
            actor,
            f"drift.{side}",
            "quote",
            quote.id,
            record=f"{finding.remote_entity} {finding.remote_id}",
            field=finding.field,
            kind=finding.kind,
            values={"here": finding.ours, "autotask": finding.theirs},
        )
    if counts[OURS] and quote.current_revision is not None:
        room.add(processing.delivery(quote, quote.current_revision, "drift"))
    return Decided(counts[OURS], counts[THEIRS])


def _accept(finding: DriftFinding) -> None:
    """Keep Autotask's value: record ours as pushed, so that no push writes it until it changes here."""
    link = _link(finding)
    if link is None:
        return
    if finding.kind == CHANGED:
        link.pushed = {**link.pushed, finding.field: finding.ours}
    elif finding.kind == GONE and finding.remote_entity == "QuoteItems":
        link.is_kept_deleted = True


def _prepare_ours(finding: DriftFinding) -> None:
    """Let the next push write our value."""
    if finding.kind == ADDED:
        _delete_line(finding)
    elif finding.kind == GONE:
        _forget(finding)
    else:
        link = _link(finding)
        if link is not None:
            link.pushed = {**link.pushed, finding.field: finding.theirs}
            link.force_fields = sorted({*link.force_fields, finding.field})


def _delete_line(finding: DriftFinding) -> None:
    """Link the line to the quote, so that the next push deletes it like any line that the quote no longer has."""
    key = LinkKey(local_key.by_hand(finding.quote_id, finding.remote_id), missing.ITEMS)
    quote = links.find(LinkKey(local_key.quote(finding.quote_id), missing.QUOTES))
    parent_id = quote.remote_id if quote else None
    links.save_all([links.NewLink(key, finding.remote_id, parent_id, {"name": finding.title})])


def _forget(finding: DriftFinding) -> None:
    """Remove the link, so that the next push creates the record again, with everything below it."""
    if finding.remote_entity == "QuoteItems":
        links.remove(LinkKey(finding.local, finding.remote_entity))
    else:
        missing.unlink_quote(
            finding.quote_id, with_opportunity=finding.remote_entity == missing.OPPORTUNITIES
        )


def _link(finding: DriftFinding) -> Link | None:
    found = links.find(LinkKey(finding.local, finding.remote_entity))
    return found if found is not None and found.remote_id == finding.remote_id else None
