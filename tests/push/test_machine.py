"""Whatever people, networks and workers do in whatever order: once it is quiet, Autotask holds what was published.

A state machine of Hypothesis edits, publishes, lets calls fail, kills workers, empties Redis and adds lines by hand in
Autotask; ``settle`` lets things calm down and compares.
"""

from __future__ import annotations

import os
import uuid
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.push.kit import Desk, line, newest_entry
from tests.push.test_faults import REMOTE_FAULTS, impatient, killed_push, recover
from webapp.models import Revision, db
from webapp.services import outbox
from webapp.services.autotask.desired import BUCKETS
from webapp.services.quoting import lifecycle, publishing, snapshot

__all__ = ["impatient"]

PERIODS = ("one_time", "monthly", "quarterly", "semi_annual", "annual")
prices = st.integers(1, 500).map(lambda cents: Decimal(cents) / 4)


class Machine(RuleBasedStateMachine):
    """One quote, from its first line to its end."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.by_hand = 0
        self.published = False
        self.lost = False

    @initialize()
    def begin(self) -> None:
        self.desk.tenant._ask("DELETE", "/faults")
        self.mark = uuid.uuid4().hex[:10]
        organization = self.desk.organization(f"Nimbus {self.mark}")
        quote = self.desk.quote(
            {"name": f"First {self.mark}", "unit_price": 100},
            organization=organization,
            title=f"O {self.mark}",
        )
        self.quote_id = quote.id
        self.quote = quote

    def teardown(self) -> None:
        self.settle()

    # What people do -----------------------------------------------------------------------------------------

    @rule(price=prices, quantity=st.integers(1, 9), period=st.sampled_from(PERIODS), optional=st.booleans())
    def add_line(self, price: Decimal, quantity: int, period: str, optional: bool) -> None:
        if self.lost or len(self.quote.lines) > 8:
            return
        self.quote.lines.append(
            line(
                name=f"{period} {self.mark} {uuid.uuid4().hex[:4]}",
                position=len(self.quote.lines) + 1,
                recurrence=period,
                quantity=quantity,
                unit_price=price,
                unit_cost=price / 2,
                is_optional=optional,
            )
        )
        db.session.commit()

    @rule(place=st.integers(0, 8), price=prices, quantity=st.integers(1, 9))
    def change_line(self, place: int, price: Decimal, quantity: int) -> None:
        if self.lost:
            return
        changed = self.quote.lines[place % len(self.quote.lines)]
        changed.unit_price, changed.quantity = price, Decimal(quantity)
        db.session.commit()

    @rule(place=st.integers(0, 8))
    def remove_line(self, place: int) -> None:
        if self.lost or len(self.quote.lines) < 2:
            return
        del self.quote.lines[place % len(self.quote.lines)]
        db.session.commit()

    @rule()
    def turn_lines_around(self) -> None:
        if self.lost:
            return
        for position, one in enumerate(reversed(self.quote.lines), start=1):
            one.position = position
        db.session.commit()
        db.session.expire_all()

    @rule()
    def publish(self) -> None:
        if self.lost or all(one.is_optional for one in self.quote.lines):
            return
        publishing.publish(self.desk.rep, self.quote_id)
        self.published = True

    @precondition(lambda self: self.published and not self.lost)
    @rule()
    def lose(self) -> None:
        lifecycle.advance(self.desk.rep, self.quote_id, "lost", reason="Too dear")
        self.lost = True

    # What befalls them --------------------------------------------------------------------------------------

    @rule(name=st.sampled_from(sorted(REMOTE_FAULTS)), nth=st.integers(1, 25))
    def fault(self, name: str, nth: int) -> None:
        self.desk.tenant.add_fault(nth=nth, times=1, **REMOTE_FAULTS[name])

    @precondition(lambda self: self.published)
    @rule()
    def push(self) -> None:
        outbox.process(self.desk.runtime, newest_entry(self.quote_id).id)

    @precondition(lambda self: self.published)
    @rule(nth=st.integers(1, 25), moment=st.sampled_from(("before", "after")))
    def kill_the_worker(self, nth: int, moment: str) -> None:
        killed_push(self.desk, newest_entry(self.quote_id).id, nth, moment)
        db.session.expire_all()

    @rule()
    def empty_redis(self) -> None:
        self.desk.runtime.redis.flushall()

    @precondition(lambda self: self.published and self.by_hand < 2)
    @rule()
    def add_a_line_in_autotask(self) -> None:
        quotes = self.theirs("Quotes", "externalQuoteNumber", str(self.quote.number))
        if not quotes:
            return
        item = {
            "quoteID": quotes[0]["id"], "name": f"By hand {self.by_hand}", "quantity": 1, "unitPrice": 7,
            "quoteItemType": self.desk.pick("QuoteItems", "quoteItemType", "Cost"), "isOptional": False,
            "unitDiscount": 0, "percentageDiscount": 0, "lineDiscount": 0, "sortOrderID": 90 + self.by_hand,
        }  # fmt: skip
        self.desk.tenant.seed(QuoteItems=[item])
        self.by_hand += 1

    # What must be true when it is quiet ---------------------------------------------------------------------

    @precondition(lambda self: self.published)
    @rule()
    def settle(self) -> None:
        if not self.published:
            return
        recover(self.desk, self.quote)
        revision = self.quote.current_revision
        assert revision is not None
        self.compare(revision)
        self.desk.tenant.forget_calls()
        outbox.record(self.quote, revision, "again")
        db.session.commit()
        recover(self.desk, self.quote)
        assert self.desk.tenant.stats()["writes"] == 0

    def compare(self, revision: Revision) -> None:
        frozen = snapshot.parse(revision.content)
        quotes = self.theirs("Quotes", "externalQuoteNumber", str(self.quote.number))
        assert len(quotes) == 1
        companies = self.theirs("Companies", "companyName", f"Nimbus {self.mark}")
        assert len(companies) == 1
        assert len(self.theirs("Contacts", "companyID", companies[0]["id"])) == 1
        opportunities = self.theirs("Opportunities", "companyID", companies[0]["id"])
        assert [row["id"] for row in opportunities] == [quotes[0]["opportunityID"]]
        items = sorted(
            self.theirs("QuoteItems", "quoteID", quotes[0]["id"]), key=lambda row: row["sortOrderID"]
        )
        by_hand = [row for row in items if row["name"].startswith("By hand")]
        ours = [row for row in items if row not in by_hand]
        assert len(by_hand) == self.by_hand
        assert [row["name"] for row in ours] == [one.name for one in frozen.lines]
        assert [bool(row["isOptional"]) for row in ours] == [one.is_optional for one in frozen.lines]
        assert [amount(row) for row in ours] == [one.quantity * one.unit_price for one in frozen.lines]
        if not by_hand:
            wanted = dict.fromkeys((name for name, _ in BUCKETS.values()), Decimal(0))
            for one in frozen.lines:
                wanted[BUCKETS[one.recurrence][0]] += 0 if one.is_optional else one.quantity * one.unit_price
            found = {name: Decimal(str(opportunities[0][name] or 0)) for name, _ in BUCKETS.values()}
            assert found == wanted
        files = self.theirs("OpportunityAttachments", "opportunityID", opportunities[0]["id"])
        titles = [row["title"] for row in files]
        assert len(titles) == len(set(titles))
        assert any(f"revision {frozen.revision} " in title for title in titles)
        status = self.desk.pick("Opportunities", "status", "Lost" if self.lost else "Active")
        assert opportunities[0]["status"] == status

    def theirs(self, entity: str, field: str, value: Any) -> list[dict[str, Any]]:
        return [row for row in self.desk.tenant.state().get(entity, []) if row[field] == value]


def amount(row: dict[str, Any]) -> Decimal:
    return Decimal(str(row["quantity"])) * Decimal(str(row["unitPrice"]))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_any_history_ends_in_what_was_published(redis_url: str, impatient: Desk) -> None:
    class OnDesk(Machine):
        def __init__(self) -> None:
            super().__init__(impatient)

    run_state_machine_as_test(
        OnDesk,
        settings=settings(
            max_examples=40 if os.environ.get("EVERY_FAULT") else 8,
            stateful_step_count=14,
            deadline=None,
            derandomize=True,
            phases=(Phase.generate,),
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
