"""What the customer chooses: laid out by period, and said in a sentence."""

from __future__ import annotations

from decimal import Decimal

from tests.quoting.test_document import line, make
from webapp.services.quoting.answer import choosing
from webapp.services.quoting.revisions import pricing
from webapp.services.quoting.revisions.snapshot import FrozenLine, FrozenSection, Snapshot

PLANS = FrozenSection(uid="plans", title="Plans", choice="one")
BACKUP = FrozenSection(uid="backup", title="Backup", choice="whole")


def offer() -> Snapshot:
    monthly = {"recurrence": "monthly", "quantity": Decimal(1), "tax_rate": Decimal(0)}
    return make(
        sections=(PLANS, BACKUP),
        shipping_amount=Decimal(0),
        lines=(
            line("Rack", uid="rack", unit_price=Decimal(100), quantity=Decimal(1)),
            line("Cable", uid="cable", unit_price=Decimal(20), quantity=Decimal(2), is_optional=True),
            _plan("Silver", 50, selected=True, **monthly),
            _plan("Gold", 80, selected=False, **monthly),
            line("Box", uid="box", unit_price=Decimal(9), section_uid="backup", is_optional=True, **monthly),
        ),
    )


def _plan(name: str, price: int, *, selected: bool, **more: object) -> FrozenLine:
    values = {"section_uid": "plans", "is_optional": True, "is_selected": selected, **more}
    return line(name, uid=name.lower(), unit_price=Decimal(price), **values)


def test_plans_and_options_stand_apart_from_the_lines() -> None:
    frozen = pricing.with_choices(offer(), ["silver", "cable"])
    computed = pricing.of_snapshot(frozen)
    one_time, monthly = choosing.laid_out(pricing.grouped(frozen, computed))
    assert [shown.name for part in one_time.parts for shown, _ in part.lines] == ["Rack"]
    assert [shown.name for shown, _ in one_time.options] == ["Cable"]
    assert (one_time.added, one_time.subtotal) == (Decimal(40), Decimal(100))
    ((_, plans),) = monthly.plans
    assert [(plan.line.name, plan.more) for plan in plans] == [("Silver", 0), ("Gold", 30)]
    assert [part.section for part in monthly.parts] == [BACKUP]


def test_a_choice_is_said_with_the_totals_that_it_changed() -> None:
    before = offer()

    def said(*chosen: str) -> str:
        return choosing.change(before, pricing.with_choices(before, chosen))

    assert said("silver") == ""
    assert said("silver", "cable") == "Added Cable for $40.00. One-time total $140.00."
    assert said("gold") == "Gold selected. Monthly total $80.00."
    assert said("silver", "backup").startswith("Added Backup. Monthly total $")
