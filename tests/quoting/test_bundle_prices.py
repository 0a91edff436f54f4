"""A bundle is one line for all that prices and choices know: rules, sections, margins, dates, savings, plans."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.quoting.test_bundle_lines import added, amounts, kit, named
from tests.support import samples
from webapp.models import Item, Quote, QuoteLine, User, db, utc_now
from webapp.models.catalog import FIXED, SUM
from webapp.services.accounts import changing_rules
from webapp.services.catalog import bundles, items
from webapp.services.company import place
from webapp.services.core.errors import Invalid
from webapp.services.quoting.answer import choosing
from webapp.services.quoting.draft import bulk, discounts, lines, readiness, sections
from webapp.services.quoting.money import prices
from webapp.services.quoting.revisions import freezing, parts, pricing
from webapp.services.quoting.revisions.snapshot import Snapshot

OLD = date(2024, 1, 31)


def named_item(name: str) -> Item:
    """An item of the library."""
    return db.session.scalars(db.select(Item).filter_by(name=name)).one()


def put(rep: User, item: Item, **values: Any) -> Item:
    """Change an item, all of which a form sends."""
    stored = {"name": item.name, "unit_price": str(item.unit_price), "unit_cost": str(item.unit_cost)}
    return items.save(rep, item, {**stored, "recurrence": item.recurrence, "is_active": "1", **values})


def in_section(rep: User, quote: Quote, **values: str) -> None:
    """Put all lines into a section with these values."""
    sections.add(rep, quote.id, {"title": "Plans", **values})
    sections.put_lines(rep, quote.id, [line.uid for line in quote.lines], quote.sections[0].uid)


def frozen(quote: Quote) -> Snapshot:
    """The draft as the customer would see it."""
    return freezing.freeze(quote, number=1, revision=1, published_at=utc_now())


def laid_out(snapshot: Snapshot) -> list[choosing.PeriodOffer]:
    """What the customer can choose of it."""
    computed = pricing.of_snapshot(snapshot)
    return choosing.laid_out(snapshot, computed, pricing.grouped(snapshot, computed))


def test_no_rule_leads_the_price_of_a_bundle(rep: User) -> None:
    quote, line = added(rep)
    values = {"name": "Kit", "unit_price": "250", "unit_cost": "210", "margin": "40", "quantity": "3"}
    lines.change(rep, quote.id, line.uid, values)
    assert (line.unit_price, line.price_rule, line.price_percent) == (Decimal(350), prices.FIXED, 0)
    bulk.change(rep, quote.id, [line.uid], "margin", {"value": "30"})
    assert (line.unit_price, line.price_rule) == (Decimal(300), prices.FIXED)
    lines.change_parts(rep, quote.id, line.uid, {"bundle": FIXED, f"unit_cost-{named(line, 'Dock')}": "60"})
    assert (line.unit_cost, line.unit_price) == (Decimal(270), Decimal(300))

    lines.change_parts(rep, quote.id, line.uid, {"bundle": SUM})
    with pytest.raises(Invalid) as refused:
        lines.change(
            rep, quote.id, line.uid, {**values, "unit_price": "280", "unit_cost": "270", "margin": "50"}
        )
    assert refused.value.fields == {"margin": "The price is the sum of its parts."}


def test_an_item_that_becomes_a_bundle_has_no_rule(rep: User) -> None:
    whole = kit(rep)
    put(rep, whole, margin="50", unit_price="250")
    assert (whole.unit_price, whole.price_rule) == (Decimal(420), prices.FIXED)
    bundles.save(rep, whole, {"bundle": SUM})
    with pytest.raises(Invalid) as refused:
        put(rep, whole, margin="10")
    assert refused.value.fields == {"margin": "The price is the sum of its parts."}
    with pytest.raises(Invalid) as refused:
        put(rep, whole, tiers="10: 5")
    assert refused.value.fields == {"tiers": "A bundle has no prices by quantity. Clear them."}

    other = samples.item(rep, name="Other", unit_price="10", unit_cost="5", tiers="10: 9")
    put(rep, other, margin="60")
    assert other.price_rule == prices.MARGIN
    spare = samples.item(rep, name="Spare", unit_price="3")
    with pytest.raises(Invalid) as refused:
        bundles.save(rep, other, {"bundle": SUM, "add": spare.name})
    assert "has prices by quantity" in refused.value.fields["add"]
    put(rep, other, tiers="")
    bundles.save(rep, other, {"bundle": FIXED, "unit_price": "8", "add": spare.name})
    assert (other.price_rule, other.unit_price) == (prices.FIXED, Decimal(8))


def test_a_part_that_a_margin_leads_takes_its_bundle_along(rep: User) -> None:
    whole = kit(rep, SUM)
    dock = named_item("Dock")
    put(rep, dock, margin="50", unit_price="40")
    assert (dock.unit_price, whole.unit_price) == (Decimal(60), Decimal(320))
    quote = samples.quote(rep)
    line = lines.add_item(rep, quote.id, whole)
    assert {part.price_rule for part in parts.listed(line)} == {prices.FIXED}


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [("percent", "10", ("675.00", "54.00")), ("amount", "100", ("650.00", "60.00"))],
)
def test_the_discount_of_a_section_is_off_its_parts(
    rep: User, kind: str, value: str, expected: tuple[str, str]
) -> None:
    quote, _ = added(rep)
    in_section(rep, quote, discount_kind=kind, discount_value=value)
    assert tuple(map(str, amounts(quote))) == expected
    (line,) = pricing.of_quote(quote).lines
    whole = [line, *(other for _, other in line.others)]
    assert all(one.net == one.gross - one.section_discount for one in whole)
    assert sum(one.section_discount for one in whole) == sum(one.section_discount for one in line.parts)
    flat = pricing.of_snapshot(parts.flat(frozen(quote)))
    assert [flat.periods[name].net for name in ("one_time", "monthly")] == list(amounts(quote))


def alternatives(rep: User, **discount: str) -> tuple[Quote, QuoteLine]:
    """A plain line, which is taken, or a bundle: 250 once and 20 each month."""
    quote, line = added(rep, quantity=1)
    plain = lines.add_ad_hoc(rep, quote.id, {"name": "Plain", "unit_price": "100"})
    in_section(rep, quote, choice="one", **discount)
    sections.select(rep, quote.id, plain.uid)
    return quote, line


@pytest.mark.parametrize(("kind", "value", "net"), [("amount", "30", "220.00"), ("percent", "3", "242.50")])
def test_a_bundle_that_isnt_chosen_shows_a_discount_once(rep: User, kind: str, value: str, net: str) -> None:
    quote, line = alternatives(rep, discount_kind=kind, discount_value=value)
    offered = frozen(quote)
    shown, _ = pricing.of_snapshot(offered).lines
    assert (shown.counts, str(shown.net)) == (False, net)
    taken, _ = pricing.of_snapshot(pricing.with_choices(offered, [line.uid])).lines
    assert (taken.counts, taken.net, taken.others[0][1].net) == (True, shown.net, shown.others[0][1].net)
    flat = pricing.of_snapshot(parts.flat(offered)).lines
    assert [one.net for one in flat[:3]] == [one.net for one in shown.parts]


def test_a_plan_in_two_billing_periods_is_chosen_once(rep: User) -> None:
    quote, line = alternatives(rep)
    offered = frozen(quote)

    def plans(snapshot: Snapshot) -> list[list[tuple[str, dict[str, str], bool]]]:
        return [
            [
                (
                    plan.line.name,
                    {name: str(amount) for name, amount in plan.effect.items()},
                    plan.line.is_again,
                )
                for _, found in period.plans
                for plan in found
            ]
            for period in laid_out(snapshot)
        ]

    instead = {"one_time": "150.00", "monthly": "20.00"}
    assert plans(offered) == [[("Kit", instead, False), ("Plain", {}, False)], [("Kit", {}, True)]]
    chosen = pricing.with_choices(offered, [line.uid])
    instead = {"one_time": "-150.00", "monthly": "-20.00"}
    assert plans(chosen) == [[("Kit", {}, False), ("Plain", instead, False)], [("Kit", {}, True)]]
    said = choosing.change(offered, chosen, pricing.of_snapshot(chosen))
    assert said == "Kit selected. One-time total $250.00. Monthly total $20.00."


def test_an_option_in_two_billing_periods_is_said_with_both(rep: User) -> None:
    quote, line = added(rep)
    lines.add_ad_hoc(rep, quote.id, {"name": "Rack", "unit_price": "10"})
    bulk.change(rep, quote.id, [line.uid], "optional", {})
    offered = frozen(quote)
    options = [choice for period in laid_out(offered) for one in period.options for choice in one.choices]
    assert [choice.line.name for choice in options] == ["Kit", "Kit"]
    assert options[0].effect == {"one_time": Decimal(750), "monthly": Decimal(60)}
    assert [choice.line.own for choice in options if isinstance(choice.line, parts.Again)] == ["one_time"]
    said = choosing.change(pricing.with_choices(offered, []), offered, pricing.of_snapshot(offered))
    assert said.startswith("Added Kit for $750.00 and $60.00 per month. One-time total")


def test_the_minimum_margin_is_of_each_billing_period(rep: User) -> None:
    admin = samples.admin()
    flags = ("reps_see_cost", "below_margin_admin", "below_margin_sales_manager")
    changing_rules.save(admin, {**dict.fromkeys(flags, "1"), "min_margin": "10"})
    quote, line = added(rep)

    def told() -> list[str]:
        found = readiness.checks(quote, pricing.of_quote(quote), admin)
        return [one.sentence for one in found if "margin" in one.sentence]

    assert told() == []
    lines.change_parts(rep, quote.id, line.uid, {"bundle": FIXED, f"unit_cost-{named(line, 'Care')}": "19"})
    assert told() == ["Line 1 “Kit” has a margin of 5%, monthly. The minimum is 10%."]


def test_a_cost_is_as_old_as_that_of_its_oldest_part(rep: User) -> None:
    whole = kit(rep)
    assert whole.cost_date == place.today()
    put(rep, named_item("Dock"), cost_date=OLD.isoformat(), unit_cost="30")
    assert whole.cost_date == OLD
    quote = samples.quote(rep)
    line = lines.add_item(rep, quote.id, whole)
    said = [one.sentence for one in readiness.checks(quote, viewer=rep)]
    assert any(f"The cost of line {len(quote.lines)} “Kit” is from" in one for one in said)
    lines.change_parts(rep, quote.id, line.uid, {"bundle": FIXED, f"unit_cost-{named(line, 'Dock')}": "31"})
    assert line.cost_date == place.today()


def test_what_it_saves_is_said_once(rep: User) -> None:
    quote, line = added(rep, quantity=1)
    values = {
        "name": "Kit",
        "unit_price": "250",
        "unit_cost": "210",
        "list_price": "300",
        "shows_savings": "1",
    }
    lines.change(rep, quote.id, line.uid, values)
    offered = frozen(quote)
    saved = pricing.savings(offered, pricing.of_snapshot(offered))[line.uid]
    assert (saved.amount, saved.percent) == (Decimal(50), Decimal("16.7"))


def test_what_an_optional_bundle_could_take_of_a_discount_counts(rep: User) -> None:
    quote, line = added(rep, quantity=1)
    lines.add_ad_hoc(rep, quote.id, {"name": "Rack", "unit_price": "750"})
    in_section(rep, quote, discount_kind="amount", discount_value="100")
    rack = next(one for one in quote.lines if one is not line)
    bulk.change(rep, quote.id, [rack.uid], "optional", {})
    # Off the kit alone, 250 once and 20 each month, where the customer leaves the rack.
    assert discounts.of_lines(quote)[line.uid] == Decimal(100) * 100 / 270
