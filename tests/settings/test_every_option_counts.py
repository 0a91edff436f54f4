"""No option of the settings is for show: changing it changes what the push wants of Autotask. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from webapp.services.autotask.settings import category_mapping, tax_mapping
from webapp.services.autotask.settings.fields import user_defined
from webapp.services.autotask.settings.fields.sections import FIELDS
from webapp.services.autotask.settings.model import (
    SECTIONS,
    AutotaskSettings,
    CategoryRule,
    CompanySettings,
    ItemCategoryMapping,
    OpportunitySettings,
    ProductsServicesSettings,
    QuoteStatusMapping,
    StatusRule,
    TaxCodeMapping,
    TaxRule,
    udf_key,
)
from webapp.services.autotask.wanted.compile import compile_quote
from webapp.services.autotask.wanted.context import Outcome
from webapp.services.autotask.wanted.desired import Desired
from webapp.services.autotask.wanted.facts import RemoteFacts
from webapp.services.quoting.revisions.snapshot import (
    Address,
    FrozenLine,
    FrozenOrganization,
    FrozenPerson,
    Snapshot,
)

MONTHS = {"monthly": 2, "quarterly": 3, "semi_annual": 4, "annual": 5}
FACTS = RemoteFacts(
    item_types={
        "product": 1,
        "labor": 3,
        "service": 11,
        "service_bundle": 12,
        "shipping": 6,
        "discount": 5,
    },
    periods={
        "QuoteItems": {"one_time": 1, **MONTHS},
        "Products": {"one_time": 1, **MONTHS},
        "Services": MONTHS,
    },
    lengths={},
    resources={},
    countries={},
    product_categories={},
    work_types={900: "Onsite", 901: "Remote"},
)
RULE = StatusRule(status=3, stage=30, probability=40, reason=7, set_closed_date=False)
BASE = AutotaskSettings(
    version=1,
    company=CompanySettings(company_type=1, owner_resource_id=10, classification=1),
    opportunity=OpportunitySettings(owner_resource_id=10, stage=30, status=1, lead_source=1, category=1),
    quote_status=QuoteStatusMapping(
        pending=RULE,
        accepted=RULE,
        ordered=RULE,
        fulfilled=RULE,
        lost=RULE,
        expired=RULE,
        loss_reasons={1: 50},
    ),
    products_services=ProductsServicesSettings(
        product_billing_code_id=100, service_billing_code_id=200, labor_role_id=300, shipping_type_id=400
    ),
    item_category=ItemCategoryMapping(
        rules={
            1: CategoryRule(product_category=1, billing_code_id=101, service_billing_code_id=201),
            2: CategoryRule(is_labor=True, role_id=301, work_type_id=900),
        }
    ),
    tax_code=TaxCodeMapping(
        default_region_id=1,
        rules={1: TaxRule(tax_category_id=1), 2: TaxRule(tax_category_id=2, tax_region_id=1)},
    ),
)
UPDATING = {"update_existing": "overwrite"}
OTHER: dict[tuple[str, str], Any] = {
    ("company", "company_type"): 2,
    ("company", "owner_resource_id"): 11,
    ("company", "classification"): 2,
    ("company", "match_by"): "name_normalized",
    ("company", "also_phone"): True,
    ("company", "also_website"): True,
    ("company", "update_policy"): "overwrite",
    ("company", "bill_to_source"): "shipping",
    ("company", "ship_to_source"): "billing",
    ("company", "sold_to_source"): "shipping",
    ("company", "company_udfs"): {udf_key("Contract Tier"): "Gold"},
    ("company", "contact_udfs"): {"Source": "Quote {number}"},
    ("opportunity", "owner_resource_id"): 11,
    ("opportunity", "stage"): 31,
    ("opportunity", "status"): 2,
    ("opportunity", "probability"): 51,
    ("opportunity", "lead_source"): 2,
    ("opportunity", "category"): 2,
    ("opportunity", "title_pattern"): "{number} for {organization}",
    ("opportunity", "close_date_rule"): "days",
    ("opportunity", "close_date_days"): ({"close_date_rule": "days"}, 31),
    ("opportunity", "amount_months"): 12,
    ("opportunity", "use_quote_totals"): False,
    ("opportunity", "number_in_description"): False,
    ("opportunity", "quote_name_pattern"): "{person}: {title}",
    ("opportunity", "purchase_order"): "customer_or_number",
    ("opportunity", "quote_template_id"): 2,
    ("opportunity", "payment_term"): 2,
    ("opportunity", "opportunity_udfs"): {udf_key("Quoting Notes"): "{organization}"},
    ("opportunity", "act_as_owner"): True,
    ("products_services", "match_mpn"): False,
    ("products_services", "match_sku"): False,
    ("products_services", "match_name"): False,
    ("products_services", "when_unmatched"): "stop",
    ("products_services", "inactive_match"): "activate",
    ("products_services", "update_existing"): "fill_empty",
    ("products_services", "update_price"): (UPDATING, False),
    ("products_services", "update_cost"): (UPDATING, False),
    ("products_services", "update_description"): (UPDATING, False),
    ("products_services", "product_billing_code_id"): 109,
    ("products_services", "service_billing_code_id"): 209,
    ("products_services", "default_vendor_id"): 5,
    ("products_services", "service_period"): 5,
    ("products_services", "description_target"): "item",
    ("products_services", "mpn_in_name"): True,
    ("products_services", "terms_in_description"): False,
    ("products_services", "send_cost"): False,
    ("products_services", "markup"): "computed",
    ("products_services", "markup_percent"): ({"markup": "fixed"}, Decimal(25)),
    ("products_services", "labor_role_id"): 309,
    ("products_services", "shipping_type_id"): 409,
    ("products_services", "discount_as"): "item",
    ("products_services", "product_udfs"): {"Warehouse": "Albany"},
    ("tax_code", "default_region_id"): 2,
}
OUTCOMES = {
    "pending": Outcome(),
    "accepted": Outcome("accepted", closed_on=date(2026, 2, 1)),
    "ordered": Outcome("ordered", closed_on=date(2026, 2, 1)),
    "fulfilled": Outcome("fulfilled", closed_on=date(2026, 2, 1)),
    "lost": Outcome("lost", closed_on=date(2026, 2, 1), lost_reason="Too dear"),
    "expired": Outcome(expired=True),
}
OTHER_RULE = {"status": 4, "stage": 31, "probability": 41, "reason": 8, "set_closed_date": True}
# An open quote has neither a closed date nor a reason, so the page does not ask for them.
MEANINGLESS = {("pending", "reason"), ("pending", "set_closed_date")}


def line(uid: str, name: str, **values: Any) -> FrozenLine:
    common = {
        "recurrence": "one_time",
        "quantity": Decimal(2),
        "unit_price": Decimal(30),
        "unit_cost": Decimal(20),
    }
    return FrozenLine(uid=uid, name=name, description=f"About {name}", **{**common, **values})


def sample() -> Snapshot:
    """A quote in which every option has something to act upon."""
    billing, shipping = (
        Address(line1="1 Bill Street", city="Albany"),
        Address(line1="2 Ship Road", city="Troy"),
    )
    return Snapshot(
        quote_id=1,
        number=1001,
        revision=1,
        title="New office",
        currency="USD",
        published_at=datetime(2026, 1, 5, tzinfo=UTC),
        expires_on=date(2026, 1, 20),
        owner_name="Robin Rep",
        owner_email="robin@msp.example",
        organization=FrozenOrganization(
            id=1,
            name="Acme, Inc.",
            phone="+1 518 555 0100",
            website="https://acme.example",
            billing=billing,
            shipping=shipping,
        ),
        person=FrozenPerson(id=1, first_name="Casey", last_name="Customer", email="casey@acme.example"),
        shipping_amount=Decimal(25),
        discount_kind="amount",
        discount_value=Decimal(5),
        lines=(
            line(
                "a", "Firewall", mpn="FW-60", sku="SKU-1", category_id=1, tax_code_id=1, tax_rate=Decimal(8)
            ),
            line("b", "Cable", tax_code_id=2, tax_rate=Decimal(7)),
            line("c", "Care", recurrence="monthly", term_months=12),
            line("d", "Backup", recurrence="monthly", category_id=1),
            line("e", "Installation", category_id=3, parent_category_id=2),
        ),
    )


def compiled(
    settings: AutotaskSettings, outcome: Outcome = OUTCOMES["pending"], facts: RemoteFacts = FACTS
) -> Desired:
    return compile_quote(sample(), outcome, content_sha256="0" * 64, settings=settings, facts=facts)


def changed(settings: AutotaskSettings, section: str, **values: Any) -> AutotaskSettings:
    return settings.model_copy(update={section: getattr(settings, section).model_copy(update=values)})


def test_the_sample_compiles_without_a_problem() -> None:
    assert compiled(BASE).problems == ()


def test_every_option_is_tried() -> None:
    plain = {
        (section, name)
        for section, model in SECTIONS.items()
        for name in model.model_fields
        if section != "quote_status" and name != "rules"
    }
    assert plain == set(OTHER)
    assert set(QuoteStatusMapping.model_fields) == {*OUTCOMES, "loss_reasons"}
    assert set(StatusRule.model_fields) == set(OTHER_RULE)


def test_every_option_has_its_control_and_every_control_its_option() -> None:
    for section, model in SECTIONS.items():
        if section not in FIELDS:
            continue
        names = set(model.model_fields)
        if section == "quote_status":
            parts = {(status, part) for status in OUTCOMES for part in StatusRule.model_fields} - MEANINGLESS
            # One control for each of the admin's own reasons: see the tests of the form.
            names = {"-".join(pair) for pair in parts}
        # One control for each user-defined field of the connected Autotask: see their own tests.
        of_user_defined = {setting for setting, _, _ in user_defined.SETTINGS.get(section, ())}
        assert of_user_defined <= names
        assert {field.name for field in FIELDS[section]} == names - of_user_defined, section
    assert {*category_mapping.SOURCES, "is_labor"} == set(CategoryRule.model_fields)
    assert set(category_mapping.LABELS) == set(CategoryRule.model_fields)
    assert set(tax_mapping.SOURCES) == set(TaxRule.model_fields)
    assert set(ItemCategoryMapping.model_fields) == {"rules"}
    assert set(TaxCodeMapping.model_fields) == {"default_region_id", "rules"}


@pytest.mark.parametrize("option", OTHER, ids=".".join)
def test_an_option_changes_what_is_wanted(option: tuple[str, str]) -> None:
    section, name = option
    given = OTHER[option]
    context, value = given if isinstance(given, tuple) else ({}, given)
    # What a pending quote makes of the opportunity would hide what a new one begins with.
    before = changed(changed(BASE, "quote_status", pending=StatusRule()), section, **context)
    if option == ("products_services", "labor_role_id"):
        # It serves where no category names a role.
        before = before.model_copy(
            update={"item_category": ItemCategoryMapping(rules={2: CategoryRule(is_labor=True)})}
        )
    facts = FACTS
    if option == ("opportunity", "act_as_owner"):
        # Only somebody whom Autotask knows can be acted for.
        facts = replace(FACTS, resources={sample().owner_email.lower(): 12})
    assert compiled(before, facts=facts) != compiled(changed(before, section, **{name: value}), facts=facts)


@pytest.mark.parametrize("status", OUTCOMES)
@pytest.mark.parametrize("part", OTHER_RULE)
def test_each_part_of_each_status_counts(status: str, part: str) -> None:
    other = RULE.model_copy(update={part: OTHER_RULE[part]})
    before = compiled(BASE, OUTCOMES[status])
    after = compiled(changed(BASE, "quote_status", **{status: other}), OUTCOMES[status])
    assert (before == after) == ((status, part) in MEANINGLESS)


@pytest.mark.parametrize("status", OUTCOMES)
def test_a_status_leaves_the_others_alone(status: str) -> None:
    after = changed(BASE, "quote_status", **{status: StatusRule(status=9, stage=9, probability=9)})
    for name, outcome in OUTCOMES.items():
        assert (compiled(after, outcome) == compiled(BASE, outcome)) == (name != status)


@pytest.mark.parametrize("part", CategoryRule.model_fields)
@pytest.mark.parametrize("category", [1, 2])
def test_each_part_of_a_category_counts(category: int, part: str) -> None:
    other = {
        "product_category": 9,
        "billing_code_id": 9,
        "service_billing_code_id": 9,
        "is_labor": category == 1,
        "role_id": 9,
        "work_type_id": 901,
    }
    rules = dict(BASE.item_category.rules)
    rules[category] = rules[category].model_copy(update={part: other[part]})
    same = compiled(BASE) == compiled(changed(BASE, "item_category", rules=rules))
    for_labor = part in ("role_id", "work_type_id")
    assert same == (part != "is_labor" and for_labor != (category == 2))


@pytest.mark.parametrize(
    ("code", "rule"), [(1, TaxRule(tax_category_id=9)), (1, TaxRule(tax_category_id=1, tax_region_id=9))]
)
def test_each_part_of_a_tax_code_counts(code: int, rule: TaxRule) -> None:
    assert compiled(BASE) != compiled(changed(BASE, "tax_code", rules={**BASE.tax_code.rules, code: rule}))


def test_a_listed_loss_reason_goes_before_the_common_one() -> None:
    listed = Outcome("lost", closed_on=date(2026, 2, 1), loss_reason_id=1, lost_reason="Price: too dear")
    fields = compiled(BASE, listed).opportunity.fields
    assert (fields["lossReason"], fields["lossReasonDetail"]) == (50, "Price: too dear")
    removed = Outcome("lost", loss_reason_id=99, lost_reason="Gone")
    assert compiled(BASE, removed).opportunity.fields["lossReason"] == 7


def test_a_new_service_is_priced_at_the_period_that_the_settings_name() -> None:
    yearly = changed(BASE, "products_services", service_period=5)
    service = next(one for one in compiled(yearly).catalog_items if one.name == "Care").record.initial
    assert (service["periodType"], service["unitPrice"], service["unitCost"]) == (
        5,
        Decimal(360),
        Decimal(240),
    )


def test_the_markup_of_a_new_record() -> None:
    def rate(**values: Any) -> Any:
        goods = compiled(changed(BASE, "products_services", **values)).catalog_items
        return goods[0].record.initial.get("markupRate")

    assert rate() is None
    assert rate(markup="computed") == Decimal(50)
    assert rate(markup="fixed", markup_percent=Decimal("12.5")) == Decimal("12.5")
    assert rate(markup="computed", send_cost=False) is None, "what is not sent cannot be told by its markup"


def test_a_reopened_quote_takes_its_closed_date_back() -> None:
    fields = compiled(BASE).opportunity.fields
    assert fields["closedDate"] is None
    assert fields["lostDate"] is None


def test_a_field_that_this_autotask_lets_nobody_write_is_left_out() -> None:
    facts = replace(FACTS, read_only=frozenset({("Opportunities", "closedDate")}))
    settings = changed(BASE, "quote_status", lost=RULE.model_copy(update={"set_closed_date": True}))
    desired = compile_quote(sample(), OUTCOMES["lost"], content_sha256="0", settings=settings, facts=facts)
    assert "closedDate" not in desired.opportunity.fields
    assert "lostDate" in desired.opportunity.fields
