"""Histories of one quote, drawn from a seed: what people do to it, and what happens to its pushes in between.

Publish, kill, publish again, rename, change a line's kind, the next day, two faults in a row, a sweep in between. In
the end Autotask must hold what an undisturbed push writes (``undisturbed.py``).
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tests.push import troubles, undisturbed
from tests.support.connected_desk import Desk, line, newest_entry, newest_run
from webapp.models import PushRun, Quote, QuoteLine, db
from webapp.models.push import RunState
from webapp.models.quote import LOST, PENDING
from webapp.services.autotask.push import processing
from webapp.services.core import failpoints
from webapp.services.delivery import attempt, room
from webapp.services.quoting.answer import acceptance
from webapp.services.quoting.lifecycle import transitions

# Where an answer is lost most harmfully comes first.
CREATED = {
    "Opportunities": 4, "QuoteItems": 4, "Quotes": 2, "Companies": 1, "Contacts": 1, "Products": 1, "Services": 1,
    "QuoteLocations": 1, "OpportunityAttachments": 1,
}  # fmt: skip
# Each of these loses the answer of a call that took effect.
LOSING = ("cut_after_commit", "timeout_after_commit", "truncated")
PUSH_POINTS = [point for point in failpoints.POINTS if not point.startswith("sweep")]


class History:
    """One quote. ``told``: what happened, for whoever reads a failure."""

    def __init__(self, desk: Desk, seed: int, number: int) -> None:
        self.desk = desk
        self.number = number
        self.runtime = replace(desk.runtime, pause=self.wait)
        self.chance = random.Random(f"{seed}/{number}")  # noqa: S311  no secret
        self.told: list[str] = []
        # Trouble seldom comes once: most of it strikes the same endpoint.
        self.sore = self._entity()
        mark = uuid.uuid4().hex[:10]
        lines: list[dict[str, Any]] = [
            {"name": f"{undisturbed.ANCHOR} {mark}"},
            {"name": f"Care {mark}", "recurrence": "monthly", "unit_price": 50},
            {"name": f"Box {mark}", "unit_price": 20, "quantity": 3},
        ]
        self.case = undisturbed.new_case(desk, mark, lines, title=f"Office {mark}", comments="Some words")
        desk.tenant.change(dialect={"unexpectedError": self.chance.choice(("short", "long"))})
        desk.tenant.forget_calls()

    @property
    def quote(self) -> Quote:
        """The row."""
        return self.case.quote

    def play(self) -> None:
        """Some chapters, and then peace. Raises AssertionError with the whole story."""
        try:
            for _ in range(self.chance.randint(2, 5)):
                self.chapter()
            self.peace()
        except Exception as error:
            raise AssertionError("\n  ".join([f"{type(error).__name__}: {error}", *self.told])) from error

    def chapter(self) -> None:
        """People change the quote and publish, it may end or go on, and something happens to its push."""
        if self.edit() and self.chance.random() < 0.5:
            self.trouble()
        self.end()
        self.trouble()

    def edit(self) -> bool:
        """People change an open quote and publish, or reopen a lost one; True when it was published."""
        if self.quote.status == LOST and self.chance.random() < 0.7:
            self.tell(History.reopen)
        elif self.quote.status == PENDING:
            edits = EDITS if self.is_there() else RENAMES
            for edit in self.chance.choices(edits, k=self.chance.randint(0, 2)):
                self.tell(edit)
            self.publish()
            return True
        return False

    def end(self) -> None:
        """A published quote may be lost or accepted."""
        if self.quote.status == PENDING and self.chance.random() < 0.3:
            self.tell(self.chance.choice((History.lose, History.lose, History.accept)))

    def trouble(self) -> None:
        """One trouble, or none, and then maybe the next push, a sweep, or time that passes."""
        weights = LATER if self.is_there() else AT_FIRST
        self.tell(self.chance.choices(list(weights), list(weights.values()))[0])
        self.tell(self.chance.choice(AFTERWARDS))

    def is_there(self) -> bool:
        """True when a push of the quote was complete."""
        query = db.select(PushRun.id).filter_by(quote_id=self.case.quote_id, state=RunState.SYNCED)
        return db.session.scalar(query.limit(1)) is not None

    def tell(self, act: Callable[[History], object]) -> None:
        """Do it and note it."""
        done = act(self)
        self.told.append(act.__name__.replace("_", " ") + (f": {done}" if done else ""))

    # What people do -----------------------------------------------------------------------------------------

    def publish(self) -> None:
        """Publish; the anchor's price names the revision."""
        quote = self.quote
        number = len(quote.revisions) + 1
        undisturbed.name_the_revision(quote.lines, number)
        db.session.commit()
        db.session.expire_all()
        undisturbed.publish(self.desk, self.case, self.case.days)
        self.told.append(f"publish revision {number}")

    def rename_the_quote(self) -> str:
        quote = self.quote
        quote.title = f"Office {self.case.mark} {self._word()}"
        quote.comments = f"Words {self._word()}"
        return quote.title

    def rename_a_line(self) -> None:
        one = self._line()
        kind = undisturbed.ANCHOR if one.name.startswith(undisturbed.ANCHOR) else "Thing"
        one.name = f"{kind} {self.case.mark} {self._word()}"

    def change_the_kind_of_a_line(self) -> str:
        one = self._line()
        one.recurrence = "monthly" if one.recurrence == "one_time" else "one_time"
        return f"{one.name} is {one.recurrence}"

    def add_a_line(self) -> None:
        quote, price = self.quote, Decimal(self.chance.randint(1, 900))
        name = f"Extra {self.case.mark} {self._word()}"
        tax = self.desk.tax.id if self.chance.random() < 0.5 else None
        quote.lines.append(line(name=name, position=len(quote.lines) + 1, unit_price=price, tax_code_id=tax))

    def remove_a_line(self) -> None:
        quote = self.quote
        if len(quote.lines) > 2:
            quote.lines.remove(next(one for one in reversed(quote.lines) if not _is_anchor(one.name)))

    def turn_the_lines_around(self) -> None:
        for position, one in enumerate(reversed(list(self.quote.lines)), start=1):
            one.position = position

    def fill_the_header(self) -> None:
        self.quote.comments, self.quote.purchase_order_number = "Many words", "PO 17"

    def empty_the_header(self) -> None:
        self.quote.comments, self.quote.purchase_order_number = "", ""

    def forget_the_contact(self) -> None:
        self.quote.person = None

    def next_day(self) -> None:
        self.case = replace(self.case, days=self.case.days + 1)

    def accept(self) -> None:
        acceptance.record_for_customer(self.desk.rep, self.case.quote_id, {"name": "Ida Ott"})

    def lose(self) -> None:
        transitions.advance(self.desk.rep, self.case.quote_id, "lost", reason="Too dear")

    def reopen(self) -> None:
        transitions.advance(self.desk.rep, self.case.quote_id, "pending")

    # What happens to a push ---------------------------------------------------------------------------------

    def push(self) -> str:
        """A worker takes the newest delivery."""
        attempt.perform(self.runtime, newest_entry(self.case.quote_id).id, early=True)
        run = newest_run(self.case.quote_id)
        return run.state if run is not None else "no run"

    def wait(self, seconds: float) -> None:
        """The push waits: in the meantime, what Autotask is still working on takes effect."""
        if seconds > 0:
            troubles.lift_holds(self.desk)
            troubles.calls_end(self.desk)

    def no_push(self) -> None:
        """No worker is there."""

    def worker_killed_at_a_call(self) -> str:
        nth, moment = self.chance.randint(1, 14), self.chance.choice(("before", "after"))
        entry = newest_entry(self.case.quote_id).id
        return f"{moment} {nth}: {troubles.killed_at_call(self.runtime, entry, nth, moment)}"

    def worker_killed_at_a_point(self) -> str:
        point, times = self.chance.choice(PUSH_POINTS), self.chance.randint(1, 3)
        entry = newest_entry(self.case.quote_id).id
        return f"{point} {times}: {troubles.killed_at_point(self.runtime, entry, point, times)}"

    def answers_are_lost(self) -> str:
        """A create takes effect, and nobody hears of it; the look-up may fail as well."""
        entity = self._sore()
        kind, times = self.chance.choice(LOSING), self.chance.choice((0, 1))
        faults = [troubles.lost(kind, entity, times)]
        if self.chance.random() < 0.7:
            faults.append(troubles.away(entity, "query"))
        with troubles.struck(self.desk, *faults):
            state = self.push()
        troubles.calls_end(self.desk)
        return f"{kind} {entity} {times}, {len(faults)} faults, {state}"

    def looking_up_fails(self) -> str:
        """One endpoint can't be asked."""
        entity, kind = self._sore(), self.chance.choice(("503", "500", "cut_before"))
        with troubles.struck(self.desk, {**troubles.away(entity, "query"), "kind": kind}):
            return f"{kind} {entity}, {self.push()}"

    def answer_comes_late(self) -> str:
        """A create takes effect after its time-out and after its look-up failed; the next push comes first."""
        entity = self._sore()
        with troubles.struck(self.desk, troubles.held(entity, "create")):
            with troubles.struck(self.desk, troubles.away(entity, "query")):
                state = self.push()
            troubles.soon_after()
            state = f"{entity}: {state}, then {self.push()}"
        troubles.calls_end(self.desk)
        return state

    def update_comes_late(self) -> str:
        """An update takes effect after its time-out; the next revision's push comes first."""
        if self.quote.status != PENDING:
            return self.push()
        self.publish()
        with troubles.struck(self.desk, troubles.held("QuoteItems", "update")):
            state = self.push()
            self.publish()
            troubles.soon_after()
            state = f"{state}, then {self.push()}"
        troubles.calls_end(self.desk)
        return state

    def deleting_fails(self) -> str:
        """A line changes its kind, and no item can be deleted."""
        if self.quote.status == PENDING:
            self.tell(History.change_the_kind_of_a_line)
            self.publish()
        kind = self.chance.choice(("503", "500", "cut_before"))
        with troubles.struck(self.desk, {"kind": kind, "verb": "delete", "times": 0}):
            return f"{kind}: {self.push()}"

    def success_with_errors(self) -> str:
        """Autotask says 200 and that it failed."""
        entity = self.chance.choice(("Quotes", "QuoteItems", "Opportunities", "Opportunities"))
        verb = self.chance.choice(("update", "update", "create", "delete"))
        fault = {
            "kind": "errors_with_200",
            "entity": entity,
            "verb": verb,
            "times": self.chance.choice((1, 8)),
        }
        with troubles.struck(self.desk, fault):
            return f"{verb} {entity}: {self.push()}"

    def unexpected_error(self) -> str:
        """Autotask reports an error of its own, some calls in a row."""
        kind, nth = self.chance.choice(("500", "cut_before", "html")), self.chance.randint(1, 14)
        with troubles.struck(self.desk, {"kind": kind, "nth": nth, "times": self.chance.choice((1, 4, 9))}):
            return f"{kind} at call {nth}: {self.push()}"

    def out_of_time(self) -> str:
        """The job's time ends in the middle."""
        nth = self.chance.randint(1, 14)
        troubles.out_of_time(self.runtime, newest_entry(self.case.quote_id).id, nth)
        return f"at call {nth}"

    def autotask_is_down(self) -> str:
        """Nothing answers."""
        with troubles.struck(self.desk, troubles.away()):
            return self.push()

    # What comes after it ------------------------------------------------------------------------------------

    def nothing(self) -> None:
        """The next chapter begins at once."""

    def leases_run_out(self) -> None:
        troubles.leases_run_out()

    def sweep(self) -> None:
        troubles.swept(self.runtime, self.case.quote_id)

    def an_hour_passes(self) -> None:
        troubles.time_passes(self.desk)

    def redis_is_emptied(self) -> None:
        self.desk.runtime.redis.flushall()

    # The end ------------------------------------------------------------------------------------------------

    def peace(self) -> None:
        """Nothing disturbs any more; in the end both worlds agree, and another push writes nothing."""
        self._let_be(self.case)
        given_up = (
            PushRun.quote_id == self.case.quote_id,
            PushRun.state.in_((RunState.FAILED, RunState.NEEDS_YOU)),
        )
        stopped = db.session.scalars(db.select(PushRun.sentence).where(*given_up)).all()
        assert not stopped, f"a push gave up over what passes by itself: {stopped}"
        calls = self.desk.tenant.calls()
        wrong = undisturbed.disorder(self.desk, self.case, calls)
        twin = undisturbed.twin_of(self.desk, self.case, uuid.uuid4().hex[:10])
        self._let_be(twin)
        wrong += undisturbed.differences(self.desk, self.case, twin)
        assert not wrong, "\n".join(wrong)
        self.desk.tenant.forget_calls()
        revision = self.quote.current_revision
        assert revision is not None
        room.add(processing.delivery(self.quote, revision, "again"))
        db.session.commit()
        self._let_be(self.case)
        assert self.desk.tenant.stats()["writes"] == 0, "another push had something to write"

    def _let_be(self, case: undisturbed.Case) -> None:
        """Workers come and go until the quote is pushed."""
        for _ in range(8):
            troubles.time_passes(self.desk)
            if not troubles.swept(self.runtime, case.quote_id):
                break
        undisturbed.assert_synced(case)

    def _line(self) -> QuoteLine:
        return self.chance.choice(self.quote.lines)

    def _entity(self) -> str:
        return self.chance.choices(list(CREATED), list(CREATED.values()))[0]

    def _sore(self) -> str:
        return self.sore if self.chance.random() < 0.8 else self._entity()

    def _word(self) -> str:
        return f"{self.chance.randint(0, 9999):04}"


