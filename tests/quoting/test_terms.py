"""Subscriptions: what is billed first, in the first year and over the terms, and what a rep can enter of it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.quoting.test_document import line, make
from tests.support import samples
from webapp.models import Quote, User, utc_now
from webapp.models.catalog import ONE_TIME, RECURRENCES
from webapp.services.catalog import items
from webapp.services.catalog import terms as terms_of
from webapp.services.core.errors import Conflict, Invalid
from webapp.services.core.place import Place
from webapp.services.quoting.draft import bulk, editing, lines, readiness
from webapp.services.quoting.lifecycle import publishing
from webapp.services.quoting.money import terms
from webapp.services.quoting.money.terms import Charge
from webapp.services.quoting.revisions import commitments, freezing, parts, pricing, snapshot

DAY = date(2026, 1, 31)
CENTS = st.decimals(min_value=-1000, max_value=100_000, places=2)
CHARGES = st.lists(
    st.builds(
        Charge,
        period=st.sampled_from((*RECURRENCES, terms.SETUP, terms.SHIPPING)),
        amount=CENTS,
        starts_on=st.none() | st.dates(date(2025, 1, 1), date(2028, 12, 31)),
        term=st.integers(0, 120),
        renewal=st.none() | CENTS,
    ),
    max_size=12,
)


@given(CHARGES)
def test_each_value_is_the_sum_of_its_parts_to_the_cent(charges: list[Charge]) -> None:
    found = terms.reckoned(charges, DAY)
    for value in (found.first_invoice, found.first_year, found.contract):
        assert value.total == sum((part.times * part.amount for part in value.parts), Decimal(0))
        assert value.total == value.total.quantize(Decimal("0.01"))
        assert all(part.times > 0 and part.amount for part in value.parts)
        assert len({(part.kind, part.times, part.is_renewed) for part in value.parts}) == len(value.parts)


@given(CHARGES)
def test_values_add_up_charge_by_charge(charges: list[Charge]) -> None:
    """The values of a quote are those of its charges, each with the quote's first day."""
    found = terms.reckoned(charges, DAY)
    once = Charge(ONE_TIME, Decimal(1), found.first_day)
    alone = [terms.reckoned([charge, once], found.first_day) for charge in charges]
    for name in ("first_invoice", "first_year", "contract"):
        each = sum((getattr(one, name).total - 1 for one in alone), Decimal(0))
        assert getattr(found, name).total == each


