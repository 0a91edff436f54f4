"""Properties of compiling: for any quote, the desired state has the same totals to the cent. Pure."""

from __future__ import annotations

import dataclasses
import socket
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import examples
from webapp.models.catalog import ONE_TIME, RECURRENCES
from webapp.services.autotask.push.plan import CREATE, build
from webapp.services.autotask.settings.model import (
    AutotaskSettings,
    CategoryRule,
    CompanySettings,
    ItemCategoryMapping,
    OpportunitySettings,
    ProductsServicesSettings,
    TaxCodeMapping,
    TaxRule,
)
from webapp.services.autotask.wanted import keys
from webapp.services.autotask.wanted.amounts import item_discount, item_net
from webapp.services.autotask.wanted.compile import compile_quote
from webapp.services.autotask.wanted.context import Outcome
from webapp.services.autotask.wanted.desired import BUCKETS, Desired, DesiredRecord, Ref
from webapp.services.autotask.wanted.facts import RemoteFacts
from webapp.services.autotask.wanted.keys import RecordKey
from webapp.services.autotask.wanted.positions import GAP
from webapp.services.quoting.money.money import ZERO, percent_of
from webapp.services.quoting.revisions import pricing
from webapp.services.quoting.revisions.snapshot import FrozenLine, FrozenOrganization, FrozenPerson, Snapshot

PERIODS = {"one_time": 1, "monthly": 2, "quarterly": 3, "semi_annual": 4, "annual": 5}
TYPES = {"product": 1, "labor": 3, "service": 11, "service_bundle": 12, "shipping": 6, "discount": 5}
REFERENCES = ("productID", "serviceID", "serviceBundleID", "laborID", "shippingID", "chargeID", "expenseID")
DISCOUNTS = ("unitDiscount", "percentageDiscount", "lineDiscount")
LABOR, TAX = 7, 3
FACTS = RemoteFacts(
    item_types=TYPES,
    periods={"QuoteItems": PERIODS, "Products": PERIODS, "Services": PERIODS},
    lengths={("QuoteItems", "name"): 30, ("Services", "name"): 20, ("Products", "name"): 20},
    resources={"rep@msp.example": 44},
    countries={},
    product_categories={
        "hardware": 1,
        "hardware > laptops": 2,
        "laptops": 2,
        "software > misc": 3,
        "misc": 3,
        "cables": 4,
    },
)
SETTINGS = AutotaskSettings(
    version=1,
    company=CompanySettings(company_type=1),
    opportunity=OpportunitySettings(stage=30, status=1, owner_resource_id=55, lead_source=6, category=9),
    products_services=ProductsServicesSettings(
        product_billing_code_id=100, service_billing_code_id=200, labor_role_id=300, shipping_type_id=400
    ),
    item_category=ItemCategoryMapping(rules={LABOR: CategoryRule(is_labor=True)}),
    tax_code=TaxCodeMapping(default_region_id=1, rules={TAX: TaxRule(tax_category_id=2)}),
)


def as_item(wanted: AutotaskSettings) -> AutotaskSettings:
    """The same settings, with the quote's discount as a separate item."""
    chosen = wanted.products_services.model_copy(update={"discount_as": "item"})
    return wanted.model_copy(update={"products_services": chosen})


def decimals(largest: str, places: int = 4) -> st.SearchStrategy[Decimal]:
    return st.decimals(0, Decimal(largest), places=places)


ORIGINS = st.sampled_from(
    [("", None), ("Products", 11), ("Services", 12), ("ServiceBundles", 13), ("Products", 14)]
)