def _is_anchor(name: str) -> bool:
    return name.startswith(undisturbed.ANCHOR)


# What makes a lost create hard to find.
RENAMES = [History.rename_the_quote, History.rename_the_quote, History.rename_a_line, History.next_day]
EDITS = [
    History.rename_the_quote,
    History.rename_the_quote,
    History.rename_a_line,
    History.change_the_kind_of_a_line,
    History.change_the_kind_of_a_line,
    History.add_a_line,
    History.remove_a_line,
    History.turn_the_lines_around,
    History.fill_the_header,
    History.empty_the_header,
    History.empty_the_header,
    History.forget_the_contact,
    History.next_day,
]
# By how often. Before a quote stands in Autotask, creates are what can go wrong; after that, changes.
AT_FIRST = {
    History.push: 3,
    History.no_push: 2,
    History.worker_killed_at_a_call: 2,
    History.worker_killed_at_a_point: 2,
    History.answers_are_lost: 6,
    History.looking_up_fails: 6,
    History.answer_comes_late: 3,
    History.success_with_errors: 1,
    History.unexpected_error: 2,
    History.out_of_time: 1,
    History.autotask_is_down: 1,
}
LATER = {
    History.push: 5,
    History.no_push: 1,
    History.worker_killed_at_a_call: 3,
    History.worker_killed_at_a_point: 3,
    History.answers_are_lost: 2,
    History.looking_up_fails: 1,
    History.deleting_fails: 3,
    History.update_comes_late: 2,
    History.success_with_errors: 4,
    History.unexpected_error: 1,
    History.out_of_time: 1,
    History.autotask_is_down: 1,
}
AFTERWARDS = (
    History.nothing,
    History.nothing,
    History.leases_run_out,
    History.leases_run_out,
    History.sweep,
    History.an_hour_passes,
    History.redis_is_emptied,
    History.push,
)
