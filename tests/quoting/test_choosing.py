"""What the customer chooses: laid out by period, with what each choice changes, and said in a sentence."""

from __future__ import annotations

from decimal import Decimal

from tests.quoting.test_document import line, make
from webapp.services.quoting.answer import choosing
from webapp.services.quoting.answer.choosing import PeriodOffer
from webapp.services.quoting.revisions import pricing
from webapp.services.quoting.revisions.snapshot import FrozenLine, FrozenSection, Snapshot

PLANS = FrozenSection(uid="plans", title="Plans", choice="one")
BACKUP = FrozenSection(uid="backup", title="Backup", choice="whole")
EXTRAS = FrozenSection(uid="extras", title="Extras", text="Two weeks notice.")
MONTHLY = {"recurrence": "monthly"}


def plan(name: str, price: int, *, selected: bool, **more: object) -> FrozenLine:
    values = {"section_uid": "plans", "is_optional": True, "is_selected": selected, **more}
    return line(name, uid=name.lower(), unit_price=Decimal(price), **values)


def offer(**more: object) -> Snapshot:
    lines = (
        line("Rack", uid="rack"),
        line("Cable", uid="cable", unit_price=Decimal(40), is_optional=True),
        plan("Silver", 50, selected=True, **MONTHLY),
        plan("Gold", 80, selected=False, **MONTHLY),
        line("Box", uid="box", unit_price=Decimal(9), section_uid="backup", is_optional=True, **MONTHLY),
    )
    return make(**{"sections": (PLANS, BACKUP), "shipping_amount": Decimal(0), "lines": lines, **more})


def laid_out(frozen: Snapshot) -> list[PeriodOffer]:
    return choosing.shown(frozen, pricing.of_snapshot(frozen))["offers"]


def change(before: Snapshot, after: Snapshot) -> str:
    return choosing.change(before, after, pricing.of_snapshot(after))


def test_plans_and_options_stand_apart_from_the_lines() -> None:
    one_time, monthly = laid_out(pricing.with_choices(offer(), ["silver", "cable"]))
    assert [shown.name for part in one_time.parts for shown, _ in part.lines] == ["Rack"]
    assert [choice.line.name for options in one_time.options for choice in options.choices] == ["Cable"]
    ((_, plans),) = monthly.plans
    assert [(one.line.name, one.effect) for one in plans] == [
        ("Silver", {}),
        ("Gold", {"monthly": Decimal(30)}),
    ]
    assert [part.section for part in monthly.parts] == [BACKUP]


def test_what_a_choice_adds_is_what_the_total_rises_by() -> None:
    """An amount off the quote is spread over what is taken, so a line's own amount says something else."""
    lines = (
        line("Rack", uid="rack", unit_price=Decimal(1000)),
        line(
            "Cable",
            uid="cable",
            unit_price=Decimal(495),
            is_optional=True,
            tax_rate=Decimal(10),
            tax_name="T",
        ),
        plan("Small", 1000, selected=True),
        plan("Large", 1500, selected=False),
    )
    frozen = offer(lines=lines, discount_kind="amount", discount_value=Decimal(200))
    for chosen in (["small"], ["small", "cable"], ["large", "cable"]):
        shown = pricing.with_choices(frozen, chosen)
        total = pricing.of_snapshot(shown).periods["one_time"].total
        (period,) = laid_out(shown)
        (option,) = period.options[0].choices
        other = pricing.with_choices(frozen, {*chosen} ^ {"cable"})
        rise = abs(pricing.of_snapshot(other).periods["one_time"].total - total)
        assert option.effect == {"one_time": rise}
    (small, large) = laid_out(pricing.with_choices(frozen, ["small"]))[0].plans[0][1]
    assert (small.effect, large.effect) == ({}, {"one_time": Decimal(500)})


def test_a_plan_of_another_period_says_what_ends_too() -> None:
    lines = (
        plan("Month", 100, selected=True, **MONTHLY),
        plan("Year", 1000, selected=False, recurrence="annual"),
    )
    _, annual = laid_out(offer(lines=lines))
    assert annual.plans[0][1][0].effect == {"monthly": Decimal(-100), "annual": Decimal(1000)}


def test_a_section_that_is_all_options_keeps_its_heading_and_text() -> None:
    lines = (
        line("Rack", uid="rack"),
        line("Cable", uid="cable", section_uid="extras", is_optional=True),
    )
    (one_time,) = laid_out(offer(sections=(EXTRAS,), lines=lines))
    (options,) = one_time.options
    assert (options.part.section, options.part.is_first, len(options.part.lines)) == (EXTRAS, True, 1)
    assert [part.section for part in one_time.parts] == [None]


def test_a_choice_is_said_with_the_totals_that_it_changed() -> None:
    before = offer()

    def said(*chosen: str) -> str:
        return change(before, pricing.with_choices(before, chosen))

    assert said("silver") == ""
    assert said("silver", "cable") == "Added Cable for $40.00. One-time total $140.00."
    assert said("gold") == "Gold selected. Monthly total $80.00."
    assert said("silver", "backup") == "Added Backup for $9.00 per month. Monthly total $59.00."
    added = pricing.with_choices(before, ["silver", "cable"])
    assert change(added, before) == "Removed Cable. One-time total $100.00."


def test_a_page_that_offers_no_choice_reckons_none() -> None:
    frozen = pricing.with_choices(offer(), ["silver", "cable"])
    offers = choosing.shown(frozen, pricing.of_snapshot(frozen), is_open=False)["offers"]
    plans = [one for period in offers for _, found in period.plans for one in found]
    options = [one for period in offers for found in period.options for one in found.choices]
    assert [one.effect for one in [*plans, *options]] == [{}, {}, {}]


def test_an_effect_is_with_tax_where_a_tax_changes() -> None:
    """A bundle has no tax of its own; its parts do."""
    taxed = line("Dock", uid="dock", unit_price=Decimal(40), tax_name="T", tax_rate=Decimal(10))
    kit = line("Kit", uid="kit", unit_price=Decimal(40), is_optional=True, bundle="sum", parts=(taxed,))
    plain = line("Cable", uid="cable", is_optional=True)
    frozen = offer(lines=(line("Rack", uid="rack"), kit, plain), sections=())
    (period,) = laid_out(frozen)
    found = [(one.line.name, one.has_tax, one.effect) for one in period.options[0].choices]
    assert found == [
        ("Kit", True, {"one_time": Decimal("44.00")}),
        ("Cable", False, {"one_time": Decimal(100)}),
    ]
