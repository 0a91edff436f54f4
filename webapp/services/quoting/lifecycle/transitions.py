"""The status of a published quote: which transitions are allowed, and how a rep makes them."""

from __future__ import annotations

from webapp.models import Person, Quote, Revision, User, utc_now
from webapp.models.quote import ACCEPTED, FULFILLED, LOST, ORDERED, PENDING
from webapp.services.company import loss_reasons
from webapp.services.company.loss_reasons import LossReason
from webapp.services.core import records, work
from webapp.services.core.errors import Conflict, Invalid
from webapp.services.diary import diary
from webapp.services.quoting.draft.editing import lock
from webapp.services.quoting.lifecycle import rounds
from webapp.services.quoting.revisions import freezing

# The statuses that can follow each status. A lost quote can be reopened only if it was never accepted.
TRANSITIONS: dict[str, tuple[str, ...]] = {
    PENDING: (ACCEPTED, LOST),
    ACCEPTED: (ORDERED, FULFILLED, LOST),
    ORDERED: (FULFILLED, LOST),
    FULFILLED: (),
    LOST: (PENDING,),
}
MAX_REASON = 500


class NotPublished(Invalid):
    """The quote was never published."""


class TransitionRefused(Invalid):
    """The requested status can't follow the current one."""


class ReasonMissing(Invalid):
    """A lost quote needs a reason."""


def possible(quote: Quote) -> tuple[str, ...]:
    """The statuses that can follow now."""
    if quote.number is None:
        return ()
    if quote.status == LOST and (quote.acceptance is not None or _is_for_no_one(quote)):
        return ()
    return TRANSITIONS[quote.status]


def _is_for_no_one(quote: Quote) -> bool:
    """Whether the contact of the quote, or of its live revision, was made anonymous."""
    live = freezing.live(quote)
    frozen = records.find(Person, live.person.id) if live and live.person else None
    return any(one is not None and one.anonymized_at is not None for one in (quote.person, frozen))


@work.command
def advance(
    actor: User,
    quote_id: int,
    status: str,
    *,
    reason: str = "",
    loss_reason_id: object = None,
    before: str | None = None,
) -> Quote:
    """Set the status for the rep: ordered, fulfilled, lost (with a reason) or, from lost, pending again.

    ``loss_reason_id``: one of the loss reasons in the settings, together with ``reason`` (free text) or without it.
    ``before``: the status that was on the rep's screen. An acceptance goes through ``acceptance.record_for_customer``.
    Raises NotPublished, TransitionRefused, ReasonMissing, or Conflict where the quote has another status by now, each
    with a sentence.
    """
    quote = lock(quote_id)
    if before is not None and before != quote.status:
        raise Conflict(
            f"This quote is {quote.status} now, which your screen didn't show yet, so nothing was changed. Look at it, "
            "then choose again."
        )
    reason = reason.strip()
    if status == ACCEPTED:
        raise TransitionRefused(
            "An acceptance needs the name of the person who accepted. Nothing was changed."
        )
    chosen = loss_reasons.find(loss_reason_id)
    if status == LOST and not reason and chosen is None:
        raise ReasonMissing(
            "Nothing was changed.", {"reason": "Choose a reason, or enter why the quote was lost."}
        )
    if len(reason) > MAX_REASON:
        raise ReasonMissing("Nothing was changed.", {"reason": f"Use up to {MAX_REASON} characters."})
    apply(quote, status, actor=actor, reason=reason, chosen=chosen)
    return quote


def apply(
    quote: Quote,
    status: str,
    *,
    actor: User | None,
    reason: str = "",
    chosen: LossReason | None = None,
    label: str = "",
    through: int | None = None,
) -> Revision:
    """Make the transition, in the open transaction; returns the live revision.

    ``reason`` and ``chosen`` say why a quote is lost; other statuses ignore them.
    ``label``: the customer's name when the customer answered online; ``through``: the id of their colleague's link.
    """
    revision = quote.current_revision
    if revision is None:
        raise NotPublished("This quote hasn't been published. Publish it, or delete the draft.")
    if quote.status == LOST and status == PENDING and _is_for_no_one(quote):
        raise TransitionRefused(
            "The contact of this quote was made anonymous, so it can't be reopened. Nothing was changed. Copy it to a "
            "new quote for another customer."
        )
    if status not in possible(quote):
        raise TransitionRefused(f"A quote that is {quote.status} can't become {status}. Nothing was changed.")
    before = quote.status
    quote.status = status
    quote.status_changed_at = utc_now()
    if status == PENDING:
        rounds.begin(quote)
    lost_reason = loss_reasons.as_text(chosen, reason) if status == LOST else ""
    quote.lost_reason = lost_reason
    quote.loss_reason_id = chosen.id if chosen and status == LOST else None
    diary.write(
        actor,
        f"quote.{status}",
        "quote",
        quote.id,
        label=label,
        before=before,
        reason=lost_reason,
        revision=revision.number,
        **({"through": through} if through else {}),
    )
    return revision
