"""Comparing quotes with Autotask, many in a few calls, and storing the differences.

Owns its transactions: no transaction is open while Autotask is asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from webapp.models import Delivery, DriftCheck, DriftFinding, Quote, db, local_key, utc_now
from webapp.models.delivery import UNDER_WAY
from webapp.models.drift import OPEN, OURS, THEIRS
from webapp.models.integration import AUTOTASK
from webapp.models.local_key import LocalKey
from webapp.services.autotask.api.client import Client, Record, condition
from webapp.services.autotask.connection import connection
from webapp.services.autotask.drift import compare as drift
from webapp.services.autotask.drift.compare import Difference, Remote
from webapp.services.autotask.known import links
from webapp.services.autotask.known.links import LinkKey
from webapp.services.autotask.known.observation import RemoteRecord
from webapp.services.autotask.push import prepare
from webapp.services.autotask.wanted import facts
from webapp.services.autotask.wanted.desired import Desired
from webapp.services.core.errors import Conflict, ServiceError
from webapp.services.core.runtime import Runtime

# Values of one ``in`` filter; far below Autotask's limit of 500, so that responses stay small.
AT_ONCE = 200
# Someone added it in Autotask, so nothing of ours goes with it.
ADDED_THERE = LocalKey("", "")
BUSY = "This quote is waiting to sync or syncing. Check again when the sync is done."
NEVER_PUSHED = "This quote was never synced to Autotask, so there's nothing to check."


@dataclass(frozen=True)
class _Case:
    """One quote, ready to be compared without the database."""

    quote_id: int
    desired: Desired
    linked: dict[LinkKey, RemoteRecord]
    opportunity_id: int | None
    remote_quote_id: int | None


def check_one(runtime: Runtime, quote: Quote) -> int:
    """Compare one quote now; returns how many findings are open.

    Raises Conflict while it is being pushed, ServiceError when it was never pushed or Autotask can't be reached.
    """
    if not is_linked(quote.id):
        raise ServiceError(NEVER_PUSHED)
    if _is_busy(quote.id):
        raise Conflict(BUSY)
    quote_id = quote.id
    check_many(runtime, [quote])
    db.session.expire_all()
    return open_count(quote_id)


def check_many(runtime: Runtime, quotes: Iterable[Quote]) -> None:
    """Compare quotes, with three calls for about 200 of them. Raises ServiceError, and stores it with each quote.

    Quotes with a waiting or running push are left out.
    """
    wanted = [quote for quote in quotes if quote.revisions and not _is_busy(quote.id)]
    ids = [quote.id for quote in wanted]
    started = utc_now()
    try:
        client = connection.open_client(runtime)
        known = facts.gather(runtime)
        cases = [
            _case(prepare.compile_revision(runtime, quote, quote.revisions[-1], known)) for quote in wanted
        ]
        # Commit first, so that no transaction is open during the calls.
        db.session.commit()
        remotes = _read(client, cases)
    except ServiceError as error:
        db.session.rollback()
        _failed(ids, str(error))
        raise
    for case in cases:
        _store(case, drift.compare(case.desired, case.linked, remotes[case.quote_id]), started)


def is_linked(quote_id: int) -> bool:
    """True when the quote is linked to a quote in Autotask."""
    link = links.find(LinkKey(local_key.quote(quote_id), "Quotes"))
    return link is not None


def open_count(quote_id: int) -> int:
    """How many findings of a quote are open."""
    query = db.select(db.func.count(DriftFinding.id)).filter_by(quote_id=quote_id, state=OPEN)
    return int(db.session.scalar(query) or 0)


def _is_busy(quote_id: int, since: datetime | None = None) -> bool:
    """True while a push waits or runs; with ``since``, also when a push ended after that."""
    query = db.select(Delivery.id).filter_by(reader=AUTOTASK, quote_id=quote_id)
    state = Delivery.state.in_(UNDER_WAY)
    query = query.where(db.or_(state, Delivery.updated_at >= since) if since else state)
    return db.session.scalar(query.limit(1)) is not None


def _case(desired: Desired) -> _Case:
    linked = {key: RemoteRecord.of(link) for key, link in links.of_desired(desired).items()}
    opportunity = linked.get(links.key_of(desired.opportunity))
    quote = linked.get(links.key_of(desired.quote))
    return _Case(
        desired.quote_id,
        desired,
        linked,
        opportunity.remote_id if opportunity else None,
        quote.remote_id if quote else None,
    )


def _read(client: Client, cases: list[_Case]) -> dict[int, Remote]:
    opportunities = _by_id(client, "Opportunities", [case.opportunity_id for case in cases])
    quotes = _by_id(client, "Quotes", [case.remote_quote_id for case in cases])
    items: dict[int, list[Record]] = {}
    for chunk in _chunks(sorted(quotes)):
        for row in client.query("QuoteItems", [condition("in", "quoteID", chunk)]):
            items.setdefault(int(row["quoteID"]), []).append(row)
    return {
        case.quote_id: Remote(
            opportunities.get(case.opportunity_id or -1),
            quotes.get(case.remote_quote_id or -1),
            items.get(case.remote_quote_id or -1, []),
        )
        for case in cases
    }


def _by_id(client: Client, entity: str, ids: list[int | None]) -> dict[int, Record]:
    found = {}
    for chunk in _chunks(sorted({number for number in ids if number is not None})):
        for row in client.query(entity, [condition("in", "id", chunk)]):
            found[int(row["id"])] = row
    return found


def _chunks(ids: list[int]) -> list[list[int]]:
    return [ids[place : place + AT_ONCE] for place in range(0, len(ids), AT_ONCE)]


def _store(case: _Case, differences: list[Difference], started: datetime) -> None:
    """Update the quote's findings, unless it was pushed in the meantime."""
    if _is_busy(case.quote_id, since=started):
        db.session.commit()
        return
    query = db.select(DriftFinding).filter_by(quote_id=case.quote_id)
    old = {
        (finding.remote_entity, finding.remote_id, finding.field): finding
        for finding in db.session.scalars(query)
    }
    for difference in differences:
        key = (difference.entity, difference.remote_id, difference.field)
        finding = old.pop(key, None)
        if finding is None:
            finding = DriftFinding(
                quote_id=case.quote_id, remote_entity=key[0], remote_id=key[1], field=key[2]
            )
            db.session.add(finding)
        _update(finding, difference)
    for resolved in old.values():
        db.session.delete(resolved)
    record = _record(case.quote_id)
    record.tried_at = record.checked_at = utc_now()
    record.sentence = ""
    db.session.commit()


def _update(finding: DriftFinding, difference: Difference) -> None:
    """Store the current values. An accepted finding stays accepted while both sides keep their values."""
    before = (finding.kind, finding.ours, finding.theirs)
    unchanged = before == (difference.kind, difference.ours, difference.theirs)
    if finding.state == OURS or (finding.state == THEIRS and not unchanged):
        # It still differs although it was pushed again, or it has changed since it was accepted.
        finding.state, finding.decided_at, finding.decided_by_id = OPEN, None, None
        finding.found_at = utc_now()
    finding.kind, finding.title = difference.kind, difference.title[:300]
    finding.local = difference.local or ADDED_THERE
    finding.base, finding.ours, finding.theirs = difference.base, difference.ours, difference.theirs


def _failed(ids: list[int], sentence: str) -> None:
    for quote_id in ids:
        record = _record(quote_id)
        record.tried_at, record.sentence = utc_now(), sentence
    db.session.commit()


def _record(quote_id: int) -> DriftCheck:
    record = db.session.get(DriftCheck, quote_id)
    if record is None:
        record = DriftCheck(quote_id=quote_id)
        db.session.add(record)
    return record