@st.composite
def frozen_lines(draw: st.DrawFn, number: int) -> FrozenLine:
    kind = draw(st.sampled_from(["none", "percent", "unit", "line"]))
    entity, origin = draw(ORIGINS)
    taxed, category = draw(st.booleans()), draw(st.sampled_from([None, LABOR, 8]))
    quantities = st.one_of(
        st.integers(1, 500).map(Decimal), decimals("50").map(lambda one: one + Decimal("0.0001"))
    )
    return FrozenLine(
        uid=f"{number:04d}",
        name=draw(st.sampled_from(["Firewall", "Care", "Care ", "Care plan for the whole of the office"])),
        mpn=draw(st.sampled_from(["", "FW-1"])),
        sku=draw(st.sampled_from(["", "S-1", "S-2"])),
        category_id=category,
        tax_code_id=TAX if taxed else None,
        tax_name="Tax" if taxed else "",
        tax_rate=draw(decimals("30", 3)) if taxed else Decimal(0),
        recurrence=draw(st.sampled_from(RECURRENCES)),
        quantity=draw(quantities),
        unit_price=draw(st.one_of(st.just(Decimal(0)), decimals("2000", 2), decimals("1"))),
        unit_cost=draw(decimals("900")),
        discount_kind=kind,
        discount_value=draw(st.one_of(st.just(Decimal(100)), decimals("100")))
        if kind != "none"
        else Decimal(0),
        is_optional=draw(st.booleans()),
        is_selected=draw(st.booleans()),
        origin_entity=entity,
        origin_id=origin,
    )


@st.composite
def quotes(draw: st.DrawFn) -> Snapshot:
    count = draw(st.integers(1, 8))
    kind = draw(st.sampled_from(["none", "percent", "amount"]))
    return a_quote(
        *[draw(frozen_lines(number)) for number in range(count)],
        discount_kind=kind,
        discount_value=draw(st.one_of(st.just(Decimal(100)), decimals("100")))
        if kind != "none"
        else Decimal(0),
        shipping_amount=draw(st.one_of(st.just(Decimal(0)), decimals("300"))),
    )


def a_quote(*lines: FrozenLine, **values: Any) -> Snapshot:
    common = {
        "quote_id": 1, "number": 1001, "revision": 1, "title": "Office", "currency": "USD", "owner_name": "Rita",
        "owner_email": "Rep@msp.example", "expires_on": date(2026, 2, 1),
        "published_at": datetime(2026, 1, 5, tzinfo=UTC),
        "organization": FrozenOrganization(id=1, name="Acme", phone="1"),
        "person": FrozenPerson(id=1, first_name="Nora", last_name="Quist", email="n@acme.example"),
    }  # fmt: skip
    return Snapshot(**{**common, **values}, lines=lines)


def a_line(**values: Any) -> FrozenLine:
    common = {"uid": "a", "name": "Firewall", "recurrence": ONE_TIME, "quantity": 1, "unit_price": 10}
    return FrozenLine(**{**common, **values})


def compiled(frozen: Snapshot, wanted: AutotaskSettings = SETTINGS) -> Desired:
    return compile_quote(frozen, Outcome(), content_sha256="0" * 64, settings=wanted, facts=FACTS)


@pytest.fixture(autouse=True, scope="module")
def no_network() -> Iterator[None]:
    """No network: opening a socket fails the test."""

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("the compiler opened a socket")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        yield


BOTH = pytest.mark.parametrize("wanted", [SETTINGS, as_item(SETTINGS)], ids=["spread", "as item"])


@BOTH
@given(frozen=quotes())
def test_every_bucket_equals_the_quotes_total(wanted: AutotaskSettings, frozen: Snapshot) -> None:
    desired, ours = compiled(frozen, wanted), pricing.of_snapshot(frozen)
    labor = [line.category_id == LABOR for line in frozen.lines]
    for period, (revenue, cost) in BUCKETS.items():
        lines = [
            amounts
            for line, amounts, is_labor in zip(frozen.lines, ours.lines, labor, strict=True)
            if amounts.counts and (ONE_TIME if is_labor else line.recurrence) == period
        ]
        shipping = ours.periods[ONE_TIME].shipping if period == ONE_TIME else ZERO
        assert desired.buckets[revenue] == sum((one.net for one in lines), ZERO) + shipping
        assert desired.buckets[cost] == sum((one.cost for one in lines), ZERO)
    everything = sum(desired.buckets[revenue] for revenue, _ in BUCKETS.values())
    assert everything == sum(period.revenue for period in ours.periods.values())


