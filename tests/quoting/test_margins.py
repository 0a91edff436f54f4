"""The minimum margin: said to those who may go below it, a stop for those who may not; old costs; company settings."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import event

from tests.support import samples
from webapp.models import Quote, User, db
from webapp.services.accounts import access_rules, changing_rules, users
from webapp.services.catalog import price_rules
from webapp.services.company import place, profile
from webapp.services.core.errors import Invalid
from webapp.services.quoting.draft import editing, lines, pasting, price_facts, readiness, sections, shown
from webapp.services.quoting.lifecycle import publishing
from webapp.services.quoting.revisions import pricing


def rules(admin: User, **values: str) -> None:
    """Settings > Roles with these values."""
    flags = ("reps_see_cost", "below_margin_admin", "below_margin_sales_manager")
    changing_rules.save(admin, {**dict.fromkeys(flags, "1"), **values})


def sentences(viewer: User, quote: Quote) -> str:
    """What is said to ``viewer`` before publishing."""
    return "\n".join(one.sentence for one in readiness.checks(quote, pricing.of_quote(quote), viewer))


@pytest.fixture
def admin(rep: User) -> User:
    """An admin beside the rep."""
    return samples.admin()


def test_a_low_margin_is_said_or_stops_the_publishing(rep: User, admin: User) -> None:
    quote = samples.quote(
        rep, {"name": "Firewall", "unit_price": "100", "unit_cost": "85"}, {"name": "Care", "unit_price": "5"}
    )
    assert "margin" not in sentences(rep, quote)
    rules(admin, min_margin="20")
    assert "Line 1 “Firewall” has a margin of 15%. The minimum is 20%." in sentences(admin, quote)
    assert "margin" not in sentences(rep, quote)
    with pytest.raises(Invalid) as caught:
        publishing.publish(rep, quote.id)
    told = "Line 1 “Firewall” has a margin of 15%. The minimum is 20%. Ada Admin can publish it."
    assert caught.value.fields == {quote.lines[0].uid: told}
    rules(admin, min_margin="20", reps_see_cost="")
    with pytest.raises(Invalid) as caught:
        publishing.publish(rep, quote.id)
    assert "“Firewall” is below the minimum margin. Ada Admin can publish it." in str(caught.value)
    rules(admin, min_margin="20", below_margin_rep="1")
    assert "margin of 15%" in sentences(rep, quote)
    assert publishing.publish(rep, quote.id).is_new


def test_a_margin_is_compared_as_exactly_as_it_is_said(rep: User, admin: User) -> None:
    rules(admin, min_margin="25")
    quote = samples.quote(rep, {"name": "Cable", "unit_price": "10", "unit_cost": "7.51"})
    lines.change(
        rep,
        quote.id,
        quote.lines[0].uid,
        {"name": "Cable", "unit_price": "10", "unit_cost": "7.51", "margin": "25"},
    )
    assert quote.lines[0].unit_price == Decimal("10.01")
    assert "margin" not in sentences(admin, quote)
    assert publishing.publish(rep, quote.id).is_new


def test_discounts_count_and_what_is_given_away_is_low(rep: User, admin: User) -> None:
    rules(admin, min_margin="0")
    first = {"name": "Firewall", "unit_price": "100", "unit_cost": "85"}
    quote = samples.quote(rep, first)
    assert "margin" not in sentences(admin, quote)
    lines.change(rep, quote.id, quote.lines[0].uid, {**first, "discount_value": "16%"})
    assert "has a margin of -1.2%. The minimum is 0%." in sentences(admin, quote)
    lines.change(rep, quote.id, quote.lines[0].uid, {**first, "discount_value": "100%"})
    assert "has a cost and no price left" in sentences(admin, editing.get(quote.id))


def test_the_minimum_is_a_percentage(rep: User, admin: User) -> None:
    with pytest.raises(Invalid) as caught:
        rules(admin, min_margin="100")
    assert caught.value.fields == {"min_margin": "Enter 99 or less."}
    assert access_rules.current().min_margin is None


def test_old_costs_are_said_by_the_companys_days(rep: User, admin: User) -> None:
    quote = samples.quote(rep, {"name": "Firewall", "unit_price": "100", "unit_cost": "60"})
    quote.lines[0].cost_date = place.today() - timedelta(days=45)
    db.session.commit()
    assert "cost of line" not in sentences(rep, quote)
    profile.save(admin, {"name": "Brightwater", "old_cost_days": "30", "price_ending": "99"})
    assert "The cost of line 1 “Firewall” is from 45 days ago." in sentences(rep, quote)
    rules(admin, reps_see_cost="")
    assert "cost of line" not in sentences(rep, quote)
    item = samples.item(admin, unit_price="", unit_cost="60", margin="25")
    assert item.unit_price == Decimal("80.99")
    for wrong in ("0", "x", "99999"):
        with pytest.raises(Invalid) as caught:
            profile.save(admin, {"name": "Brightwater", "old_cost_days": wrong})
        assert list(caught.value.fields) == ["old_cost_days"]


def test_an_option_is_kept_to_the_limits_as_the_customer_can_choose_it(rep: User, admin: User) -> None:
    quote = samples.quote(
        rep,
        {"name": "Firewall", "unit_price": "1000", "unit_cost": "500"},
        {"name": "Cable", "unit_price": "100", "unit_cost": "60", "is_optional": "1"},
        {"name": "Rack", "unit_price": "900", "unit_cost": "500", "is_optional": "1", "is_selected": "1"},
    )
    editing.save_header(
        rep, quote.id, {"title": "Network", "discount_kind": "amount", "discount_value": "400"}
    )
    rules(admin, min_margin="20")
    said = sentences(admin, editing.get(quote.id))
    told = "has a margin of 5.7%. The minimum is 20%. That depends on the options that the customer selects."
    assert f"Line 2 “Cable” {told}" in said
    assert "Line 1 “Firewall” has a margin of 16.7%. The minimum is 20%. That depends on" in said
    rules(admin, min_margin="", discount_rep="30")
    with pytest.raises(Invalid) as caught:
        publishing.publish(rep, quote.id)
    assert "“Cable” is 36.4% off, and your limit is 30%." in str(caught.value)


def test_an_option_of_a_section_takes_the_sections_discount(rep: User, admin: User) -> None:
    quote = samples.quote(
        rep,
        {"name": "Firewall", "unit_price": "100", "unit_cost": "50"},
        {"name": "Cable", "unit_price": "100", "unit_cost": "60", "is_optional": "1"},
    )
    section = sections.add(rep, quote.id, {"title": "Network"})
    sections.put_lines(rep, quote.id, [line.uid for line in quote.lines], section.uid)
    sections.change(
        rep,
        quote.id,
        section.uid,
        {"title": "Network", "discount_kind": "amount", "discount_value": "60"},
    )
    rules(admin, min_margin="20", below_margin_rep="")
    with pytest.raises(Invalid) as caught:
        publishing.publish(rep, quote.id)
    assert "Line 2 “Cable” has a margin of 14.3%. The minimum is 20%." in str(caught.value)


def test_clearing_the_cost_or_a_credit_is_no_way_below_the_minimum(rep: User, admin: User) -> None:
    rules(admin, min_margin="20")
    quote = samples.quote(rep, {"name": "Care", "unit_price": "100", "unit_cost": "70"})
    line = lines.add_item(rep, quote.id, samples.item(rep))
    lines.change(rep, quote.id, line.uid, {"name": "Firewall", "unit_price": "61", "unit_cost": "0"})
    with pytest.raises(Invalid) as caught:
        publishing.publish(rep, quote.id)
    told = "is below the minimum margin: its item has a cost, and it has none. Ada Admin can publish it."
    assert caught.value.fields == {line.uid: f"Line 2 “Firewall” {told}"}
    lines.remove(rep, quote.id, line.uid)
    lines.add_ad_hoc(rep, quote.id, {"name": "Trade-in", "unit_price": "-20"})
    with pytest.raises(Invalid) as caught:
        publishing.publish(rep, quote.id)
    told = "One-time lines with the credits have a margin of 12.5%. The minimum is 20%. Ada Admin can publish it."
    assert caught.value.fields == {"lines": told}


def test_who_sees_no_cost_reads_no_line_below_the_minimum(rep: User, admin: User) -> None:
    reader = users.create_user(
        None, email="r@desk.example", name="Rea", password=samples.PASSWORD, role="read_only"
    )
    quote = samples.quote(rep, {"name": "Firewall", "unit_price": "100", "unit_cost": "85"})
    rules(admin, min_margin="20", reps_see_cost="", below_margin_rep="1")
    assert "minimum" not in sentences(reader, quote)
    assert "The quote is below the minimum margin." in sentences(rep, quote)
    assert "Line 1 “Firewall”" not in sentences(rep, quote)
    rules(admin, min_margin="20", read_only_see_cost="1")
    assert "Line 1 “Firewall” has a margin of 15%" in sentences(reader, quote)


@pytest.mark.parametrize("is_stored", [False, True])
def test_the_companys_settings_are_read_once_for_a_page(rep: User, admin: User, is_stored: bool) -> None:
    if is_stored:
        profile.save(admin, {"name": "Brightwater"})
    wanted = [{"name": f"Cable {at}", "unit_price": "9", "unit_cost": "5"} for at in range(12)]
    quote = samples.quote(rep, *wanted)
    pasting.add(rep, quote.id, "Item\tPrice\tCost\tPrice rule\tRule percent\nRack\t9\t5\tmargin\t20")
    quote_id = quote.id
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "FROM app_setting" in statement:
            asked.append(statement)

    db.session.rollback()
    event.listen(db.engine, "before_cursor_execute", note)
    try:
        found = editing.get(quote_id)
        totals = pricing.of_quote(found)
        readiness.checks(found, totals, None)
        readiness.problems(found, totals, rep)
        for line, amounts in zip(found.lines, totals.lines, strict=True):
            price_facts.of_line(line, amounts, "USD", see_cost=True)
            shown.line(line)
            price_rules.follow(line, {}, "USD")
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert len(asked) == 1


def test_credits_are_checked_for_whatever_the_customer_can_choose(rep: User, admin: User) -> None:
    rules(admin, min_margin="20")
    quote = samples.quote(
        rep,
        {"name": "Care", "unit_price": "100", "unit_cost": "70"},
        {"name": "Rack", "unit_price": "100", "unit_cost": "40", "is_optional": "1", "is_selected": "1"},
        {"name": "Trade-in", "unit_price": "-20"},
    )
    told = "One-time lines with the credits have a margin of 12.5%. The minimum is 20%."
    choice = "That depends on the options that the customer selects."
    assert f"{told} {choice}" in sentences(admin, quote)
    rack, trade_in = quote.lines[1], quote.lines[2]
    lines.change(
        rep, quote.id, rack.uid, {"name": "Rack", "unit_price": "100", "unit_cost": "40", "is_optional": ""}
    )
    assert "credits" not in sentences(admin, editing.get(quote.id))
    lines.change(rep, quote.id, trade_in.uid, {"name": "Trade-in", "unit_price": "-70", "is_optional": "1"})
    told = "One-time lines with the credits have a margin of 15.4%. The minimum is 20%."
    assert f"{told} {choice}" in sentences(admin, editing.get(quote.id))


def test_a_line_without_its_items_cost_tells_no_one_who_sees_no_costs(rep: User, admin: User) -> None:
    rules(admin, min_margin="20")
    quote = samples.quote(rep, {"name": "Care", "unit_price": "100", "unit_cost": "70"})
    line = lines.add_item(rep, quote.id, samples.item(rep))
    lines.change(rep, quote.id, line.uid, {"name": "Firewall", "unit_price": "61", "unit_cost": "0"})
    rules(admin, min_margin="20", reps_see_cost="")
    with pytest.raises(Invalid) as caught:
        publishing.publish(rep, quote.id)
    assert caught.value.fields == {
        line.uid: "Line 2 “Firewall” is below the minimum margin. Ada Admin can publish it."
    }


def test_a_price_that_the_minimum_margin_gives_is_not_below_it(rep: User, admin: User) -> None:
    """30% on 0.05 is 0.0714, so 0.07 after rounding: 28.6% of it."""
    rules(admin, min_margin="30")
    cheap = {"name": "Label", "unit_cost": "0.05", "margin": "30", "quantity": "100"}
    quote = samples.quote(rep, {**cheap, "unit_price": ""})
    assert quote.lines[0].unit_price == Decimal("0.07")
    assert "margin" not in sentences(admin, quote)
    lines.change(
        rep, quote.id, quote.lines[0].uid, {"name": "Label", "unit_cost": "0.05", "unit_price": "0.06"}
    )
    assert "has a margin of 16.7%" in sentences(admin, editing.get(quote.id))


OFF = {
    "unit_price": "20",
    "unit_cost": "16",
    "quantity": "1000",
    "discount_kind": "line",
    "discount_value": "4",
}


@pytest.mark.parametrize(
    "values",
    [
        {"unit_price": "0.02", "unit_cost": "0.02", "quantity": "100000"},
        {
            "unit_price": "0.02",
            "unit_cost": "0.02",
            "quantity": "100000",
            "price_rule": "margin",
            "margin": "0",
        },
        {**OFF, "min_quantity": "1", "max_quantity": "1000"},
    ],
)
def test_only_a_price_that_the_minimum_gave_may_be_rounded_below_it(
    rep: User, admin: User, values: dict[str, str]
) -> None:
    rules(admin, min_margin="19")
    quote = samples.quote(rep, {"name": "Screw", **values})
    with pytest.raises(Invalid, match=r"has a margin of 0%\. The minimum is 19%"):
        publishing.publish(rep, quote.id)
    led = {"unit_cost": "0.02", "margin": "19", "quantity": "100000"}
    given = {"name": "Screw", "price_rule": "margin", "unit_price": "0", **led}
    quote = samples.quote(rep, given, customer=quote.person)
    assert quote.lines[0].unit_price == Decimal("0.02")
    assert publishing.publish(rep, quote.id).is_new


def test_a_price_at_renewal_is_held_to_the_minimum(rep: User, admin: User) -> None:
    rules(admin, min_margin="20")
    seats = {"name": "Seats", "unit_price": "20", "unit_cost": "10", "recurrence": "monthly"}
    customer = samples.person(rep)
    for price, why in (("0", "a cost and no price left"), ("11", "a margin of 9.1%")):
        line = {**seats, "term_months": "12", "renewal_price": price}
        quote = samples.quote(rep, line, customer=customer)
        with pytest.raises(Invalid, match=f"“Seats” has {why}, after the term. The minimum"):
            publishing.publish(rep, quote.id)
    line = {**seats, "term_months": "12", "renewal_price": "12.50"}
    quote = samples.quote(rep, line, customer=customer)
    assert publishing.publish(rep, quote.id).is_new
