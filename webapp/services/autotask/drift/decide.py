"""What a person decides about drift, field by field: ours is pushed again, or theirs is accepted.

Nothing is written in Autotask here: a decision changes what the links say was pushed, and the push does the rest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from webapp.models import DriftFinding, Link, Quote, User, db, utc_now
from webapp.models.drift import ADDED, CHANGED, GONE, OPEN, OURS, THEIRS
from webapp.services.autotask.known import links
from webapp.services.autotask.known.observation import FORCE_FIELDS, KEEP_DELETED
from webapp.services.autotask.push import lease, missing, outbox
from webapp.services.core import audit
from webapp.services.core.errors import Conflict, Invalid, NotFound

CHANGED_SINCE = (
    "What Autotask holds, or the quote here, changed since this page was opened. Nothing was decided; look at the new "
    "values and decide again."
)
UNDER_WAY = "A push of this quote is under way. Nothing was decided; try again when it is done."


@dataclass(frozen=True)
class Decided:
    """How many were decided each way."""

    ours: int
    theirs: int


def seen(finding: DriftFinding) -> str:
    """What a page showed of a finding, so that nobody decides about values that they did not see."""
    shown = [finding.kind, finding.ours, finding.theirs]
    return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()[:16]


def decide(actor: User, quote: Quote, choices: Mapping[int, tuple[str, str]]) -> Decided:
    """Take decisions about a quote's findings: ``{finding id: (OURS or THEIRS, seen)}``, all of them or none.

    The caller nudges the worker afterwards. Raises Invalid for an unknown choice, Conflict when a finding changed
    since it was seen, or while a push is under way.
    """
    if not choices:
        raise Invalid(
            "Nothing was chosen, so nothing was decided. Choose a side for at least one difference."
        )
    quote_id = quote.id
    token = lease.take(quote_id, "drift")
    if token is None:
        raise Conflict(UNDER_WAY)
    try:
        return _decide(actor, quote, choices)
    finally:
        db.session.rollback()
        lease.release(quote_id, token)


def reopen(actor: User, quote: Quote, finding_id: int) -> None:
    """Let what was accepted be decided anew. Raises NotFound when there is no such finding any more."""
    query = db.select(DriftFinding).filter_by(id=finding_id, quote_id=quote.id, state=THEIRS)
    finding = db.session.scalar(query)
    if finding is None:
        raise NotFound("This difference is not there any more, or it is open already.")
    finding.state, finding.decided_at, finding.decided_by_id = OPEN, None, None
    audit.record(actor, "drift.reopened", "quote", quote.id, field=finding.field)
    db.session.commit()


def _decide(actor: User, quote: Quote, choices: Mapping[int, tuple[str, str]]) -> Decided:
    query = db.select(DriftFinding).filter_by(quote_id=quote.id, state=OPEN)
    findings = {finding.id: finding for finding in db.session.scalars(query)}
    counts = {OURS: 0, THEIRS: 0}
    for number, (side, shown) in sorted(choices.items()):
        finding = findings.get(number)
        if side not in counts:
            raise Invalid("Choose one of the two sides.")
        if finding is None or seen(finding) != shown:
            raise Conflict(CHANGED_SINCE)
        counts[side] += 1
        _prepare_ours(finding) if side == OURS else _accept(finding)
        finding.state, finding.decided_at, finding.decided_by_id = side, utc_now(), actor.id
        audit.record(
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
        outbox.record(quote, quote.current_revision, "drift")
    db.session.commit()
    return Decided(counts[OURS], counts[THEIRS])


def _accept(finding: DriftFinding) -> None:
    """Theirs stays. The link says that ours was pushed, so that no push writes it until ours changes."""
    link = _link(finding)
    if link is None:
        return
    if finding.kind == CHANGED:
        link.pushed = {**link.pushed, finding.field: finding.ours}
    elif finding.kind == GONE and finding.remote_entity == "QuoteItems":
        link.pushed = {**link.pushed, KEEP_DELETED: True}


def _prepare_ours(finding: DriftFinding) -> None:
    """Make the next push bring what is ours."""
    if finding.kind == ADDED:
        _delete_line(finding)
    elif finding.kind == GONE:
        _forget(finding)
    else:
        link = _link(finding)
        if link is not None:
            again = [*link.pushed.get(FORCE_FIELDS, []), finding.field]
            link.pushed = {**link.pushed, finding.field: finding.theirs, FORCE_FIELDS: sorted(set(again))}


def _delete_line(finding: DriftFinding) -> None:
    """Take the line over, so that the push removes it as it removes lines that the quote has no more."""
    local = ("line", f"{finding.quote_id}:by-hand-{finding.remote_id}", "QuoteItems")
    quote = links.find(("quote", str(finding.quote_id), "Quotes"))
    parent_id = quote.remote_id if quote else None
    links.save_all([links.NewLink(local, finding.remote_id, parent_id, {"name": finding.title})])


def _forget(finding: DriftFinding) -> None:
    """Without its link a record is made again; with an opportunity or a quote all that hung on it is."""
    if finding.remote_entity == "QuoteItems":
        links.remove((finding.local_type, finding.local_id, finding.remote_entity))
    else:
        missing.unlink_quote(
            finding.quote_id, with_opportunity=finding.remote_entity == missing.OPPORTUNITIES
        )


def _link(finding: DriftFinding) -> Link | None:
    found = links.find((finding.local_type, finding.local_id, finding.remote_entity))
    return found if found is not None and found.remote_id == finding.remote_id else None