@given(st.sampled_from(RECURRENCES), st.integers(0, 120), st.dates(date(2024, 1, 1), date(2030, 12, 31)))
def test_a_charge_is_billed_by_its_months(period: str, term: int, day: date) -> None:
    found = terms.reckoned([Charge(period, Decimal("7.01"), None, term)], day)
    months = terms.MONTHS.get(period)
    assert found.first_invoice.total == Decimal("7.01")
    assert found.first_year.total == Decimal("7.01") * (12 // months if months else 1)
    billed = found.contract.total / Decimal("7.01")
    assert billed == (max(-(-term // months), 1) if months else 1)
    assert (found.has_term, found.recurs) == (term > 0 and months is not None, months is not None)


def test_one_quote_with_every_period() -> None:
    """The sample of the design: 36 months of everything that recurs."""
    every = {"monthly": "1350", "quarterly": "250", "semi_annual": "300", "annual": "1200"}
    charges = [Charge("one_time", Decimal("22234.79")), Charge(terms.SETUP, Decimal(99))]
    charges += [Charge(name, Decimal(amount), None, 36) for name, amount in every.items()]
    found = terms.reckoned(charges, DAY)
    assert found.first_invoice.total == Decimal("25433.79")
    assert found.first_year.total == Decimal("22333.79") + 12 * 1350 + 4 * 250 + 2 * 300 + 1200
    assert found.contract.total == Decimal("22333.79") + 36 * 1350 + 12 * 250 + 6 * 300 + 3 * 1200
    assert [(part.kind, part.times) for part in found.contract.parts] == [
        *(("one_time", 1), ("setup", 1), ("monthly", 36)),
        *(("quarterly", 12), ("semi_annual", 6), ("annual", 3)),
    ]


def test_starts_renewals_and_short_months() -> None:
    charges = [
        Charge("monthly", Decimal(10), date(2026, 4, 15), 6, Decimal(12)),
        Charge("quarterly", Decimal(30), None, 12),
    ]
    found = terms.reckoned(charges, DAY)
    assert [(part.kind, part.times) for part in found.first_invoice.parts] == [("quarterly", 1)]
    # April 15 to January 15: 6 times at the price, 4 times after the term.
    assert [(part.kind, part.times, part.amount, part.is_renewed) for part in found.first_year.parts] == [
        ("monthly", 6, 10, False),
        ("monthly", 4, 12, True),
        ("quarterly", 4, 30, False),
    ]
    assert (found.has_later, found.is_mixed) == (True, True)
    offer = Quote(currency="USD", deposit_kind="none", deposit_value=Decimal(0))
    rows = commitments.rows(offer, found, DAY, Place())
    assert [(row.name, row.note) for row in rows] == [
        ("First invoice", commitments.LATER),
        ("First year", ""),
        ("Contract value, up to 12 months", commitments.MIXED),
    ]
    assert found.contract.total == 60 + 120
    alone = terms.reckoned(charges[:1], DAY)
    assert (alone.first_day, alone.first_invoice.total) == (date(2026, 4, 15), 10)
    assert commitments.rows(offer, alone, DAY, Place())[0].name == "First invoice, Apr 15, 2026"
    assert terms.later(date(2024, 1, 31), 1) == date(2024, 2, 29)


def test_a_setup_fee_is_billed_once_with_tax_and_without_discounts() -> None:
    seats = line(
        "Seats",
        recurrence="monthly",
        quantity=Decimal(10),
        unit_price=Decimal(20),
        setup_fee=Decimal(150),
        term_months=12,
        tax_name="T",
        tax_rate=Decimal(10),
        discount_kind="percent",
        discount_value=Decimal(50),
    )
    frozen = make(
        lines=(line("Rack"), seats),
        shipping_amount=Decimal(0),
        discount_kind="amount",
        discount_value=Decimal(60),
    )
    computed = pricing.of_snapshot(frozen)
    assert computed.periods["one_time"].net == 100 - 60 + 150
    assert computed.periods["one_time"].tax == 15
    assert computed.periods["monthly"].total == 110
    assert pricing.taxes(frozen, computed) == {
        "one_time": [("T", Decimal(10), Decimal(15))],
        "monthly": [("T", Decimal(10), Decimal(10))],
    }
    flat = parts.flat(frozen)
    assert [one.name for one in flat.lines] == ["Rack", "Seats", "Setup fee: Seats"]
    assert len({one.uid for one in flat.lines}) == 3
    assert pricing.of_snapshot(flat).periods == computed.periods
    once, monthly = pricing.grouped(frozen, computed)
    assert [(one.name, amounts.net) for one, amounts in once.lines] == [
        ("Rack", 40),
        ("Setup fee: Seats", 150),
    ]
    assert once.lines[1][0].is_again
    assert [one.name for one, _ in monthly.lines] == ["Seats"]
    rows = pricing.offered(frozen, computed)["contract"]
    assert [(row.name.partition(",")[0], row.amount) for row in rows] == [
        ("First invoice", Decimal(315)),
        ("First year", 205 + 12 * Decimal(110)),
        ("Contract value", 205 + 12 * Decimal(110)),
    ]
    assert rows[2].parts == (
        ("One-time", Decimal(40)),
        ("Setup fees", Decimal(165)),
        ("Monthly, 12 × $110.00", Decimal(1320)),
    )
    assert pricing.offered(frozen, computed)["terms_of"] == {
        "Seats": "12-month term. Setup fee $150.00, once."
    }


def test_what_was_published_before_reads_alike() -> None:
    frozen = make(lines=(line("Rack"),))
    text = frozen.canonical()
    for name in ("term_months", "min_term_months", "setup_fee", "renewal_price", "starts_on"):
        assert f'"{name}":' in text
    import json

    content = json.loads(text)
    for one in content["lines"]:
        for name in (
            *("term_months", "min_term_months", "setup_fee", "renewal_price", "starts_on"),
            *("min_quantity", "max_quantity", "quantity_step", "quantity_prices"),
        ):
            del one[name]
    assert snapshot.parse(json.dumps(content)) == frozen
    assert pricing.offered(frozen, pricing.of_snapshot(frozen))["contract"] == []


SEATS = {"name": "Seats", "unit_price": "20", "recurrence": "monthly", "quantity": "10"}


def test_a_line_has_the_term_of_its_item_and_its_own(rep: User) -> None:
    item = samples.item(
        rep, name="365", recurrence="monthly", term_months="12", setup_fee="99.50", renewal_price="110"
    )
    quote = samples.quote(rep, SEATS)
    taken = lines.add_item(rep, quote.id, item)
    assert (taken.term_months, taken.setup_fee, taken.renewal_price) == (12, Decimal("99.50"), Decimal(110))
    own = {"term_months": "36", "min_term_months": "12", "starts_on": "2030-01-31", "setup_fee": "50"}
    line = lines.change(rep, quote.id, quote.lines[0].uid, {**SEATS, **own, "renewal_price": "22"})
    assert commitments.of_line(line, "USD", Place()) == (
        "36-month term, can end after 12. Starts Jan 31, 2030. $22.00 each per month after the term. "
        "Setup fee $50.00, once."
    )
    quote = editing.get(quote.id)
    contract = commitments.of_quote(quote, pricing.of_quote(quote), date(2026, 5, 1))
    assert contract.contract.total == Decimal("149.50") + 36 * 200 + 12 * 100
    frozen = freezing.freeze(quote, number=1, revision=1, published_at=utc_now())
    lines.change(rep, quote.id, line.uid, SEATS)
    freezing.restore(quote, frozen)
    assert freezing.freeze(quote, number=1, revision=1, published_at=frozen.published_at) == frozen
    bulk.change(rep, quote.id, [line.uid], "billing", {"value": "one_time"})
    line = lines.find(editing.get(quote.id), line.uid)
    assert (line.term_months, line.starts_on, line.setup_fee, line.renewal_price) == (0, None, 0, None)


@pytest.mark.parametrize(
    ("values", "field", "sentence"),
    [
        ({"term_months": "1.5"}, "term_months", "Enter whole months, from 0 to 120."),
        ({"term_months": "-1"}, "term_months", "Enter whole months, from 0 to 120."),
        ({"term_months": "999"}, "term_months", "Enter whole months, from 0 to 120."),
        ({"term_months": "a year"}, "term_months", "Enter whole months, from 0 to 120."),
        (
            {"term_months": "12", "min_term_months": "24"},
            "min_term_months",
            "The minimum can't be longer than the term of 12 months.",
        ),
        (
            {"min_term_months": "2"},
            "min_term_months",
            "The minimum can't be longer than the term. Enter a term first.",
        ),
        ({"renewal_price": "5"}, "renewal_price", "This price applies after the term. Enter a term first."),
        ({"setup_fee": "-5"}, "setup_fee", "Enter 0 or more."),
        ({"starts_on": "soon"}, "starts_on", "Enter a date like 2026-11-30 (year-month-day)."),
    ],
)
def test_wrong_terms_are_said_beside_their_field(
    rep: User, values: dict[str, str], field: str, sentence: str
) -> None:
    quote = samples.quote(rep, SEATS)
    with pytest.raises(Invalid) as caught:
        lines.change(rep, quote.id, quote.lines[0].uid, {**SEATS, **values})
    assert caught.value.fields == {field: sentence}
    assert editing.get(quote.id).lines[0].term_months == 0
    if field != "starts_on":
        with pytest.raises(Invalid) as caught:
            items.save(rep, None, {"name": "365", "recurrence": "monthly", "is_active": "1", **values})
        assert caught.value.fields == {field: sentence}


def test_a_term_that_doesnt_fit_its_billing_is_said_before_publishing(rep: User) -> None:
    odd = {**SEATS, "recurrence": "quarterly", "term_months": "10", "starts_on": "2020-01-01"}
    quote = samples.quote(rep, odd)
    said = [check.sentence for check in readiness.checks(quote)]
    assert "Line 1 “Seats” has a term of 10 months and is billed quarterly." in said
    assert "Line 1 “Seats” starts on Jan 1, 2020, which has passed. It starts with the quote." in said
    assert publishing.publish(rep, quote.id).is_new


def test_tax_at_renewal_is_rounded_as_the_company_rounds_it() -> None:
    price = Decimal("10.05")
    one = {"recurrence": "monthly", "unit_price": price, "renewal_price": price, "term_months": 6}
    seats = [line(f"S{number}", **one, tax_name="T", tax_rate=Decimal(10)) for number in range(3)]
    for how, total in (("line", "33.18"), ("sum", "33.17")):
        frozen = make(lines=tuple(seats), shipping_amount=Decimal(0), tax_rounding=how)
        year = commitments.of_snapshot(frozen, pricing.of_snapshot(frozen)).first_year
        sums = {part.is_renewed: part.amount for part in year.parts}
        assert sums == {False: Decimal(total), True: Decimal(total)}


def test_a_term_of_one_month_is_said_in_the_singular() -> None:
    month = line("Seats", recurrence="monthly", term_months=1)
    frozen = make(lines=(month,), shipping_amount=Decimal(0))
    said = pricing.offered(frozen, pricing.of_snapshot(frozen))["contract"]
    assert "Contract value, 1 month" in [row.name for row in said]


def form(rep: User, quote: Quote, *fields: str) -> dict[str, str]:
    """A form of the only line, opened with ``fields``."""
    return {"seen": lines.seen(rep, editing.get(quote.id).lines[0], fields)}


def test_a_term_is_changed_as_a_whole_by_one_person(rep: User) -> None:
    quote = samples.quote(rep, {**SEATS, "term_months": "12"})
    uid = quote.lines[0].uid
    opened = form(rep, quote, *terms_of.TOGETHER)
    lines.change(rep, quote.id, uid, {**opened, "term_months": "6"})
    for late in ({"min_term_months": "12"}, {"renewal_price": "30"}):
        with pytest.raises(Conflict) as caught:
            lines.change(rep, quote.id, uid, {**opened, "term_months": "12", **late})
        assert {"term_months", *late} == set(caught.value.fields)
    line = editing.get(quote.id).lines[0]
    assert (line.term_months, line.min_term_months, line.renewal_price) == (6, 0, None)


def test_what_doesnt_fit_a_term_is_refused_wherever_it_comes_from(rep: User) -> None:
    values = {"name": "365", "unit_price": "100", "recurrence": "monthly", "is_active": "1"}
    item = items.save(rep, None, {**values, "term_months": "12", "min_term_months": "12"})
    with pytest.raises(Invalid) as caught:
        items.save(rep, item, {**values, "term_months": "6"})
    assert caught.value.fields == {
        "min_term_months": "The minimum can't be longer than the term of 6 months."
    }
    assert items.save(rep, item, {**values, "min_term_months": "3"}).term_months == 12
    assert items.save(rep, item, {**values, "renewal_price": "90"}).min_term_months == 3


def test_a_line_that_is_billed_once_takes_no_term_of_its_item(rep: User) -> None:
    item = samples.item(rep, name="365", recurrence="monthly", term_months="12", setup_fee="99")
    # As an item could be that was pulled before.
    item.recurrence = ONE_TIME
    line = lines.add_item(rep, samples.quote(rep, SEATS).id, item)
    assert (line.term_months, line.setup_fee) == (0, 0)
