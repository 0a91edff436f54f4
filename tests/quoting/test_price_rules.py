"""What is typed leads: price, margin or markup, on lines and on items; the others follow, also later."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.support import samples
from webapp.models import Quote, QuoteLine, User, db
from webapp.services.catalog import items, price_rules
from webapp.services.company import place
from webapp.services.core import merge
from webapp.services.core.errors import Conflict, Invalid
from webapp.services.quoting.draft import (
    bulk,
    bundles,
    editing,
    lines,
    pasting,
    price_facts,
    shown,
    steps,
    undo,
)
from webapp.services.quoting.lifecycle import publishing
from webapp.services.quoting.revisions import freezing, pricing


def one(quote: Quote) -> QuoteLine:
    """The last line, as stored."""
    db.session.expire_all()
    return editing.get(quote.id).lines[-1]


def of(line: QuoteLine) -> tuple[str, Decimal, Decimal, Decimal | None, Decimal | None]:
    """What leads, price and cost, margin and markup."""
    also = price_rules.derived(line)
    return line.price_rule, line.unit_price, line.unit_cost, also["margin"], also["markup"]


def type_in(rep: User, quote: Quote, seen: str = "", **typed: str) -> QuoteLine:
    """Save the row of the last line with what was typed into it."""
    line = one(quote)
    sent = shown.cells(line, place.of_company()) | typed
    lines.change(rep, quote.id, line.uid, {**sent, "seen": seen or lines.seen(rep, line, lines.CELLS)})
    return one(quote)


def type_beside(rep: User, quote: Quote, **typed: str) -> QuoteLine:
    """Save the price form of the last line with what was typed into it."""
    line = one(quote)
    sent = shown.pricing(line, place.of_company()) | typed
    lines.change(rep, quote.id, line.uid, {**sent, "seen": lines.seen(rep, line, lines.PRICE)})
    return one(quote)


@pytest.fixture
def quote(rep: User) -> Quote:
    """A quote with one line of 100.00 that costs 60."""
    return samples.quote(rep, {"name": "Firewall", "unit_price": "100", "unit_cost": "60"})


def test_the_typed_one_of_the_three_leads(rep: User, quote: Quote) -> None:
    num = Decimal
    assert of(one(quote)) == ("fixed", num(100), num(60), num("40.0"), num("66.7"))
    assert of(type_in(rep, quote, margin="25%")) == ("margin", num(80), num(60), num(25), num("33.3"))
    assert of(type_in(rep, quote, unit_cost="66")) == ("margin", num(88), num(66), num(25), num("33.3"))
    assert of(type_beside(rep, quote, markup="50")) == ("markup", num(99), num(66), num("33.3"), num(50))
    assert of(type_in(rep, quote, unit_cost="60")) == ("markup", num(90), num(60), num("33.3"), num(50))
    assert of(type_in(rep, quote, unit_price="95")) == ("fixed", num(95), num(60), num("36.8"), num("58.3"))
    assert of(type_in(rep, quote, unit_cost="70")) == ("fixed", num(95), num(70), num("26.3"), num("35.7"))
    # A rule that is chosen keeps the percentage that the price has.
    assert of(type_beside(rep, quote, price_rule="margin"))[:2] == ("margin", num("94.98"))
    assert of(type_in(rep, quote, name="Other"))[:2] == ("margin", num("94.98"))


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"margin": "25", "unit_price": "90"}, "margin", price_rules.TOO_MANY),
        ({"margin": "25", "unit_cost": "0"}, "margin", price_rules.WHY_NOT[price_rules.NO_COST]),
        (
            {"margin": "25", "discount_value": "5%"},
            "margin",
            price_rules.WHY_NOT[price_rules.DISCOUNTED],
        ),
        ({"margin": "100"}, "margin", "Enter 99.9 or less."),
        ({"margin": "much"}, "margin", "Enter a percentage, like 25."),
    ],
)
def test_what_cannot_lead_is_said_beside_it(
    rep: User, quote: Quote, typed: dict[str, str], field: str, sentence: str
) -> None:
    with pytest.raises(Invalid) as caught:
        type_in(rep, quote, **typed)
    assert caught.value.fields == {field: sentence}
    assert of(one(quote))[:2] == ("fixed", Decimal(100))


def test_two_people_do_not_overwrite_each_others_price(rep: User, quote: Quote) -> None:
    seen = lines.seen(rep, one(quote), lines.CELLS)
    type_in(rep, quote, unit_price="120")
    with pytest.raises(Conflict) as caught:
        type_in(rep, quote, seen, margin="25", unit_price="100")
    assert "“120”" in caught.value.fields["unit_price"]
    assert of(one(quote))[:2] == ("fixed", Decimal(120))
    # Who changed something else keeps what the other one typed.
    changed = type_in(rep, quote, seen, quantity="3", unit_price="100", margin="40")
    assert (changed.quantity, changed.unit_price) == (3, 120)


def test_cells_calculate_with_what_is_stored(rep: User, quote: Quote) -> None:
    assert type_in(rep, quote, unit_price="+10%").unit_price == 110
    assert type_in(rep, quote, unit_price="/3").unit_price == Decimal("36.67")
    assert type_in(rep, quote, quantity="=2*6", unit_cost="*1.5").unit_cost == 90
    assert (one(quote).quantity, one(quote).price_rule) == (12, "fixed")
    assert of(type_in(rep, quote, margin="=100/4"))[3] == 25


def test_several_lines_get_a_margin_that_leads(rep: User, quote: Quote) -> None:
    bulk.change(rep, quote.id, [one(quote).uid], "margin", {"value": "20"})
    assert of(one(quote))[:2] == ("margin", Decimal(75))
    assert type_in(rep, quote, unit_cost="80").unit_price == 100


def test_undo_copy_paste_and_revisions_keep_what_leads(rep: User, quote: Quote) -> None:
    with steps.of_session("here"):
        type_in(rep, quote, margin="25")
        assert undo.next_labels(rep, quote.id)[0] == "price of Firewall"
        undo.undo(rep, quote.id)
        assert of(one(quote))[:2] == ("fixed", Decimal(100))
        undo.redo(rep, quote.id)
        assert of(one(quote))[:2] == ("margin", Decimal(80))
    type_beside(rep, quote, list_price="110", shows_savings="1", price_ending="99")
    led = one(quote)
    assert (led.unit_price, led.list_price, led.shows_savings) == (Decimal("80.99"), 110, True)
    text = pasting.copied(rep, quote, [led.uid])
    pasting.add(rep, quote.id, text)
    names = [name for name in freezing.LINE if name not in ("uid", "item_id", "price_date", "cost_date")]
    assert [getattr(one(quote), name) for name in names] == [getattr(led, name) for name in names]
    publishing.publish(rep, quote.id)
    type_in(rep, quote, unit_price="5")
    editing.discard_changes(rep, quote.id)
    assert of(one(quote))[:2] == ("margin", Decimal("80.99"))
    assert not freezing.has_changes(quote, quote.current_revision)  # type: ignore[arg-type]


def test_an_items_rule_goes_to_its_lines(rep: User, quote: Quote) -> None:
    item = samples.item(rep, unit_price="", unit_cost="60", margin="25")
    assert (item.price_rule, item.unit_price) == ("margin", 80)
    form: dict[str, Any] = {"name": item.name, "is_active": "1", "unit_price": "80", "unit_cost": "66"}
    items.save(rep, item, form | {"margin": "25", "seen": items.seen(rep, item)})
    assert item.unit_price == 88
    line = lines.add_item(rep, quote.id, item)
    assert of(line)[:2] == ("margin", Decimal(88))
    assert type_in(rep, quote, unit_cost="60").unit_price == 80
    items.save(rep, item, form | {"unit_price": "90", "margin": "25", "seen": items.seen(rep, item)})
    assert (item.price_rule, item.unit_price) == ("fixed", 90)


def test_a_price_by_quantity_follows_it(rep: User, quote: Quote) -> None:
    item = samples.item(rep, unit_price="20", unit_cost="9", tiers="50: 15%\n10: 18.50")
    assert item.tiers == "10=18.5;50=15%"
    lines.add_item(rep, quote.id, item, Decimal(2))
    assert (one(quote).unit_price, one(quote).price_rule) == (20, "tiers")
    line = type_in(rep, quote, quantity="12")
    assert line.unit_price == Decimal("18.5")
    amounts = pricing.of_quote(editing.get(quote.id)).lines[-1]
    facts = [fact.text for fact in price_facts.of_line(line, amounts, "USD", see_cost=True)]
    assert facts[:2] == ["Price by quantity, from 10: $18.50 each.", "From 50: $17.00 each, $850.00 in all."]
    assert type_in(rep, quote, quantity="60").unit_price == 17
    assert type_in(rep, quote, unit_price="16").price_rule == "fixed"
    assert type_in(rep, quote, quantity="2").unit_price == 16
    assert type_beside(rep, quote, price_rule="tiers").unit_price == 20
    with pytest.raises(Invalid) as caught:
        samples.item(rep, tiers="ten: 5")
    assert "ten: 5" in caught.value.fields["tiers"]
    with pytest.raises(Invalid) as caught:
        samples.item(rep, unit_price="-5", unit_cost="", tiers="10: 4")
    assert caught.value.fields == {"tiers": "A credit has no price by quantity. Clear it."}


def test_pasted_rows_take_the_rule_of_their_item(rep: User, quote: Quote) -> None:
    samples.item(rep, name="Switch", unit_price="20", list_price="24", tiers="10: 18.50")
    samples.item(rep, name="Care", unit_price="", unit_cost="60", margin="25")
    pasting.add(rep, quote.id, "Item\tQty\nSwitch\t12\nCare\t1")
    switch, care = editing.get(quote.id).lines[-2:]
    assert (switch.price_rule, switch.unit_price, switch.list_price) == ("tiers", Decimal("18.5"), 24)
    assert of(care)[:2] == ("margin", Decimal(80))
    pasting.add(rep, quote.id, "Item\tQty\tPrice\nSwitch\t12\t17")
    assert of(one(quote))[:2] == ("fixed", Decimal(17))


def test_price_and_cost_are_dated_when_they_change(rep: User, quote: Quote) -> None:
    line = one(quote)
    assert line.price_date == line.cost_date == place.today()
    line.cost_date = line.price_date = place.today() - timedelta(days=200)
    db.session.commit()
    assert price_facts.has_old_cost(one(quote), place.today())
    changed = type_in(rep, quote, unit_cost="61")
    assert (changed.cost_date, changed.price_date) == (
        place.today(),
        place.today() - timedelta(days=200),
    )


def test_a_page_from_before_there_were_margins_still_saves(rep: User, quote: Quote) -> None:
    line = one(quote)
    older = merge.seen(
        {name: getattr(line, name) for name in ("name", "quantity", "unit_price", "unit_cost")}
    )
    sent = {"name": "Firewall", "quantity": "1", "unit_price": "110", "unit_cost": "60", "seen": older}
    lines.change(rep, quote.id, line.uid, sent)
    assert of(one(quote))[:2] == ("fixed", Decimal(110))


def test_a_form_tells_what_was_typed_from_what_it_was_opened_with() -> None:
    form = {"seen": merge.seen({"margin": Decimal(25)})}
    assert not merge.is_typed(form, "margin", Decimal("25.0"), Decimal(30))
    assert merge.is_typed(form, "margin", Decimal(30), Decimal(30))
    assert merge.is_typed({}, "margin", Decimal(25), Decimal(30))


PASTED = "Item\tQuantity\tPrice\tCost\tPrice rule\tRule percent"


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        ("1\t100\t60\tmargin\t100", "A margin that leads is from -999 to 99.9 percent."),
        ("1\t100\t60\tmargin\t250", "A margin that leads is from -999 to 99.9 percent."),
        ("1\t100\t60\tmarkup\t-500", "A markup that leads is from -99.9 to 1,000,000 percent."),
        # The margin that it has is no margin that can lead.
        ("1\t1\t20\tmargin\t", "A margin that leads is from -999 to 99.9 percent."),
        ("1\t100000\t0.01\tmargin\t", "A margin that leads is from -999 to 99.9 percent."),
        ("1\t100\t90000000\tmarkup\t900", price_rules.TOO_HIGH),
        ("1000000\t1\t60\tmarkup\t1000000", bundles.TOO_MUCH),
    ],
)
def test_a_pasted_rule_has_its_limits(rep: User, quote: Quote, cells: str, sentence: str) -> None:
    text = f"{PASTED}\nCable\t{cells}\nRack\t1\t100\t60\tmargin\t25"
    cable, rack = pasting.read(rep, quote, text).rows
    assert (cable.problem, rack.problem) == (sentence, "")
    assert len(pasting.add(rep, quote.id, text)[0]) == 1
    assert of(one(quote))[:2] == ("margin", Decimal(80))


@pytest.mark.parametrize(("price", "cost"), [("1", "20"), ("100000", "20")])
def test_a_margin_that_only_follows_has_no_limits(rep: User, quote: Quote, price: str, cost: str) -> None:
    type_in(rep, quote, unit_price=price, unit_cost=cost)
    changed = type_in(rep, quote, quantity="2")
    assert (changed.quantity, changed.unit_price) == (2, Decimal(price))
    with pytest.raises(Invalid) as caught:
        type_in(rep, quote, margin="100.5")
    assert caught.value.fields == {"margin": "Enter 99.9 or less."}


def test_a_quantity_reckons_no_price_by_a_margin_again(rep: User, quote: Quote) -> None:
    led = type_in(rep, quote, margin="25")
    led.unit_price = Decimal(81)
    db.session.commit()
    assert type_in(rep, quote, quantity="7").unit_price == 81
    assert type_in(rep, quote, unit_cost="66").unit_price == 88


def test_the_items_price_is_the_first_of_a_lines_quantities(rep: User, quote: Quote) -> None:
    with pytest.raises(Invalid) as caught:
        samples.item(rep, unit_price="20", tiers="0: 5")
    assert "needs a quantity above 0" in caught.value.fields["tiers"]
    most = "\n".join(f"{number}: {number}%" for number in range(1, 21))
    item = samples.item(rep, unit_price="20", tiers=most)
    line = lines.add_item(rep, quote.id, item, Decimal(5))
    assert line.unit_price == 19
    text = pasting.copied(rep, quote, [line.uid])
    assert pasting.add(rep, quote.id, text)[1] == []
    assert one(quote).tiers == line.tiers
    with pytest.raises(Invalid) as caught:
        samples.item(rep, unit_price="20", tiers=f"{most}\n21: 21%")
    assert caught.value.fields == {"tiers": "Use up to 20 quantities."}


def test_a_discount_makes_the_price_a_typed_one(rep: User, quote: Quote) -> None:
    fixed = ("fixed", Decimal(80))
    type_in(rep, quote, margin="25")
    assert of(type_in(rep, quote, discount_value="5%"))[:2] == fixed
    type_in(rep, quote, discount_value="", discount_kind="none")
    assert of(type_beside(rep, quote, price_rule="margin"))[0] == "margin"
    bulk.change(rep, quote.id, [one(quote).uid], "discount", {"value": "", "discount_value": "5%"})
    assert of(one(quote))[:2] == fixed
    assert of(type_in(rep, quote, unit_cost="66"))[:2] == fixed
    text = pasting.copied(rep, quote, [one(quote).uid])
    assert pasting.add(rep, quote.id, text)[1] == []
    head = f"{PASTED}\tDiscount\tDiscount type"
    assert pasting.add(rep, quote.id, f"{head}\nCable\t1\t80\t60\tmargin\t25\t5%\t")[1] == []
    assert of(one(quote))[:2] == fixed


def test_a_date_is_no_change_of_the_offer(rep: User, quote: Quote) -> None:
    revision = publishing.publish(rep, quote.id).revision
    line = one(quote)
    line.price_date = line.cost_date = place.today() - timedelta(days=3)
    db.session.commit()
    assert not freezing.has_changes(editing.get(quote.id), revision)
    assert not publishing.publish(rep, quote.id).is_new
