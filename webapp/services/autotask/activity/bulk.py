"""Bulk pushes: choosing quotes, previewing their changes, starting the batch.

Owns its transactions: a dry run asks Autotask, with none open.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from webapp.models import Delivery, PushBatch, PushRun, Quote, User, db, utc_now
from webapp.models.delivery import UNDER_WAY
from webapp.services.autotask.activity import repush, states
from webapp.services.autotask.activity.runs import digest
from webapp.services.autotask.preview import plan_only
from webapp.services.autotask.push import gate, prepare, processing
from webapp.services.autotask.push.plan import CREATE, DELETE, KEEP, UPDATE
from webapp.services.autotask.settings import store as settings_store
from webapp.services.core import lookup, records, work
from webapp.services.core.errors import Invalid, ServiceError
from webapp.services.core.fields import parse_id, words
from webapp.services.core.runtime import Runtime
from webapp.services.delivery import room
from webapp.services.diary import diary

MOST = 100
MOST_FAILURES = 50
SHOWN = 100


@dataclass(frozen=True)
class Candidate:
    """A quote that can be chosen, with the status of its newest push."""

    quote: Quote
    status: str


@dataclass(frozen=True)
class DryRun:
    """What a push of one quote would do. ``obstacles``: why it would stop before writing anything."""

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
    """A batch with the status of each of its pushes. ``mark`` changes with anything that the page shows."""

    batch: PushBatch
    rows: list[tuple[Delivery, str]]
    counts: dict[str, int]
    mark: str

    @property
    def moves(self) -> bool:
        """True while one of its pushes waits or runs."""
        return any(entry.state in UNDER_WAY for entry, _ in self.rows)


def candidates(text: str = "", status: str = "", owner_id: int | None = None) -> list[Candidate]:
    """Published quotes, newest first, at most ``SHOWN``. ``status``: a key of ``states.BADGES``."""
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
        title = lookup.has_word(word, Quote.search_key)
        query = query.where(db.or_(title, Quote.number == number) if number else title)
    result: list[Candidate] = []
    # The status is computed, so quotes are read page by page until enough of them have the wanted status.
    for offset in range(0, SHOWN * 50, SHOWN):
        quotes = list(db.session.scalars(query.limit(SHOWN).offset(offset)))
        known = states.of_quotes([quote.id for quote in quotes])
        rows = [Candidate(quote, known.get(quote.id, states.NEVER)) for quote in quotes]
        result += [row for row in rows if not status or row.status == status]
        if len(quotes) < SHOWN or len(result) >= SHOWN:
            break
    return result[:SHOWN]


def chosen(quote_ids: Iterable[int]) -> list[Quote]:
    """The published quotes of a selection, newest first. Raises Invalid for none that is left, or too many."""
    ids = set(quote_ids)
    if not ids:
        raise Invalid("Choose at least one quote.")
    if len(ids) > MOST:
        raise Invalid(f"You chose {len(ids)} quotes. Sync at most {MOST} at a time.")
    query = (
        db.select(Quote)
        .where(Quote.id.in_(ids), Quote.number.is_not(None))
        .options(db.joinedload(Quote.organization), db.joinedload(Quote.person))
        .order_by(Quote.number.desc())
    )
    quotes = list(db.session.scalars(query))
    if not quotes:
        raise Invalid("These quotes no longer exist, or were never published.")
    return quotes


def dry_run(runtime: Runtime, quote: Quote) -> DryRun:
    """What pushing the newest revision would do. Autotask is only read."""
    revision = quote.current_revision
    if revision is None:
        return DryRun(obstacles=["This quote was never published."])
    if not settings_store.active().version:
        return DryRun(obstacles=[plan_only.NOT_ACTIVE.sentence])
    try:
        plan = plan_only.of_desired(runtime, prepare.compile_revision(runtime, quote, revision))
    except ServiceError as error:
        db.session.rollback()
        return DryRun(obstacles=[f"This quote couldn't be compared with Autotask. {error}"])
    counts = Counter(step.action for step in plan.steps)
    obstacles = [problem.sentence for problem in plan.problems]
    obstacles += [question.sentence for question in plan.questions]
    return DryRun(counts[CREATE], counts[UPDATE], counts[DELETE], counts[KEEP], obstacles)


@work.command
def start(actor: User, quote_ids: Iterable[int], stop_after: int) -> PushBatch:
    """Record a push for each chosen quote without a waiting or running push.

    Raises Invalid, and records nothing then.
    """
    if not 1 <= stop_after <= MOST_FAILURES:
        sentence = f"Enter a whole number between 1 and {MOST_FAILURES}."
        raise Invalid("The bulk sync wasn't started.", {"stop_after": sentence})
    quotes = [quote for quote in chosen(quote_ids) if not repush.is_coming(quote.id)]
    if not quotes:
        raise Invalid("All of these quotes are already waiting to sync, so nothing was added.")
    batch = PushBatch(created_by=actor, stop_after=stop_after)
    db.session.add(batch)
    for quote in quotes:
        if quote.current_revision is not None:
            room.add(processing.delivery(quote, quote.current_revision, "batch"), batch)
    db.session.flush()
    diary.write(actor, "push.batch", "push_batch", batch.id, quotes=len(quotes), stop_after=stop_after)
    return batch


def progress(batch_id: int) -> Progress:
    """The progress of a batch. Raises NotFound."""
    batch = records.get(PushBatch, batch_id, "There's no such bulk sync.")
    last_run = (
        db.select(db.func.max(PushRun.id))
        .where(PushRun.quote_id == Delivery.quote_id, PushRun.delivery_id == Delivery.id)
        .correlate(Delivery)
        .scalar_subquery()
    )
    query = (
        db.select(Delivery, PushRun)
        .outerjoin(PushRun, PushRun.id == last_run)
        .where(Delivery.batch_id == batch.id)
        .options(db.joinedload(Delivery.quote))
        .order_by(Delivery.id)
    )
    blocker, now = gate.current(), utc_now()
    rows = [
        (entry, states.status_of(entry, run, blocker, now)) for entry, run in db.session.execute(query).all()
    ]
    counts = dict(Counter(status for _, status in rows))
    seen = [f"{entry.id}{status}" for entry, status in rows]
    return Progress(batch, rows, counts, digest([batch.state, *seen]))


def batches(limit: int = 10) -> list[PushBatch]:
    """The newest batches, newest first."""
    query = db.select(PushBatch).options(db.joinedload(PushBatch.created_by))
    return list(db.session.scalars(query.order_by(PushBatch.id.desc()).limit(limit)))
