"""The comparison of ``make smoke``: it accepts what is right and names what is wrong."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from smoke import arithmetic, compare
from smoke.admin import Mapped
from smoke.autotask import Credentials, Reader
from smoke.landed import Labels, Landed
from smoke.rep import Customer
from smoke.wanted import Line, Offer
from tests.support.sandbox import Tenant

CUSTOMER = Customer("Acme", "Ann", "Lee", "ann@acme.example", "1")
OFFER = Offer(
    "Two things",
    (
        Line("Box", Decimal(3), Decimal("19.99"), Decimal(10), discount_kind="percent", discount=Decimal(10)),
        Line("Hours", Decimal(2), Decimal(95), Decimal(40), "monthly", "labor"),
        Line("Extra", Decimal(1), Decimal(50), optional=True),
    ),
    shipping=Decimal("4.90"),
)


@dataclass
class Case:
    landed: Landed
    labels: Labels
    mapped: Mapped

    def differences(self) -> list[str]:
        return compare.differences(
            OFFER,
            self.landed,
            self.labels,
            customer=CUSTOMER,
            mapped=self.mapped,
            revision=1,
            status="Active",
        )


@pytest.fixture
def case(tenant: Tenant) -> Case:
    """The expected result of the offer, in a tenant's own words and numbers."""
    labels = Labels(Reader(Credentials(tenant.root, tenant.user, tenant.secret, tenant.code)))

    def value(entity: str, field: str, label: str) -> int:
        fields = tenant.get(f"/v1.0/{entity}/entityInformation/fields")["fields"]
        choices = next(entry["picklistValues"] for entry in fields if entry["name"] == field)
        return int(next(entry["value"] for entry in choices if entry["label"] == label))

    role = tenant.query("Roles", {"op": "eq", "field": "name", "value": "Field Engineer"})[0]
    code = tenant.query("BillingCodes", {"op": "eq", "field": "name", "value": "Hardware"})[0]
    once = value("QuoteItems", "periodType", "One-Time")

    def item(kind: str, name: str, quantity: int, price: str, cost: int, **more: Any) -> dict[str, Any]:
        nothing = {"unitDiscount": 0, "percentageDiscount": 0, "lineDiscount": 0, "isOptional": False}
        return {
            **nothing,
            "quoteItemType": value("QuoteItems", "quoteItemType", kind),
            "name": name,
            "quantity": quantity,
            "unitPrice": Decimal(price),
            "unitCost": cost,
            "periodType": once,
            **more,
        }

    landed = Landed(
        company={
            "companyType": value("Companies", "companyType", "Customer"),
            "phone": "1",
        },
        contact={"firstName": "Ann", "lastName": "Lee", "emailAddress": "ann@acme.example"},
        opportunity={
            "title": "Two things",
            "status": value("Opportunities", "status", "Active"),
            "onetimeRevenue": Decimal("248.87"),  # 53.97 + 190.00 + 4.90
            "onetimeCost": Decimal(110),
        },
        quote={"id": 1},
        items=[
            item("Product", "Box", 3, "19.99", 10, productID=7, percentageDiscount=10),
            item("Labor", "Hours", 2, "95", 40, laborID=role["id"]),
            item("Product", "Extra", 1, "50", 0, productID=8, isOptional=True),
            item("Shipping", "Shipping", 1, "4.90", 0, shippingID=1),
        ],
        products={7: {"productBillingCodeID": code["id"]}, 8: {"productBillingCodeID": code["id"]}},
        attachments=[{"title": "Quote 1 revision 1 (abc)", "data": base64.b64encode(bytes(30_000)).decode()}],
    )
    return Case(
        landed, labels, Mapped(company_type="Customer", role="Field Engineer", product_code="Hardware")
    )


def test_what_is_right_has_no_differences(case: Case) -> None:
    assert case.differences() == []


WRONG: dict[str, tuple[Callable[[Landed], None], str]] = {
    "revenue": (
        lambda it: it.opportunity.update(onetimeRevenue=Decimal("248.88")),
        "onetimeRevenue is 248.88",
    ),
    "bucket": (lambda it: it.opportunity.update(monthlyRevenue=190), "monthlyRevenue is 190.00"),
    "cost": (lambda it: it.opportunity.update(onetimeCost=Decimal(109)), "onetimeCost is 109.00"),
    "status": (lambda it: it.opportunity.update(status=3), "status is Closed"),
    "price": (lambda it: it.items[0].update(unitPrice=Decimal(20)), "its price is 20"),
    "discount": (lambda it: it.items[0].update(percentageDiscount=0), "comes to 59.97"),
    "type": (lambda it: it.items[2].update(quoteItemType=11), "its type is service"),
    "period": (lambda it: it.items[1].update(periodType=2), "its period is monthly"),
    "optional": (lambda it: it.items[2].update(isOptional=False), "whether it is optional"),
    "tax": (lambda it: it.items[0].update(taxCategoryID=301), "its tax category is 301"),
    "role": (lambda it: it.items[1].update(laborID=29683301), "its role is Senior Engineer"),
    "order": (lambda it: it.items.insert(0, it.items.pop(1)), "its name is Hours"),
    "missing": (lambda it: it.items.clear(), "has 0 items"),
    "pdf": (lambda it: it.attachments.clear(), "The PDF of revision 1 is not"),
    "contact": (lambda it: it.contact.update(lastName="Li"), "name is Ann Li"),
    "shipping": (lambda it: it.items[3].update(unitPrice=Decimal(5)), "shipping line's amount is 5.00"),
    "quote": (lambda it: it.quote.clear(), "is not in Autotask"),
    "code": (lambda it: it.products[7].update(productBillingCodeID=29682701), "billing code is Software"),
}


@pytest.mark.parametrize("name", WRONG)
def test_whatever_is_wrong_is_named(case: Case, name: str) -> None:
    spoil, sentence = WRONG[name]
    spoil(case.landed)
    assert any(sentence in difference for difference in case.differences()), case.differences()


def test_a_discount_in_an_amount_falls_on_one_time_lines_alone() -> None:
    offer = Offer(
        "T",
        (
            Line("A", Decimal(1), Decimal(100)),
            Line("B", Decimal(1), Decimal(300)),
            Line("C", Decimal(1), Decimal(10), recurrence="monthly", kind="service"),
        ),
        "amount",
        Decimal(40),
    )
    assert [amount for amount, _ in arithmetic.net_amounts(offer)] == [90, 270, 10]
    assert arithmetic.revenue(offer)["one_time"] == 360
    assert arithmetic.revenue(offer)["monthly"] == 10
