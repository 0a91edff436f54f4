"""Whatever people, networks and workers do in any order: in the end Autotask holds the published revision.

A state machine of Hypothesis edits two quotes of one customer, publishes, accepts and loses them, lets calls fail,
kills workers, empties Redis, and changes in Autotask what people change there; ``settle`` lets things calm down and
compares.
"""

from __future__ import annotations

import dataclasses
import os
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from tests.push.faults import REMOTE_FAULTS, SHORT, killed_push, recover
from tests.support.connected_desk import Desk, copy_desk, line, newest_entry
from tests.support.copies import Copied
from tests.support.sandbox import Tenant
from webapp.models import Person, PushRun, Quote, Revision, db
from webapp.services.autotask.push import processing
from webapp.services.autotask.wanted.amounts import item_net
from webapp.services.autotask.wanted.desired import BUCKETS
from webapp.services.delivery import attempt, room
from webapp.services.quoting.answer import acceptance
from webapp.services.quoting.lifecycle import publishing, transitions
from webapp.services.quoting.revisions import pricing, snapshot

PERIODS = ("one_time", "monthly", "quarterly", "semi_annual", "annual")
prices = st.integers(1, 50_000).map(lambda number: Decimal(number) / 100)
quantities = st.integers(1, 90).map(lambda number: Decimal(number) / 10)
discounts = st.sampled_from(
    [("none", 0), ("percent", 10), ("percent", 100), ("unit", "0.01"), ("line", "0.5")]
)
either = st.integers(0, 1)
places = st.integers(0, 8)


@dataclasses.dataclass
class Side:
    """One of the quotes, and what people did to it in Autotask. ``touched``: ids of items that they changed."""

    id: int
    published: bool = False
    ended: str = ""
    by_hand: int = 0
    touched: set[int] = dataclasses.field(default_factory=set)
    note: str = ""
    stirred: bool = False


