"""One push with every option set to something else than usual, read back from Autotask record by record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.support.connected_desk import Desk
from webapp.models.quote import Quote
from webapp.services.autotask.settings.choices import Choices
from webapp.services.autotask.settings.model import (
    CategoryRule,
    CompanySettings,
    ItemCategoryMapping,
    OpportunitySettings,
    ProductsServicesSettings,
)


def choose(desk: Desk) -> dict[str, Any]:
    """Save settings of unusual values and return them by section and name."""
    choices = Choices(desk.runtime)

    def last(source: str) -> int:
        """The last value that may be chosen: never the one that anything preselects."""
        return [choice.value for choice in choices.of(source) if choice.is_active][-1]

    sections = {
        "company": CompanySettings(
            company_type=last("company_types"),
            owner_resource_id=last("resources"),
            classification=last("classifications"),
            bill_to_source="shipping",
            ship_to_source="billing",
            sold_to_source="shipping",
        ),
        "opportunity": OpportunitySettings(
            owner_resource_id=last("resources"),
            stage=last("stages"),
            status=last("statuses"),
            probability=37,
            lead_source=last("lead_sources"),
            category=last("opportunity_categories"),
            title_pattern="{number}: {title} for {organization}",
            quote_name_pattern="Offer to {person}",
            close_date_rule="days",
            close_date_days=11,
            amount_months=6,
            use_quote_totals=False,
            number_in_description=False,
            purchase_order="customer_or_number",
            quote_template_id=last("quote_templates"),
            payment_term=last("payment_terms"),
        ),
        "products_services": ProductsServicesSettings(
            product_billing_code_id=last("product_codes"),
            service_billing_code_id=last("service_codes"),
            default_vendor_id=last("vendors"),
            service_period=last("service_periods"),
            description_target="item",
            mpn_in_name=True,
            terms_in_description=False,
            send_cost=True,
            markup="fixed",
            markup_percent=Decimal(25),
            labor_role_id=last("roles"),
            shipping_type_id=last("shipping_types"),
        ),
        "item_category": ItemCategoryMapping(
            rules={
                desk.labor.id: CategoryRule(is_labor=True, work_type_id=last("work_types")),
                desk.hardware.id: CategoryRule(product_category=last("product_categories")),
            }
        ),
    }
    desk.save(**sections)
    return {
        f"{section}.{name}": value
        for section, content in sections.items()
        for name, value in content.model_dump().items()
    }


def unusual_quote(desk: Desk) -> Quote:
    organization = desk.organization("Quist Partners")
    organization.shipping_line1, organization.shipping_city = "9 Dock Road", "Troy"
    return desk.quote(
        {
            "name": "Firewall 60",
            "mpn": "FW-60",
            "sku": "SKU-60",
            "description": "With rack ears",
            "category_id": desk.hardware.id,
            "unit_price": "300",
            "unit_cost": "200",
        },
        {"name": "Careful care", "recurrence": "monthly", "unit_price": "30", "unit_cost": "20"},
        {"name": "Visit", "category_id": desk.labor.id, "unit_price": "100"},
        organization=organization,
        shipping_amount=Decimal(25),
    )


def test_every_option_arrives_in_autotask(desk: Desk) -> None:
    chosen = choose(desk)
    desk.rep.email = "nobody.in.autotask@demo.example"
    quote = unusual_quote(desk)
    run = desk.push(quote)
    assert (run.state, run.sentence) == ("synced", "")
    state = desk.tenant.state()

    def expect(record: dict[str, Any], section: str, **fields: str) -> None:
        """Each field (of Autotask) holds what was chosen for the option."""
        for field, option in fields.items():
            assert record[field] == chosen[f"{section}.{option}"], (field, option)

    def one(entity: str, **values: Any) -> dict[str, Any]:
        (found,) = [row for row in state[entity] if all(row[name] == value for name, value in values.items())]
        return dict(found)

    company = one("Companies", companyName="Quist Partners")
    expect(
        company,
        "company",
        companyType="company_type",
        ownerResourceID="owner_resource_id",
        classification="classification",
    )

    remote = one("Quotes", externalQuoteNumber=str(quote.number))
    expect(remote, "opportunity", quoteTemplateID="quote_template_id", paymentTerm="payment_term")
    assert remote["name"] == "Offer to Nora Quist"
    assert remote["purchaseOrderNumber"] == str(quote.number)
    addresses = [
        one("QuoteLocations", id=remote[f"{place}ToLocationID"])["address1"]
        for place in ("bill", "ship", "sold")
    ]
    assert addresses == ["9 Dock Road", "1 Broad Street", "9 Dock Road"]

    opportunity = one("Opportunities", id=remote["opportunityID"])
    expect(
        opportunity,
        "opportunity",
        ownerResourceID="owner_resource_id",
        stage="stage",
        status="status",
        probability="probability",
        leadSource="lead_source",
        opportunityCategoryID="category",
        totalAmountMonths="amount_months",
        useQuoteTotals="use_quote_totals",
    )
    assert opportunity["title"] == f"{quote.number}: New office for Quist Partners"
    assert str(quote.number) not in (opportunity["description"] or "")
    # 300 and 100 and 25 once, 30 a month for six months.
    assert Decimal(str(opportunity["amount"])) == 605
    closing = datetime.now(UTC).date() + timedelta(days=11)
    assert str(opportunity["projectedCloseDate"]).startswith(closing.isoformat())

    product = one("Products", manufacturerProductName="FW-60")
    expect(
        product,
        "products_services",
        productBillingCodeID="product_billing_code_id",
        defaultVendorID="default_vendor_id",
    )
    assert product["name"] == "FW-60 Firewall 60"
    assert not product["description"]
    assert Decimal(str(product["markupRate"])) == 25
    assert product["productCategory"] == chosen["item_category.rules"][desk.hardware.id]["product_category"]
    service = one("Services", name="Careful care")
    expect(
        service,
        "products_services",
        billingCodeID="service_billing_code_id",
        vendorCompanyID="default_vendor_id",
        periodType="service_period",
    )

    items = {row["name"]: row for row in state["QuoteItems"] if row["quoteID"] == remote["id"]}
    visit = next(row for name, row in items.items() if name == "Visit")
    expect(visit, "products_services", laborID="labor_role_id")
    assert "Work type: " in visit["description"]
    assert (
        next(row for row in items.values() if row["shippingID"])["shippingID"]
        == (chosen["products_services.shipping_type_id"])
    )
    firewall = next(row for row in items.values() if row["productID"] == product["id"])
    assert firewall["description"] == "With rack ears"
    assert Decimal(str(firewall["unitCost"])) == 200
