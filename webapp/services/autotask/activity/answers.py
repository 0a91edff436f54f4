"""The questions of pushes that matched several records, and people's answers."""

from __future__ import annotations

from collections.abc import Mapping

from webapp.models import PushQuestion, Quote, User, db
from webapp.models.delivery import DeliveryState
from webapp.services.autotask.activity.repush import newest_entry
from webapp.services.autotask.push import processing
from webapp.services.core import records, work
from webapp.services.core.errors import Conflict, Invalid
from webapp.services.delivery import room
from webapp.services.diary import diary

NONE_OF_THEM = 0
UNANSWERED = "Choose a record, or create a new one."
GONE = (
    "Someone already answered this question, or the sync has a different question now. Your answer wasn't saved. "
    "Review the questions below."
)


def open_questions(quote_id: int) -> list[PushQuestion]:
    """The quote's open questions, in the order in which the push asked them."""
    query = db.select(PushQuestion).filter_by(quote_id=quote_id, chosen_id=None).order_by(PushQuestion.id)
    return list(db.session.scalars(query))


@work.command
def answer(actor: User, quote_id: int, picks: Mapping[int, int]) -> list[Quote]:
    """Store the picks by question (0: none of them, create a new record), and record the pushes that can resume.

    An answer applies to every quote with the same question. Returns the quotes whose push resumes.
    Raises Invalid with sentences by ``str(question.id)``, Conflict when the questions have changed.
    """
    questions = [question for question in _locked() if question.quote_id == quote_id]
    if not questions or set(picks) - {question.id for question in questions}:
        raise Conflict(GONE)
    errors = {
        str(question.id): UNANSWERED
        for question in questions
        if picks.get(question.id) not in _allowed(question)
    }
    if errors:
        raise Invalid("Answer every question. Nothing was saved yet.", errors)
    waiting = {quote_id}
    for question in questions:
        waiting |= _settle(actor, question, picks[question.id])
    db.session.flush()
    resumed = [quote for quote in map(_unblocked, sorted(waiting)) if quote is not None]
    for quote in resumed:
        if quote.current_revision is not None:
            room.add(processing.delivery(quote, quote.current_revision, "answered"))
    return resumed


def _locked() -> list[PushQuestion]:
    """Every open question, locked, so that two people can't answer the same question at once.

    Always in the same order, since an answer may settle questions of other quotes too.
    """
    query = db.select(PushQuestion).filter_by(chosen_id=None).order_by(PushQuestion.id).with_for_update()
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def _allowed(question: PushQuestion) -> set[int]:
    return {NONE_OF_THEM, *(int(candidate["id"]) for candidate in question.candidates)}


def _settle(actor: User, question: PushQuestion, chosen: int) -> set[int]:
    """Answer the question wherever it is open; returns the ids of the quotes that asked it."""
    same = db.session.scalars(
        db.select(PushQuestion).filter_by(
            local_type=question.local_type,
            local_id=question.local_id,
            remote_entity=question.remote_entity,
            chosen_id=None,
        )
    ).all()
    for asked in same:
        asked.chosen_id, asked.answered_by_id = chosen, actor.id
    diary.write(
        actor,
        "push.answered",
        "quote",
        question.quote_id,
        entity=question.remote_entity,
        record=question.local_id,
        chosen=chosen,
    )
    return {asked.quote_id for asked in same}


def _unblocked(quote_id: int) -> Quote | None:
    """The quote, if its push stopped and has no open questions left."""
    entry = newest_entry(quote_id)
    if entry is None or entry.state != DeliveryState.PARKED or open_questions(quote_id):
        return None
    return records.find(Quote, quote_id)
