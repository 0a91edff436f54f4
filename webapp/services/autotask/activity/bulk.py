"""Pushing many quotes again: choosing them, what it would do, and setting it off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from webapp.models import OutboxEntry, PushBatch, PushRun, Quote, User, db, utc_now
from webapp.models.push import RUNNING, WAITING
from webapp.services.autotask.activity import repush, states
from webapp.services.autotask.activity.runs import digest
from webapp.services.autotask.preview import plan_only
from webapp.services.autotask.push import gate, outbox, prepare
from webapp.services.autotask.push.plan import CREATE, DELETE, KEEP, UPDATE
from webapp.services.autotask.settings import store as settings_store
from webapp.services.core import audit, records
from webapp.services.core.errors import Invalid, NotFound, ServiceError
from webapp.services.core.fields import parse_id, words
from webapp.services.core.runtime import Runtime

MOST = 100
MOST_FAILURES = 50
SHOWN = 100


@dataclass(frozen=True)
class Candidate:
    """A quote that may be chosen, and where its newest push stands."""

    quote: Quote
    status: str


@dataclass(frozen=True)
class DryRun:
    """What a push of one quote would do. ``obstacles``: why it would stop before it wrote anything."""

    create: int = 0
    change: int = 0
    remove: int = 0
    same: int = 0
    obstacles: list[str] = field(default_factory=list)

    @property
    def writes(self) -> int:
        """How many steps would write."""
        return self.create + self.change + self.remove


@dataclass(frozen=True)
class Progress:
    """A batch with the state of each of its pushes. ``mark`` changes whenever something to be seen does."""

    batch: PushBatch
    rows: list[tuple[OutboxEntry, str]]
    counts: dict[str, int]
    mark: str

    @property
    def moves(self) -> bool:
        """True while a push of it is still to come or under way."""
        return any(entry.state in (WAITING, RUNNING) for entry, _ in self.rows)


def candidates(text: str = "", status: str = "", owner_id: int | None = None) -> list[Candidate]:
    """Published quotes, the newest first; at most ``SHOWN``. ``status``: a key of ``states.LABELS``."""
    query = (
        db.select(Quote)
        .where(Quote.number.is_not(None))
        .options(db.joinedload(Quote.organization), db.joinedload(Quote.person), db.joinedload(Quote.owner))
        .order_by(Quote.number.desc())
    )
    if owner_id is not None:
        query = query.where(Quote.owner_id == owner_id)
    for word in words(text):
        number = parse_id(word.lstrip("#"))
        title = Quote.title.icontains(word, autoescape=True)
        query = query.where(db.or_(title, Quote.number == number) if number else title)
    found: list[Candidate] = []
    # The status is computed, so the quotes are read in stretches until enough of them have the wanted one.
    for offset in range(0, SHOWN * 50, SHOWN):
        quotes = list(db.session.scalars(query.limit(SHOWN).offset(offset)))
        known = states.of_quotes([quote.id for quote in quotes])
        rows = [Candidate(quote, known.get(quote.id, states.NEVER)) for quote in quotes]
        found += [row for row in rows if not status or row.status == status]
        if len(quotes) < SHOWN or len(found) >= SHOWN:
            break
    return found[:SHOWN]


def chosen(quote_ids: Iterable[int]) -> list[Quote]:
    """The published quotes of a selection, the newest first. Raises Invalid for none or too many."""
    ids = set(quote_ids)
    if not ids:
        raise Invalid("No quote was chosen. Tick at least one.")
    if len(ids) > MOST:
        raise Invalid(f"{len(ids)} quotes were chosen. Push at most {MOST} together.")
    query = (
        db.select(Quote)
        .where(Quote.id.in_(ids), Quote.number.is_not(None))
        .options(db.joinedload(Quote.organization), db.joinedload(Quote.person))
        .order_by(Quote.number.desc())
    )
    found = list(db.session.scalars(query))
    if not found:
        raise NotFound("None of these quotes is there any more, or none was ever published.")
    return found


def dry_run(runtime: Runtime, quote: Quote) -> DryRun:
    """What pushing the newest revision would do. Autotask is only read."""
    revision = quote.current_revision
    if revision is None:
        return DryRun(obstacles=["It was never published."])
    if not settings_store.active().version:
        return DryRun(obstacles=[plan_only.NOT_ACTIVE.sentence])
    try:
        plan = plan_only.of_desired(runtime, prepare.compile_revision(runtime, quote, revision))
    except ServiceError as error:
        db.session.rollback()
        return DryRun(obstacles=[f"It could not be compared with Autotask. {error}"])
    counts = Counter(step.action for step in plan.steps)
    obstacles = [problem.sentence for problem in plan.problems]
    obstacles += [question.sentence for question in plan.questions]
    return DryRun(counts[CREATE], counts[UPDATE], counts[DELETE], counts[KEEP], obstacles)


def begin(actor: User, quote_ids: Iterable[int], stop_after: int) -> PushBatch:
    """Record a push of each chosen quote, but for those whose push is on its way already. The caller nudges.

    Raises Invalid or NotFound; nothing was recorded then.
    """
    if not 1 <= stop_after <= MOST_FAILURES:
        sentence = f"Enter a whole number from 1 to {MOST_FAILURES}."
        raise Invalid("The batch was not begun.", {"stop_after": sentence})
    quotes = [quote for quote in chosen(quote_ids) if not repush.is_coming(quote.id)]
    if not quotes:
        raise Invalid("Each of these quotes is about to be pushed already, so nothing was added.")
    batch = PushBatch(created_by=actor, stop_after=stop_after)
    db.session.add(batch)
    for quote in quotes:
        if quote.current_revision is not None:
            outbox.record(quote, quote.current_revision, "batch").batch = batch
    db.session.flush()
    audit.record(actor, "push.batch", "push_batch", batch.id, quotes=len(quotes), stop_after=stop_after)
    db.session.commit()
    return batch


def progress(batch_id: int) -> Progress:
    """How far a batch is. Raises NotFound."""
    batch = records.get(PushBatch, batch_id, "There is no such batch.")
    last_run = (
        db.select(db.func.max(PushRun.id))
        .where(PushRun.quote_id == OutboxEntry.quote_id, PushRun.outbox_entry_id == OutboxEntry.id)
        .correlate(OutboxEntry)
        .scalar_subquery()
    )
    query = (
        db.select(OutboxEntry, PushRun)
        .outerjoin(PushRun, PushRun.id == last_run)
        .where(OutboxEntry.batch_id == batch.id)
        .options(db.joinedload(OutboxEntry.quote))
        .order_by(OutboxEntry.id)
    )
    found = db.session.execute(query).all()
    hold, now = gate.current(), utc_now()
    rows = [(entry, states.status_of(entry, run, hold, now)) for entry, run in found]
    counts = dict(Counter(status for _, status in rows))
    seen = [f"{entry.id}{status}" for entry, status in rows]
    return Progress(batch, rows, counts, digest([batch.state, *seen]))


def batches(limit: int = 10) -> list[PushBatch]:
    """The newest batches."""
    query = db.select(PushBatch).options(db.joinedload(PushBatch.created_by))
    return list(db.session.scalars(query.order_by(PushBatch.id.desc()).limit(limit)))
