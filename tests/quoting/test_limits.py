"""How many of a line the customer can choose: set by the rep, read within limits, accepted, and within every rule."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.quoting.test_bundle_lines import added
from tests.quoting.test_document import line, make
from tests.quoting.test_margins import rules, sentences
from tests.support import samples
from webapp.models import AppSetting, Quote, User, db, utc_now
from webapp.services.company import app_settings
from webapp.services.core.errors import Conflict, Invalid
from webapp.services.quoting.answer import acceptance, choice, choosing, quantities
from webapp.services.quoting.answer.signature import Evidence
from webapp.services.quoting.draft import discounts, editing, lines, pasting
from webapp.services.quoting.lifecycle import publishing
from webapp.services.quoting.money.limits import Limits
from webapp.services.quoting.money.prices import Tier
from webapp.services.quoting.revisions import freezing, pricing, snapshot

SEATS = {"name": "Seats", "unit_price": "20", "recurrence": "monthly", "quantity": "10"}
LIMITS = {"min_quantity": "5", "max_quantity": "50", "quantity_step": "5"}
NUMBERS = st.decimals(min_value="0.01", max_value=100, places=2)


@given(NUMBERS, NUMBERS, st.decimals(min_value="0.05", max_value=20, places=2), NUMBERS)
def test_the_ends_can_be_chosen(least: Decimal, more: Decimal, step: Decimal, near: Decimal) -> None:
    allowed = Limits(least, least + more, step)
    assert allowed.allows(least)
    assert allowed.allows(allowed.below(near))
    assert allowed.below(near) <= max(near, least)
    ends = allowed.ends([Tier(near, Decimal(1))])
    assert all(map(allowed.allows, ends))
    assert (ends[0], ends[-1]) == (least, allowed.below(allowed.most))


def seats(rep: User, **more: str) -> Quote:
    """A quote with seats that the customer can choose from 5 to 50."""
    quote = samples.quote(rep, {**SEATS, **LIMITS, **more})
    return editing.get(quote.id)


@pytest.mark.parametrize(
    ("values", "field", "sentence"),
    [
        ({"min_quantity": "5"}, "max_quantity", "Enter both, or neither."),
        ({"max_quantity": "5"}, "min_quantity", "Enter both, or neither."),
        ({"min_quantity": "9", "max_quantity": "5"}, "max_quantity", "Enter at least the minimum."),
        ({"quantity_step": "2"}, "quantity_step", "Enter a minimum and a maximum too."),
        ({"min_quantity": "0", "max_quantity": "5"}, "min_quantity", "Enter a number greater than 0."),
        ({"min_quantity": "few", "max_quantity": "5"}, "min_quantity", None),
        (
            {"min_quantity": "20", "max_quantity": "30"},
            "min_quantity",
            "The line has 10. Set limits that include it, or change it first.",
        ),
    ],
)
def test_wrong_limits_are_said_beside_their_field(
    rep: User, values: dict[str, str], field: str, sentence: str | None
) -> None:
    quote = samples.quote(rep, SEATS)
    with pytest.raises(Invalid) as caught:
        lines.change(rep, quote.id, quote.lines[0].uid, {**SEATS, **values})
    assert list(caught.value.fields) == [field]
    assert sentence in (None, caught.value.fields[field])


def test_the_reps_quantity_keeps_within_the_limits(rep: User) -> None:
    quote = seats(rep)
    with pytest.raises(Invalid) as caught:
        lines.change(
            rep, quote.id, quote.lines[0].uid, {**SEATS, **LIMITS, "min_quantity": "10"} | {"quantity": "12"}
        )
    assert list(caught.value.fields) == ["min_quantity"]
    form = {"seen": lines.seen(rep, quote.lines[0], ("quantity",)), "quantity": "12"}
    with pytest.raises(Invalid) as caught:
        lines.change(rep, quote.id, quote.lines[0].uid, form)
    assert caught.value.fields == {
        "quantity": "The customer can choose 5 to 50 in steps of 5. Change these limits first."
    }


def test_the_customer_accepts_another_quantity(rep: User) -> None:
    quote = seats(rep, setup_fee="100", term_months="12")
    publishing.publish(rep, quote.id)
    revision = editing.get(quote.id).current_revision
    assert revision is not None
    live, uid = snapshot.parse(revision.content), quote.lines[0].uid
    person = {
        "name": "Ann Lee",
        "signature": "Ann Lee",
        "title": "Buyer",
        "terms": "1",
        **samples.shown(revision),
    }
    evidence, token = Evidence(), quote.public_token
    for wrong in ("4", "7", "55", "", "many", "5" * 40, "NaN", "1e3"):
        with pytest.raises(Invalid) as caught:
            acceptance.accept(token, {**person, f"quantity:{uid}": wrong}, [], evidence)
        assert caught.value.fields == {f"quantity:{uid}": "Choose 5 to 50 in steps of 5."}
    wanted = pricing.with_choices(live, [], {uid: Decimal(15)})
    with pytest.raises(Conflict, match="These totals weren't on your screen yet"):
        acceptance.accept(
            token, {**person, f"quantity:{uid}": "15"}, [], evidence, acceptance.on_screen(live)
        )
    said = choosing.change(live, wanted, pricing.of_snapshot(wanted))
    assert said == "Seats: 15 instead of 10. Monthly total $300.00."
    accepted = acceptance.accept(
        token, {**person, f"quantity:{uid}": "15"}, [], evidence, acceptance.on_screen(wanted)
    )
    assert accepted.acceptance is not None
    assert accepted.current_revision is not None
    frozen = snapshot.parse(accepted.current_revision.content)
    assert (frozen.revision, frozen.lines[0].quantity) == (2, 15)
    assert accepted.acceptance.content_sha256 == snapshot.sha256(accepted.current_revision.content)
    assert accepted.lines[0].quantity == 15
    assert choice.changed_quantities(accepted) == ["Seats: 15 instead of 10"]
    assert not freezing.has_changes(accepted, accepted.current_revision)


def test_copied_rows_keep_term_and_limits(rep: User) -> None:
    quote = seats(rep, setup_fee="100", term_months="12", renewal_price="22", starts_on="2030-01-31")
    rows = pasting.copied(rep, quote, [quote.lines[0].uid])
    pasting.add(rep, quote.id, rows)
    original, copy = (lines.copied(line) for line in editing.get(quote.id).lines)
    assert copy == original
    pasted = pasting.read(
        rep, quote, "Item\tQty\tQuantity from\tQuantity to\tTerm\nA\t1\t5\t9\t\nB\t1\t1\t9\tlong"
    )
    assert [row.problem for row in pasted.rows] == [
        "The line has 1. Set limits that include it, or change it first.",
        "Enter whole months, from 0 to 120.",
    ]


def test_a_price_by_quantity_follows_what_the_customer_chooses() -> None:
    tiered = line(
        "Seats",
        quantity=Decimal(10),
        unit_price=Decimal(20),
        min_quantity=Decimal(1),
        max_quantity=Decimal(100),
        quantity_prices="1=22;10=20;50=15",
    )
    frozen = make(lines=(tiered, line("Rack")), shipping_amount=Decimal(0))
    for quantity, total in ((1, 22), (9, 198), (10, 200), (49, 980), (50, 750), (100, 1500)):
        chosen = pricing.with_choices(frozen, [], {"Seats": Decimal(quantity), "Rack": Decimal(9)})
        assert pricing.of_snapshot(chosen).periods["one_time"].net == 100 + total
        assert snapshot.parse(chosen.canonical()) == chosen
    for refused in (Decimal(0), Decimal(101), Decimal("1.5")):
        assert pricing.with_choices(frozen, [], {"Seats": refused}) == frozen


def test_a_bundle_takes_a_quantity_as_a_whole(rep: User) -> None:
    quote, kit = added(rep)
    kit.min_quantity, kit.max_quantity = Decimal(1), Decimal(9)
    frozen = freezing.freeze(quote, number=1, revision=1, published_at=quote.created_at)
    before = pricing.of_snapshot(frozen).periods["one_time"].net
    doubled = pricing.with_choices(frozen, [], {kit.uid: kit.quantity * 2})
    assert pricing.of_snapshot(doubled).periods["one_time"].net == before * 2
    assert set(quantities.shown(frozen)) == {kit.uid}


def test_limits_of_discounts_and_margins_hold_for_each_quantity(rep: User) -> None:
    admin = samples.admin()
    off = {"discount_kind": "line", "discount_value": "20"}
    quote = samples.quote(rep, {**SEATS, **LIMITS, **off, "unit_cost": "16"})
    uid = quote.lines[0].uid
    # 20 of 200 here, and 20 of 100 where the customer takes five.
    assert discounts.of_lines(quote) == {uid: Decimal(20)}
    rules(admin, min_margin="10")
    said = sentences(admin, quote)
    told = "has a margin of 0%. The minimum is 10%. That depends on the options that the customer selects."
    assert f"Line 1 “Seats” {told}" in said
    rules(admin, discount_rep="15")
    with pytest.raises(Invalid, match="is 20% off, and your limit is 15%"):
        publishing.publish(rep, quote.id)


def test_a_lower_tier_is_held_to_the_minimum_margin(rep: User) -> None:
    admin = samples.admin()
    rules(admin, min_margin="20")
    item = samples.item(rep, name="365", unit_price="20", unit_cost="15", tiers="10: 20\n40: 16")
    quote = samples.quote(rep, {"name": "Rack", "unit_price": "9"})
    taken = lines.add_item(rep, quote.id, item, Decimal(10))
    assert "margin" not in sentences(admin, editing.get(quote.id))
    taken.min_quantity, taken.max_quantity = Decimal(1), Decimal(60)
    assert "“365” has a margin of 6.2%." in sentences(admin, editing.get(quote.id))
    taken.max_quantity = Decimal(39)
    assert "margin" not in sentences(admin, editing.get(quote.id))


@pytest.mark.parametrize("tiers", ["10: 18\n50: 15", "10: 5%\n50: 15%", "0: 5%\n50: 15%"])
def test_prices_by_quantity_cover_what_the_customer_can_choose(rep: User, tiers: str) -> None:
    by_quantity = {**SEATS, "quantity": "50", "price_rule": "tiers", "tiers": tiers}
    said = "There is no price by quantity for 1. Start them with a price from 0, like “0: 20”, or set other"
    said = f"{said} limits."
    limits = {"min_quantity": "1", "max_quantity": "100"}
    quote = samples.quote(rep)
    with pytest.raises(Invalid) as caught:
        lines.add_ad_hoc(rep, quote.id, {**by_quantity, **limits})
    assert caught.value.fields == {"min_quantity": said}
    taken = lines.add_ad_hoc(rep, quote.id, by_quantity)
    form = {"seen": lines.seen(rep, taken, tuple(LIMITS)), **LIMITS, **limits, "quantity_step": ""}
    with pytest.raises(Invalid) as caught:
        lines.change(rep, quote.id, taken.uid, form)
    assert caught.value.fields == {"min_quantity": said}
    # However it came to be: it isn't published, and is never free.
    taken.min_quantity, taken.max_quantity = Decimal(1), Decimal(100)
    with pytest.raises(Invalid) as caught:
        publishing.publish(rep, quote.id)
    assert caught.value.fields[taken.uid] == f"Line 2 “Seats”: {said}"
    frozen = freezing.freeze(editing.get(quote.id), number=1, revision=1, published_at=quote.created_at)
    for quantity in (1, 10, 50, 100):
        chosen = pricing.with_choices(frozen, [], {taken.uid: Decimal(quantity)})
        assert chosen.lines[-1].unit_price > 0


def test_prices_by_quantity_that_cover_all_are_taken(rep: User) -> None:
    quote = seats(rep, price_rule="tiers", tiers="0: 20\n10: 5%\n50: 15%")
    publishing.publish(rep, quote.id)
    uid = quote.lines[0].uid
    form = {"seen": lines.seen(rep, quote.lines[0], ("tiers",)), "tiers": "10: 18"}
    with pytest.raises(Invalid) as caught:
        lines.change(rep, quote.id, uid, form)
    assert list(caught.value.fields) == ["tiers"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"unit_price": "-5"}, "unit_price"),
        ({"unit_price": "20000000"}, "unit_price"),
        ({"max_quantity": "999990", "min_quantity": "5", "quantity_step": "5"}, "max_quantity"),
    ],
)
def test_the_largest_quantity_is_checked_beside_the_field_of_the_form(
    rep: User, values: dict[str, str], field: str
) -> None:
    quote = seats(rep, unit_price="2000", recurrence="one_time")
    form = {"seen": lines.seen(rep, quote.lines[0], tuple(values)), **values}
    with pytest.raises(Invalid) as caught:
        lines.change(rep, quote.id, quote.lines[0].uid, form)
    assert list(caught.value.fields) == [field]


def test_what_a_price_follows_from_is_compared_and_no_setting_of_the_company(rep: User) -> None:
    quote = seats(rep, price_rule="tiers", tiers="0: 20\n30: 7%")
    publishing.publish(rep, quote.id)
    quote = editing.get(quote.id)
    revision = quote.current_revision
    assert revision is not None
    assert snapshot.parse(revision.content).lines[0].quantity_prices == "0=20;30=18.6"
    row = db.session.get(AppSetting, app_settings.COMPANY_PROFILE)
    assert row is not None
    row.value = {**row.value, "price_ending": "99"}
    assert not freezing.has_changes(quote, revision)
    quote.lines[0].tiers = "0=20;30=8%"
    assert freezing.has_changes(quote, revision)


def test_what_a_choice_makes_of_a_discount_is_found_beside_the_sum_of_the_others(rep: User) -> None:
    limits = {"min_quantity": "1", "max_quantity": "4"}
    rows = [
        {"name": str(price), "unit_price": str(price), "quantity": "2", **limits} for price in (7, 31, 99)
    ]
    optional = {"name": "Optional", "unit_price": "11", "is_optional": "1", **limits}
    fee = {"name": "Fee", "unit_price": "5", "recurrence": "monthly", "setup_fee": "70", **limits}
    quote = samples.quote(
        rep, *rows, optional, {"name": "Rack", "unit_price": "40"}, {**fee, "quantity": "1"}
    )
    quote.lines[3].quantity = Decimal(2)
    quote.discount_kind, quote.discount_value = "amount", Decimal(50)
    frozen = freezing.freeze(quote, number=1, revision=1, published_at=quote.created_at)
    largest = dict.fromkeys([line.uid for line in quote.lines], Decimal(0))
    uids = [line.uid for line in quote.lines]
    for wanted in product((1, 2, 4), repeat=4):
        for chosen in ([], [uids[3]]):
            numbers = {uid: Decimal(number) for uid, number in zip(uids, wanted, strict=False)}
            amounts = pricing.of_snapshot(pricing.with_choices(frozen, chosen, numbers)).lines
            for uid, one in zip(uids, amounts, strict=True):
                if one.counts:
                    largest[uid] = max(largest[uid], one.discount * 100 / one.gross)
    found = discounts.of_lines(quote)
    assert found.keys() == largest.keys()
    for uid, percent in largest.items():
        gross = next(line.unit_price for line in quote.lines if line.uid == uid)
        assert abs(found[uid] - percent) * gross / 100 <= Decimal("0.01")


def test_a_quantity_out_of_its_limits_isnt_published(rep: User) -> None:
    quote = seats(rep)
    # As a draft could have it from before its limits were checked everywhere.
    quote.lines[0].quantity = Decimal(7)
    with pytest.raises(Invalid) as caught:
        publishing.publish(rep, quote.id)
    assert caught.value.fields == {
        quote.lines[0].uid: "Line 1 “Seats”: The line has 7. Set limits that include it, or change it first."
    }


def accepted(quote: Quote, chosen: list[str], quantities: dict[str, str]) -> Quote:
    """The quote, accepted by the customer as it is live, with these options and quantities."""
    revision = quote.current_revision
    assert revision is not None
    person = {
        "name": "Ann Lee",
        "signature": "Ann Lee",
        "title": "Buyer",
        "terms": "1",
        **samples.shown(revision),
    }
    typed = {f"quantity:{uid}": quantity for uid, quantity in quantities.items()}
    return acceptance.accept(quote.public_token, {**person, **typed}, chosen, Evidence())


def test_only_what_the_customer_chose_is_said_to_be_theirs(rep: User) -> None:
    quote = seats(rep)
    publishing.publish(rep, quote.id)
    lines.change(rep, quote.id, quote.lines[0].uid, {**SEATS, **LIMITS, "quantity": "15"})
    publishing.publish(rep, quote.id)
    assert choice.changed_quantities(accepted(editing.get(quote.id), [], {})) == []


def test_the_quantity_of_an_option_that_wasnt_taken_isnt_said(rep: User) -> None:
    quote = samples.quote(rep, {"name": "Rack", "unit_price": "5"}, {**SEATS, **LIMITS, "is_optional": "1"})
    publishing.publish(rep, quote.id)
    uid = quote.lines[1].uid
    assert choice.changed_quantities(accepted(editing.get(quote.id), [], {uid: "15"})) == []


def test_what_is_accepted_later_bills_as_it_was_offered(rep: User) -> None:
    soon, late = "2040-12-15", utc_now() + timedelta(minutes=10)
    quote = samples.quote(rep, {"name": "Rack", "unit_price": "100"}, {**SEATS, **LIMITS, "starts_on": soon})
    publishing.publish(rep, quote.id)
    quote = editing.get(quote.id)
    assert quote.current_revision is not None
    live, uid = snapshot.parse(quote.current_revision.content), quote.lines[1].uid
    quote = accepted(quote, [], {uid: "15"})
    assert quote.current_revision is not None
    frozen = snapshot.parse(quote.current_revision.content)
    assert (frozen.revision, frozen.published_at) == (2, live.published_at)
    assert live.published_at < quote.current_revision.created_at < late
    shown = pricing.with_choices(live, [], {uid: Decimal(15)})
    offers = [pricing.offered(one, pricing.of_snapshot(one))["contract"] for one in (shown, frozen)]
    assert offers[0] == offers[1]