class Machine(RuleBasedStateMachine):
    """Two quotes, from their first line to their end."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk

    @initialize()
    def begin(self) -> None:
        self.desk.tenant._ask("DELETE", "/faults")
        self.mark = uuid.uuid4().hex[:10]
        organization = self.desk.organization(f"Nimbus {self.mark}")
        person = Person(
            organization=organization, first_name="Ida", last_name="Ott", email=f"ida@{self.mark}.example"
        )
        self.sides = [
            Side(
                self.desk.quote(
                    {"name": f"First {self.mark}", "unit_price": 100},
                    organization=organization,
                    person=person,
                    title=f"O {self.mark}",
                ).id
            )
            for _ in range(2)
        ]

    def teardown(self) -> None:
        self.settle()

    def quote(self, side: Side) -> Quote:
        return db.session.get_one(Quote, side.id)

    # What people do -----------------------------------------------------------------------------------------

    @rule(
        which=either, price=prices, quantity=quantities, period=st.sampled_from(PERIODS), discount=discounts,
        kind=st.sampled_from(("product", "shared", "labor", "taxed", "optional")),
    )  # fmt: skip
    def add_line(
        self, which: int, price: Decimal, quantity: Decimal, period: str, discount: tuple[str, Any], kind: str
    ) -> None:
        side = self.sides[which]
        quote = self.quote(side)
        if side.ended or len(quote.lines) > 8:
            return
        kinds: dict[str, dict[str, Any]] = {
            "labor": {"category_id": self.desk.labor.id},
            "taxed": {"tax_code_id": self.desk.tax.id},
            "optional": {"is_optional": True},
        }
        extra = kinds.get(kind, {})
        name = f"{period} {self.mark}" + ("" if kind == "shared" else f" {uuid.uuid4().hex[:4]}")
        quote.lines.append(
            line(
                name=name,
                position=len(quote.lines) + 1,
                recurrence=period,
                quantity=quantity,
                unit_price=price,
                unit_cost=price / 2,
                discount_kind=discount[0],
                discount_value=discount[1],
                **extra,
            )
        )
        db.session.commit()

    @rule(which=either, place=places, price=prices, quantity=quantities)
    def change_line(self, which: int, place: int, price: Decimal, quantity: Decimal) -> None:
        quote = self.quote(self.sides[which])
        if self.sides[which].ended:
            return
        changed = quote.lines[place % len(quote.lines)]
        changed.unit_price, changed.quantity = price, quantity
        db.session.commit()

    @rule(which=either, place=places)
    def remove_line(self, which: int, place: int) -> None:
        quote = self.quote(self.sides[which])
        if self.sides[which].ended or len(quote.lines) < 2:
            return
        del quote.lines[place % len(quote.lines)]
        db.session.commit()

    @rule(which=either)
    def turn_lines_around(self, which: int) -> None:
        if self.sides[which].ended:
            return
        for position, one in enumerate(reversed(self.quote(self.sides[which]).lines), start=1):
            one.position = position
        db.session.commit()
        db.session.expire_all()

    @rule(which=either, amount=st.sampled_from((0, 7, 25)), shipping=st.sampled_from((0, 12)))
    def change_the_whole(self, which: int, amount: int, shipping: int) -> None:
        quote = self.quote(self.sides[which])
        if self.sides[which].ended:
            return
        quote.discount_kind, quote.discount_value = (
            ("amount", Decimal(amount)) if amount else ("none", Decimal(0))
        )
        quote.shipping_amount = Decimal(shipping)
        db.session.commit()

    @rule(which=either)
    def publish(self, which: int) -> None:
        side = self.sides[which]
        if side.ended or all(one.is_optional for one in self.quote(side).lines):
            return
        db.session.expire_all()
        publishing.publish(self.desk.rep, side.id)
        side.published = True

    @rule(which=either, how=st.sampled_from(("accepted", "lost")))
    def end(self, which: int, how: str) -> None:
        self.publish(which)
        side = self.sides[which]
        if side.ended or not side.published:
            return
        if how == "lost":
            transitions.advance(self.desk.rep, side.id, "lost", reason="Too dear")
        else:
            acceptance.record_for_customer(self.desk.rep, side.id, {"name": "Ida Ott", "email": ""})
        side.ended = how

    # Faults -------------------------------------------------------------------------------------------------

    @rule(name=st.sampled_from(sorted(REMOTE_FAULTS)), nth=st.integers(1, 25))
    def fault(self, name: str, nth: int) -> None:
        self.desk.tenant.add_fault(nth=nth, times=1, **REMOTE_FAULTS[name])

    @rule(which=either)
    def push(self, which: int) -> None:
        if self.sides[which].published:
            attempt.perform(self.desk.runtime, newest_entry(self.sides[which].id).id, early=True)

    @rule(which=either)
    def publish_and_push(self, which: int) -> None:
        self.publish(which)
        self.push(which)

    @rule(which=either, nth=st.integers(1, 25), moment=st.sampled_from(("before", "after")))
    def kill_the_worker(self, which: int, nth: int, moment: str) -> None:
        if self.sides[which].published:
            killed_push(self.desk, newest_entry(self.sides[which].id).id, nth, moment)
            db.session.expire_all()

    @rule()
    def empty_redis(self) -> None:
        self.desk.runtime.redis.flushall()

    # What people do in Autotask -----------------------------------------------------------------------------

    @rule(which=either)
    def add_a_line_in_autotask(self, which: int) -> None:
        side, there = self.sides[which], self.there(which)
        if there is None or side.by_hand > 1:
            return
        item = {
            "quoteID": there["id"], "name": f"By hand {side.by_hand}", "quantity": 1, "unitPrice": 7,
            "quoteItemType": self.desk.pick("QuoteItems", "quoteItemType", "Cost"), "isOptional": False,
            "unitDiscount": 0, "percentageDiscount": 0, "lineDiscount": 0, "sortOrderID": 90 + side.by_hand,
        }  # fmt: skip
        self.desk.tenant.seed(QuoteItems=[item])
        side.by_hand += 1
        side.stirred = True

    @rule(which=either, place=places, how=st.sampled_from(("price", "text", "delete")))
    def touch_a_line_in_autotask(self, which: int, place: int, how: str) -> None:
        side, there = self.sides[which], self.there(which)
        items = [] if there is None else self.items_of(there["id"])[0]
        if not items:
            return
        number = items[place % len(items)]["id"]
        if how == "delete":
            self.desk.tenant.remove("QuoteItems", number)
        elif how == "price":
            self.desk.tenant.edit("QuoteItems", number, unitPrice=3)
        else:
            self.desk.tenant.edit("QuoteItems", number, description="Mind the stairs")
        if how != "text":
            side.touched.add(number)
            side.stirred = True

    @rule(which=either)
    def rewrite_the_opportunity_in_autotask(self, which: int) -> None:
        there = self.there(which)
        if there is not None:
            self.sides[which].note = f"Called them {uuid.uuid4().hex[:4]}"
            note = self.sides[which].note
            self.desk.tenant.edit("Opportunities", there["opportunityID"], description=note)

    # What must be true in the end ---------------------------------------------------------------------------

    @rule()
    def settle(self) -> None:
        published = [which for which in range(2) if self.sides[which].published]
        runs = {
            which: recover(self.desk, self.sides[which].id, ("synced", "out_of_sync")) for which in published
        }
        for which in published:
            side = self.sides[which]
            if side.stirred:
                runs[which] = self.push_again(side)
                side.stirred = False
            revision = self.quote(side).current_revision
            assert revision is not None
            self.compare(which, revision, runs[which])
            self.desk.tenant.forget_calls()
            again = self.push_again(side)
            assert self.desk.tenant.stats()["writes"] == 0
            assert (again.state, again.sentence) == (runs[which].state, runs[which].sentence)

    def push_again(self, side: Side) -> PushRun:
        quote = self.quote(side)
        assert quote.current_revision is not None
        room.add(processing.delivery(quote, quote.current_revision, "again"))
        db.session.commit()
        return recover(self.desk, side.id, ("synced", "out_of_sync"))

    def compare(self, which: int, revision: Revision, run: PushRun) -> None:
        side, frozen = self.sides[which], snapshot.parse(revision.content)
        there = self.there(which)
        assert there is not None
        (company,) = self.theirs("Companies", "companyName", f"Nimbus {self.mark}")
        assert len(self.theirs("Contacts", "companyID", company["id"])) == 1
        pushed = [one for one in range(2) if self.there(one) is not None]
        opportunities = self.theirs("Opportunities", "companyID", company["id"])
        assert sorted(row["id"] for row in opportunities) == sorted(
            quote["opportunityID"] for one in pushed if (quote := self.there(one))
        )
        for entity in ("Products", "Services"):
            names = [row["name"] for row in self.desk.tenant.state()[entity] if self.mark in row["name"]]
            assert len(names) == len(set(names)), f"{entity} made twice"
        ours, by_hand = self.items_of(there["id"])
        assert len(by_hand) == side.by_hand
        agrees = self.compare_lines(side, frozen, ours, run)
        opportunity = next(row for row in opportunities if row["id"] == there["opportunityID"])
        if agrees and not by_hand:
            # A touched line may have the same total with a different price and discount; that is reported too.
            assert run.state == "synced" or side.touched, run.sentence
            assert {name: money(opportunity[name]) for name, _ in BUCKETS.values()} == sums(frozen)
        else:
            assert run.state == "out_of_sync", "the sums differ"
        files = self.theirs("OpportunityAttachments", "opportunityID", opportunity["id"])
        titles = [row["title"] for row in files]
        assert len(titles) == len(set(titles))
        assert any(f"revision {frozen.revision} " in title for title in titles)
        label = {"lost": "Lost", "accepted": "Closed"}.get(side.ended, "Active")
        assert opportunity["status"] == self.desk.pick("Opportunities", "status", label)
        assert side.note in opportunity["description"]

    def compare_lines(
        self, side: Side, frozen: snapshot.Snapshot, ours: list[dict[str, Any]], run: PushRun
    ) -> bool:
        """Every line as published; a line that people touched in Autotask may differ, but is named."""
        amounts = pricing.of_snapshot(frozen).lines
        wanted = [(one.name, amount.net) for one, amount in zip(frozen.lines, amounts, strict=True)]
        if frozen.shipping_amount:
            wanted.append(("Shipping", frozen.shipping_amount))
        found = [(row["name"], item_net(row)) for row in ours]
        if found == wanted:
            optional = [one.is_optional and not one.is_selected for one in frozen.lines]
            assert [bool(row["isOptional"]) for row in ours][: len(optional)] == optional
            return True
        assert side.touched, f"{found} instead of {wanted}"
        left = list(wanted)
        for row, one in zip(ours, found, strict=True):
            # An untouched line is as published; a touched line at least has its name.
            match = one if row["id"] not in side.touched else next(w for w in left if w[0] == one[0])
            assert match in left, f"{one} is not among {left}"
            left.remove(match)
        differing = {name for name, _ in {*wanted} - {*found}}
        assert all(name in run.sentence for name in differing if name != "Shipping"), run.sentence
        return False

    def there(self, which: int) -> dict[str, Any] | None:
        """The Autotask quote; there is never more than one."""
        number = str(self.quote(self.sides[which]).number)
        rows = [
            one for one in self.theirs("Quotes", "externalQuoteNumber", number) if self.mark in one["name"]
        ]
        assert len(rows) <= 1
        return rows[0] if rows else None

    def items_of(self, quote_id: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Our items in their order, and the items added in Autotask."""
        items = sorted(self.theirs("QuoteItems", "quoteID", quote_id), key=lambda row: row["sortOrderID"])
        by_hand = [row for row in items if row["name"].startswith("By hand")]
        return [row for row in items if row not in by_hand], by_hand

    def theirs(self, entity: str, field: str, value: Any) -> list[dict[str, Any]]:
        return [row for row in self.desk.tenant.state().get(entity, []) if row[field] == value]