@BOTH
@given(frozen=quotes())
@examples(400)
def test_every_item_has_its_exact_amount_as_autotask_computes_it(
    wanted: AutotaskSettings, frozen: Snapshot
) -> None:
    desired = compiled(frozen, wanted)
    by_period = dict.fromkeys(BUCKETS, ZERO)
    names = {value: name for name, value in PERIODS.items()}
    for item, total in zip(desired.items, desired.lines, strict=True):
        assert item_net(item.fields) == total.net, item.title
        assert item.fields["isOptional"] is not total.counts
        rate = next((one.tax_rate for one in frozen.lines if keys.item(one.uid) == item.key), Decimal(0))
        assert percent_of(item_net(item.fields), rate) == total.tax, item.title
        if not item.fields["isOptional"]:
            by_period[names[item.fields["periodType"]]] += item_net(item.fields)
    assert by_period == {period: desired.buckets[revenue] for period, (revenue, _) in BUCKETS.items()}


@BOTH
@given(frozen=quotes())
def test_discounts_taxes_and_optional_lines_agree_with_the_quote(
    wanted: AutotaskSettings, frozen: Snapshot
) -> None:
    desired, ours = compiled(frozen, wanted), pricing.of_snapshot(frozen)
    counted = [item for item in desired.items if not item.fields["isOptional"]]
    assert sum((item_discount(item.fields) for item in counted), ZERO) == sum(
        (one.discount for one in ours.lines if one.counts), ZERO
    )
    assert sum((total.tax for total in desired.lines if total.counts), ZERO) == sum(
        (period.tax for period in ours.periods.values()), ZERO
    )


@BOTH
@given(frozen=quotes())
def test_every_item_keeps_autotasks_rules(wanted: AutotaskSettings, frozen: Snapshot) -> None:
    desired = compiled(frozen, wanted)
    assert desired.problems == ()
    catalog = {item.record.key for item in desired.catalog_items}
    for item in desired.items:
        fields = item.fields
        references = [name for name in REFERENCES if fields.get(name) is not None]
        kind = next(name for name, number in TYPES.items() if number == fields["quoteItemType"])
        assert len(references) == (0 if kind == "discount" else 1)
        assert [fields[name] >= 0 for name in DISCOUNTS] == [True] * 3
        assert sum(fields[name] > 0 for name in DISCOUNTS) <= 1
        if references and isinstance(fields[references[0]], Ref):
            assert fields[references[0]].key in catalog
    places = [item.fields["sortOrderID"] for item in desired.items]
    assert places == [GAP * place for place in range(1, len(places) + 1)]
    titles = [item.fields["name"] for item in desired.items][: len(frozen.lines)]
    assert all(
        title.removesuffix("…").strip() in line.name for title, line in zip(titles, frozen.lines, strict=True)
    )
    assert len({item.key for item in desired.items}) == len(desired.items)


@given(frozen=quotes())
def test_lines_become_what_the_rules_say(frozen: Snapshot) -> None:
    desired = compiled(frozen)
    catalog = {item.record.key: item.record for item in desired.catalog_items}
    for line, item in zip(frozen.lines, desired.items, strict=False):
        if line.category_id == LABOR:
            assert item.fields["quoteItemType"] == TYPES["labor"]
            assert item.fields["periodType"] == PERIODS[ONE_TIME], "labor is always one-time"
            assert item.fields["laborID"] == 300
            continue
        named = catalog[_reference(item).key]
        pulled = line.origin_entity or "nothing"
        recurring = line.recurrence != ONE_TIME
        expected = {
            ("nothing", False): "Products",
            ("nothing", True): "Services",
            ("Products", False): "Products",
            ("Products", True): "Products",
            ("Services", False): "Products",
            ("Services", True): "Services",
            ("ServiceBundles", False): "Products",
            ("ServiceBundles", True): "ServiceBundles",
        }[pulled, recurring]
        assert named.entity == expected
        assert named.chosen_id == (line.origin_id if expected == pulled else None)
        assert item.fields["periodType"] == PERIODS[line.recurrence]
    used = {_reference(item).key for item in desired.items if _has_reference(item)}
    assert used == set(catalog), "only lines need catalog items: labor, shipping and discounts don't"


def _has_reference(item: DesiredRecord) -> bool:
    return any(isinstance(value, Ref) for value in item.fields.values())


def _reference(item: DesiredRecord) -> Ref:
    return next(value for value in item.fields.values() if isinstance(value, Ref))


@given(frozen=quotes())
def test_the_same_input_gives_the_same_records_and_steps(frozen: Snapshot) -> None:
    again = Snapshot.model_validate_json(frozen.canonical())
    assert compiled(frozen) == compiled(again)
    assert build(compiled(frozen), {}, {}) == build(compiled(again), {}, {})


