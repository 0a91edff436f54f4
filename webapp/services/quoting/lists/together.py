"""One command on several quotes: each is a unit of work of its own, and what came of it is said by quote."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from webapp.models import User
from webapp.models.quote import ACCEPTED, FULFILLED, LOST, ORDERED, PENDING
from webapp.services.accounts import handing_over, permissions
from webapp.services.accounts.permissions import Permission
from webapp.services.core.errors import Invalid, ServiceError
from webapp.services.core.fields import Reader
from webapp.services.quoting.draft import editing
from webapp.services.quoting.lifecycle import transitions
from webapp.services.quoting.lists import listing
from webapp.services.quoting.lists.listing import View

MOST = 500
GONE = "a quote that was deleted"
# Marking it as lost can't be undone.
SIGNED = (ACCEPTED, ORDERED, FULFILLED)


@dataclass(frozen=True)
class Outcome:
    """What came of one quote. ``quote_id``: None where it can't be opened any more."""

    quote_id: int | None
    name: str
    sentence: str
    is_done: bool


# What is done with the quote of this id; returns a sentence.
Doing = Callable[[int], str]


def do(actor: User, quote_ids: Iterable[int], what: str, values: Mapping[str, object]) -> list[Outcome]:
    """Hand these quotes over, mark them as lost, reopen them or delete the drafts among them, one after the other.

    Raises Invalid with a sentence where no quote was selected, or nothing that can be done.
    """
    chosen = list(dict.fromkeys(quote_ids))
    if not chosen:
        raise Invalid("Select the quotes first. Nothing was changed.")
    if len(chosen) > MOST:
        raise Invalid(
            f"Select up to {MOST} quotes at a time. Nothing was changed. Narrow the view with its filters."
        )
    if what not in DOINGS:
        raise Invalid("Choose what to do with the quotes. Nothing was changed.")
    doing = DOINGS[what](actor, values)
    return [_one(actor, quote_id, doing) for quote_id in chosen]


def of_view(actor: User, view: View, count: int) -> list[int]:
    """The ids of all quotes of a view, as it was shown to ``actor`` with ``count`` of them.

    Raises Invalid with a sentence where there are more or fewer by now: some of them nobody has seen.
    """
    found = listing.ids(actor, view)
    if len(found) != count:
        now = "1 quote" if len(found) == 1 else f"{len(found)} quotes"
        raise Invalid(
            f"This view has {now} now, and had {count}. Nothing was changed. Look at the list, and select again."
        )
    return found


def _one(actor: User, quote_id: int, doing: Doing) -> Outcome:
    name, seen = GONE, None
    try:
        quote = editing.get(quote_id)
        permissions.require(actor, Permission.SEE, quote)
        name, seen = (f"{quote.number}: {quote.title}" if quote.number else quote.title), quote_id
        permissions.require(actor, Permission.CHANGE, quote)
        sentence = doing(quote_id)
    except ServiceError as error:
        reasons = error.fields.values() if isinstance(error, Invalid) else ()
        return Outcome(seen, name, " ".join(reasons) or str(error), is_done=False)
    return Outcome(seen if sentence != DELETED else None, name, sentence, is_done=True)


DELETED = "Draft deleted."


def _hand_over(actor: User, values: Mapping[str, object]) -> Doing:
    successor_id = Reader(values).identifier("successor_id")

    def one(quote_id: int) -> str:
        return f"{handing_over.give_one(actor, quote_id, successor_id).name} has it now."

    return one


def _lose(actor: User, values: Mapping[str, object]) -> Doing:
    reason, listed = Reader(values).raw("reason"), values.get("loss_reason")

    def one(quote_id: int) -> str:
        if (status := editing.get(quote_id).status) in SIGNED:
            raise Invalid(
                f"It's {status}, so it wasn't marked as lost with the others. If it's lost all the same, open it and "
                "mark it there."
            )
        transitions.advance(actor, quote_id, LOST, reason=reason, loss_reason_id=listed, before=status)
        return "Marked as lost."

    return one


def _reopen(actor: User, _values: Mapping[str, object]) -> Doing:
    def one(quote_id: int) -> str:
        transitions.advance(actor, quote_id, PENDING)
        return "Reopened."

    return one


def _delete(actor: User, _values: Mapping[str, object]) -> Doing:
    permissions.require(actor, Permission.DELETE)

    def one(quote_id: int) -> str:
        editing.delete_draft(actor, quote_id)
        return DELETED

    return one


DOINGS: dict[str, Callable[[User, Mapping[str, object]], Doing]] = {
    "hand_over": _hand_over,
    "lost": _lose,
    "reopen": _reopen,
    "delete": _delete,
}
