"""The questions that a push asked because several records fit, and what people answered."""

from __future__ import annotations

from collections.abc import Mapping

from webapp.models import PushQuestion, Quote, User, db
from webapp.models.push import PARKED
from webapp.services.autotask.activity.repush import newest_entry
from webapp.services.autotask.push import outbox
from webapp.services.core import audit, records
from webapp.services.core.errors import Conflict, Invalid

NONE_OF_THEM = 0
UNANSWERED = "Pick one of these, or “Create a new one”."
GONE = (
    "This was answered meanwhile, or the push asks something else now. Your pick was not stored over it; "
    "look at what is asked below."
)


def open_questions(quote_id: int) -> list[PushQuestion]:
    """What the quote's push waits to be told, in the order in which it asked."""
    query = db.select(PushQuestion).filter_by(quote_id=quote_id, chosen_id=None).order_by(PushQuestion.id)
    return list(db.session.scalars(query))


def answer(actor: User, quote_id: int, picks: Mapping[int, int]) -> list[Quote]:
    """Remember what was picked, by question (0: none of them, make a new one), and record the pushes that can go on.

    An answer counts for every quote that asked the same. Returns the quotes whose push goes on; the caller nudges.
    Raises Invalid with a sentence by ``str(question.id)``, Conflict when something else is asked now.
    """
    questions = [one for one in _locked() if one.quote_id == quote_id]
    if not questions or set(picks) - {question.id for question in questions}:
        raise Conflict(GONE)
    wrong = {str(one.id): UNANSWERED for one in questions if picks.get(one.id) not in _allowed(one)}
    if wrong:
        raise Invalid("Not every question has an answer yet, so nothing was stored.", wrong)
    waiting = {quote_id}
    for question in questions:
        waiting |= _settle(actor, question, picks[question.id])
    db.session.flush()
    going_on = [quote for quote in map(_unblocked, sorted(waiting)) if quote is not None]
    for quote in going_on:
        if quote.current_revision is not None:
            outbox.record(quote, quote.current_revision, "answered")
    db.session.commit()
    return going_on


def _locked() -> list[PushQuestion]:
    """Every open question, so that of two people who answer at the same time the second learns of the first.

    All in one order, since an answer may settle those of other quotes too.
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
    for one in same:
        one.chosen_id, one.answered_by_id = chosen, actor.id
    audit.record(
        actor,
        "push.answered",
        "quote",
        question.quote_id,
        entity=question.remote_entity,
        record=question.local_id,
        chosen=chosen,
    )
    return {one.quote_id for one in same}


def _unblocked(quote_id: int) -> Quote | None:
    """The quote, when its push stopped and nothing more is asked of it."""
    entry = newest_entry(quote_id)
    if entry is None or entry.state != PARKED or open_questions(quote_id):
        return None
    return records.find(Quote, quote_id)
