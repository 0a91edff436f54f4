"""Credits, bounds, defaults, and what is said before publishing."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from smoke.forms import read_forms
from tests.quoting.test_answers import HERE, answer
from tests.support import samples
from tests.support.visitor import text
from webapp.models import Quote, User
from webapp.models.quote import PENDING
from webapp.services.company import app_settings
from webapp.services.core import work
from webapp.services.core.errors import Invalid
from webapp.services.quoting.answer import acceptance, choice
from webapp.services.quoting.draft import editing, lines, readiness
from webapp.services.quoting.lifecycle import publishing
from webapp.services.quoting.paper import document
from webapp.services.quoting.revisions import freezing, pricing


def settle(**profile: Any) -> None:
    before, version = app_settings.get(app_settings.COMPANY_PROFILE)
    app_settings.put(app_settings.COMPANY_PROFILE, {**before, **profile}, version, None)


def said(quote: Quote) -> str:
    return "\n".join(check.sentence for check in readiness.checks(quote))


def add(rep: User, quote: Quote, **values: str) -> None:
    lines.add_ad_hoc(rep, quote.id, {"name": "Rack", **values})


@pytest.mark.both_databases
def test_a_trade_in_is_a_line_of_its_own(rep: User) -> None:
    quote = samples.quote(
        rep, {"name": "Firewall", "unit_price": "400"}, {"name": "Trade-in", "unit_price": "-50"}
    )
    assert pricing.of_quote(quote).periods["one_time"].total == Decimal(350)
    publishing.publish(rep, quote.id)
    frozen = freezing.live(quote)
    assert frozen is not None
    assert "-$50.00" in document.html_of(frozen)


@pytest.mark.parametrize(
    ("values", "field", "sentence"),
    [
        ({"recurrence": "monthly"}, "unit_price", "A credit (a price below 0) is one-time."),
        ({"unit_cost": "5"}, "unit_cost", "A credit has no cost."),
        (
            {"discount_kind": "percent", "discount_value": "5"},
            "discount_value",
            "A credit can't be discounted.",
        ),
    ],
)
def test_a_credit_has_no_period_cost_or_discount(
    rep: User, values: dict[str, str], field: str, sentence: str
) -> None:
    quote = samples.quote(rep)
    with pytest.raises(Invalid) as caught:
        add(rep, quote, unit_price="-50", **values)
    assert sentence in caught.value.fields[field]


def test_a_credit_is_not_taxed(rep: User) -> None:
    code = samples.tax_code(rep)
    quote = samples.quote(rep)
    with pytest.raises(Invalid) as caught:
        add(rep, quote, unit_price="-50", tax_code_id=str(code.id))
    assert "A credit isn't taxed" in caught.value.fields["tax_code_id"]


def test_credits_above_the_lines_are_refused_at_publishing(rep: User) -> None:
    quote = samples.quote(
        rep, {"name": "Cable", "unit_price": "40"}, {"name": "Trade-in", "unit_price": "-50"}
    )
    with pytest.raises(Invalid, match="The credits come to more than the one-time lines"):
        publishing.publish(rep, quote.id)


# What the customer can choose of each, so that less than nothing is left.
FIREWALL = {"name": "Firewall", "unit_price": "100"}
SEATS = {"name": "Seats", "unit_price": "20", "quantity": "5"}
CHOICES = [
    (
        [{**FIREWALL, "is_optional": "1", "is_selected": "1"}, {"name": "Trade-in", "unit_price": "-50"}],
        [],
        "",
    ),
    (
        [
            {**SEATS, "min_quantity": "1", "max_quantity": "10"},
            {"name": "Trade-in", "unit_price": "-50"},
        ],
        [],
        "1",
    ),
    ([FIREWALL, {"name": "Trade-in", "unit_price": "-150", "is_optional": "1"}], [1], ""),
]
SENTENCE = "With what the customer can choose, the credits can come to more than the one-time lines."


@pytest.mark.parametrize(("wanted", "taken", "seats"), CHOICES)
def test_no_choice_makes_credits_come_to_more_than_the_lines(
    app: Flask, rep: User, wanted: list[dict[str, str]], taken: list[int], seats: str
) -> None:
    quote = samples.quote(rep, *wanted)
    with pytest.raises(Invalid, match=SENTENCE):
        publishing.publish(rep, quote.id)
    # A revision that was published before that was looked at.
    with work.unit():
        frozen = freezing.freeze(quote, number=1, revision=1, published_at=datetime(2026, 11, 26, tzinfo=UTC))
        quote.number, quote.status = 1, PENDING
        revision = publishing.add_revision(quote, frozen, rep)
    uids = [frozen.lines[at].uid for at in taken]
    typed = {f"quantity:{frozen.lines[0].uid}": seats} if seats else {}
    with pytest.raises(Invalid, match="credits come to more than the rest of what you chose"):
        acceptance.accept(quote.public_token, answer(revision, **typed), uids, HERE)
    client, link = app.test_client(), f"/q/{quote.public_token}"
    page = client.get(link)
    assert choice.OVERDRAWN not in text(page)
    sent = next(one for one in read_forms(page.text) if "/accept" in one.action).fields
    sent = [(name, value) for name, value in sent if name != "choose" and name not in typed]
    page = client.post(f"{link}/choose", data={**dict(sent), "choose": uids, **typed})
    assert choice.OVERDRAWN in text(page)
    assert (editing.get(quote.id).status, len(editing.get(quote.id).revisions)) == (PENDING, 1)


def test_credits_within_every_choice_are_published(rep: User) -> None:
    quote = samples.quote(
        rep,
        {"name": "Rack", "unit_price": "60"},
        {**FIREWALL, "is_optional": "1"},
        {"name": "Trade-in", "unit_price": "-50"},
    )
    assert publishing.publish(rep, quote.id).is_new


def test_an_amount_beyond_reason_is_refused_with_a_sentence(rep: User) -> None:
    quote = samples.quote(rep)
    with pytest.raises(Invalid) as caught:
        add(rep, quote, quantity="1,000,000", unit_price="100,000,000")
    assert "can be up to 999,999,999.99" in caught.value.fields["quantity"]


def test_a_new_line_takes_the_companys_tax_code(rep: User) -> None:
    code = samples.tax_code(rep)
    settle(default_tax_code_id=code.id)
    quote = samples.quote(rep)
    add(rep, quote, unit_price="5")
    add(rep, quote, unit_price="5", tax_code_id="")
    lines.add_item(rep, quote.id, samples.item(rep))
    add(rep, quote, unit_price="-1")
    assert [line.tax_code_id for line in editing.get(quote.id).lines][-4:] == [code.id, None, code.id, None]


def test_what_is_worth_a_look_is_said_before_publishing(rep: User) -> None:
    code = samples.tax_code(rep)
    quote = samples.quote(rep)
    add(rep, quote, unit_price="5", tax_code_id=str(code.id))
    add(rep, quote, unit_price="0")
    add(rep, quote, unit_price="7")
    add(rep, quote, unit_price="7", discount_kind="line", discount_value="9")
    sentences = said(editing.get(quote.id))
    assert "Your company" not in sentences
    assert "“Rack” has a price of 0." in sentences
    assert "“Rack” has no tax code, so it isn't taxed. Other lines are." in sentences
    assert "takes off its whole price." in sentences


@pytest.mark.parametrize(
    ("recurrence", "price", "sentence"),
    [
        ("monthly", "50", "The discount of $100.00 has no effect, because there are no one-time lines."),
        (
            "one_time",
            "60",
            "The one-time lines come to $60.00, so only that much of the $100.00 is taken off.",
        ),
        ("one_time", "600", ""),
    ],
)
def test_a_discount_without_effect_is_said(rep: User, recurrence: str, price: str, sentence: str) -> None:
    quote = samples.quote(rep, {"name": "Line", "unit_price": price, "recurrence": recurrence})
    quote.discount_kind, quote.discount_value = "amount", Decimal(100)
    settle(name="Brightwater", address="48 Harbor Street")
    assert said(quote) == sentence


def test_the_paper_says_how_tax_was_rounded_where_it_matters(rep: User) -> None:
    code = samples.tax_code(rep, rate="8.875")
    price = {"unit_price": "1.99", "tax_code_id": str(code.id)}
    quote = samples.quote(rep, *[{"name": f"Part {number}", **price} for number in range(4)])

    def paper() -> str:
        frozen = freezing.freeze(quote, number=1, revision=1, published_at=datetime(2026, 11, 26, tzinfo=UTC))
        return document.html_of(frozen)

    assert "Tax is rounded on each line" in paper()
    settle(tax_rounding="sum")
    assert "Tax is rounded once" in paper()
    for line in quote.lines:
        line.unit_price = Decimal(1000)
    assert "Tax is rounded" not in paper()


@pytest.mark.parametrize(("rounding", "total"), [("line", "1189.99"), ("sum", "1190.00")])
def test_the_company_chooses_how_tax_is_rounded(rep: User, rounding: str, total: str) -> None:
    settle(tax_rounding=rounding)
    code = samples.tax_code(rep, rate="19")
    prices = ("2833.33", "2833.33", "2833.34")
    quote = samples.quote(
        rep, *({"name": "Part", "unit_price": price, "tax_code_id": str(code.id)} for price in prices)
    )
    quote.discount_kind, quote.discount_value = "amount", Decimal(7500)
    assert pricing.of_quote(quote).periods["one_time"].total == Decimal(total)


def test_a_seller_with_an_address_stands_on_the_paper(rep: User) -> None:
    quote = samples.quote(rep)
    settle(name="Brightwater", address="48 Harbor Street\nAlbany")
    publishing.publish(rep, quote.id)
    frozen = freezing.live(quote)
    assert frozen is not None
    html = document.html_of(frozen)
    for part in ("Brightwater", "48 Harbor Street", "Albany"):
        assert part in html