def sums(frozen: snapshot.Snapshot) -> dict[str, Decimal]:
    """The expected total of each of the opportunity's amounts."""
    labor = {one.uid for one in frozen.lines if one.category_path == "Professional Services"}
    wanted = {name: Decimal(0) for name, _ in BUCKETS.values()}
    for one, amounts in zip(frozen.lines, pricing.of_snapshot(frozen).lines, strict=True):
        period = "one_time" if one.uid in labor else one.recurrence
        wanted[BUCKETS[period][0]] += amounts.net if amounts.counts else 0
    wanted[BUCKETS["one_time"][0]] += frozen.shipping_amount
    return wanted


def money(value: Any) -> Decimal:
    return Decimal(str(value or 0))


@pytest.fixture
def impatient(app: Flask, tenant: Tenant, redis_url: str, opened_desk: Copied) -> Iterator[Desk]:
    """A desk whose calls time out quickly and whose retries don't wait."""
    runtime = app.extensions["quotewright"]
    hasty = dataclasses.replace(runtime.config, autotask_timeout_seconds=SHORT)
    app.extensions["quotewright"] = dataclasses.replace(runtime, config=hasty, pause=lambda _seconds: None)
    with app.app_context():
        yield copy_desk(app, tenant, opened_desk)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_any_history_ends_in_what_was_published(redis_url: str, impatient: Desk) -> None:
    class OnDesk(Machine):
        def __init__(self) -> None:
            super().__init__(impatient)

    examples, steps = (int(number) for number in os.environ.get("HISTORIES", "12x20").split("x"))
    run_state_machine_as_test(
        OnDesk,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize="HISTORIES" not in os.environ,
            phases=(Phase.generate,),
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