@given(frozen=quotes())
def test_steps_could_be_run_one_by_one(frozen: Snapshot) -> None:
    done: set[RecordKey] = set()
    for step in build(compiled(frozen), {}, {}):
        assert step.action == CREATE
        assert step.needs <= done, step.title
        done.add(step.key)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Hardware", 1),
        ("hardware > LAPTOPS", 2),
        ("Laptops", 2),
        ("Hardware > Misc", None),
        ("Networking > Cables", 4),
        ("Unknown", None),
        ("", None),
    ],
)
def test_a_category_is_matched_or_left_unset(path: str, expected: int | None) -> None:
    desired = compiled(a_quote(a_line(category_path=path)))
    assert desired.catalog_items[0].record.initial.get("productCategory") == expected


def test_services_whose_long_names_start_the_same_stay_two() -> None:
    lines = [
        a_line(uid=end, name=f"Managed workstation care, {end}", recurrence="monthly")
        for end in ("gold", "silver")
    ]
    desired = compiled(
        a_quote(*lines, a_line(uid="b", name="managed workstation CARE, gold", recurrence="monthly"))
    )
    names = [item.record.initial["name"] for item in desired.catalog_items]
    assert len(names) == len(set(names)) == 2
    assert all(len(name) <= 20 and name.startswith("Managed") for name in names)
    assert len(desired.catalog_items[0].line_titles) == 2, (
        "a name that differs only in case is the same service"
    )


@pytest.mark.parametrize(("email", "owner"), [("REP@msp.example", 44), ("gone@msp.example", 55)])
def test_the_owner_is_found_by_email_or_is_the_default(email: str, owner: int) -> None:
    desired = compiled(a_quote(a_line(), owner_email=email))
    assert desired.opportunity.initial["ownerResourceID"] == owner


def test_an_opportunity_takes_the_defaults_of_the_settings() -> None:
    initial = compiled(a_quote(a_line())).opportunity.initial
    assert (initial["stage"], initial["status"], initial["probability"]) == (30, 1, 50)
    assert (initial["leadSource"], initial["opportunityCategoryID"]) == (6, 9)
    assert initial["description"].startswith("Quote 1001")


def test_a_quotes_discount_goes_on_an_item_for_untaxed_lines_only() -> None:
    taxed = a_line(uid="t", unit_price=100, tax_code_id=TAX, tax_name="Tax", tax_rate=Decimal(10))
    frozen = a_quote(
        taxed, a_line(uid="u", unit_price=100), discount_kind="amount", discount_value=Decimal(20)
    )
    first, second, discount = compiled(frozen, as_item(SETTINGS)).items
    assert (first.fields["lineDiscount"], second.fields["lineDiscount"]) == (10, 0)
    assert (discount.fields["lineDiscount"], discount.fields["quoteItemType"]) == (10, TYPES["discount"])


def test_a_free_line_totals_zero_even_at_half_a_cent() -> None:
    line = a_line(unit_price="0.005", discount_kind="line", discount_value=1)
    (item,) = compiled(a_quote(line)).items
    assert item_net(item.fields) == ZERO


@pytest.mark.parametrize(
    ("rates", "told"),
    [
        ({}, []),
        ({(1, 2): Decimal("8.00")}, []),
        ({(1, 2): Decimal("8.875")}, ["Lines 1 and 3 have the tax “Tax” of 8%", "8.875% in Autotask"]),
        ({(9, 2): Decimal("8.00")}, ["Lines 1 and 3 have", "a tax of 0% in Autotask"]),
    ],
)
def test_a_tax_that_autotask_computes_differently_gets_a_warning(
    rates: dict[tuple[int, int], Decimal], told: list[str]
) -> None:
    taxed = {"tax_code_id": TAX, "tax_name": "Tax", "tax_rate": Decimal("8.0000")}
    frozen = a_quote(a_line(uid="a", **taxed), a_line(uid="b"), a_line(uid="c", **taxed))
    facts = dataclasses.replace(FACTS, tax_rates=rates)
    desired = compile_quote(frozen, Outcome(), content_sha256="0" * 64, settings=SETTINGS, facts=facts)
    assert len(desired.warnings) == bool(told)
    assert all(words in desired.warnings[0] for words in told)
