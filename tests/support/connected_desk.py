"""A connected installation with a quote of every kind, for tests of the push.

Its quotes are rows: a push needs quotes with a hundred lines, with pulled lines, and without a customer, which the
services create slowly, only from a live Autotask, or not at all. Tests of the quoting services use ``samples.quote``.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from tests.support import samples
from tests.support.copies import Copied, copied
from tests.support.redis import settle
from tests.support.sandbox import Tenant
from tests.support.visitor import Visitor
from webapp.models import (
    Category,
    Delivery,
    Organization,
    Person,
    PushRun,
    Quote,
    QuoteLine,
    TaxCode,
    User,
    db,
)
from webapp.services.accounts import users
from webapp.services.autotask.connection import connection, metadata
from webapp.services.autotask.settings import store as settings_store
from webapp.services.autotask.settings.model import (
    CategoryRule,
    CompanySettings,
    ItemCategoryMapping,
    OpportunitySettings,
    ProductsServicesSettings,
    QuoteStatusMapping,
    Section,
    StatusRule,
    TaxCodeMapping,
    TaxRule,
)
from webapp.services.core.runtime import Runtime
from webapp.services.delivery import attempt
from webapp.services.quoting.lifecycle import publishing

PASSWORD, SELLER = "a long password", "sam@demo.example"
USER, LABOR, HARDWARE = "rep@demo.example", "Professional Services", "Hardware"


@dataclass
class Desk:
    """One installation in a test, inside an application context."""

    app: Flask
    tenant: Tenant
    runtime: Runtime
    rep: User
    labor: Category
    hardware: Category
    tax: TaxCode
    _marks: int = 0

    def pick(self, entity: str, field: str, label: str) -> int:
        """A picklist's value by its label."""
        return next(c.value for c in metadata.picklist(self.runtime, entity, field) if c.label == label)

    def ref(self, name: str, label: str) -> int:
        """A reference record's id by its label."""
        return next(c.value for c in metadata.reference(self.runtime, name) if c.label == label)

    def save(self, **sections: Section) -> None:
        """Save sections of the settings and make them live."""
        for name, content in sections.items():
            settings_store.save_draft(name, content, settings_store.draft(name).version, self.rep)
        settings_store.save_integration(self.rep)

    def settings(self, section: str) -> Any:
        """A section of the live settings."""
        return getattr(settings_store.active(), section)

    def quote(self, *lines: dict[str, Any], **header: Any) -> Quote:
        """A draft with lines, as rows; ``person`` and ``organization`` are new unless given."""
        organization = header.pop("organization", None) or self.organization()
        person = header.pop("person", None) or Person(
            organization=organization,
            first_name="Nora",
            last_name="Quist",
            email=f"nora@{self.mark()}.example",
            phone="+1 212 555 0101",
        )
        quote = Quote(
            public_token=self.mark() * 4,
            title=header.pop("title", "New office"),
            owner=self.rep,
            organization=organization,
            person=person,
            **header,
        )
        for position, values in enumerate(lines, start=1):
            quote.lines.append(line(position=position, **values))
        db.session.add(quote)
        db.session.commit()
        return quote

    def mark(self) -> str:
        """Eight letters and digits that nothing else on this desk has, the same ones in each test."""
        if not self._marks:
            # Beyond what another desk gave to the rows of a copied installation.
            given = (db.session.scalar(db.select(db.func.max(row.id))) or 0 for row in (Quote, Organization))
            self._marks = 10 * sum(given)
        self._marks += 1
        return hashlib.sha256(str(self._marks).encode()).hexdigest()[:8]

    def organization(self, name: str = "") -> Organization:
        """A customer that Autotask doesn't know yet."""
        return Organization(
            name=name or f"Nimbus {self.mark()}",
            phone="+1 212 555 0100",
            billing_line1="1 Broad Street",
            billing_city="New York",
            billing_state="NY",
            billing_postal_code="10004",
            billing_country="United States",
        )

    def publish(self, quote: Quote) -> Delivery:
        """Publish and return the outbox entry."""
        publishing.publish(self.rep, quote.id)
        return newest_entry(quote.id)

    def push(self, quote: Quote) -> PushRun:
        """Publish the changes and push them as the worker would; returns the run."""
        publishing.publish(self.rep, quote.id)
        return self.process(quote)

    def process(self, quote: Quote) -> PushRun:
        """Process the quote's newest entry now, due or not; returns the newest run."""
        attempt.perform(self.runtime, newest_entry(quote.id).id, early=True)
        run = newest_run(quote.id)
        assert run is not None, newest_entry(quote.id).outcome
        return run


def newest_entry(quote_id: int) -> Delivery:
    """The quote's newest outbox entry."""
    query = db.select(Delivery).filter_by(reader="autotask", quote_id=quote_id).order_by(Delivery.id.desc())
    return db.session.scalars(query).first()  # type: ignore[return-value]


def newest_run(quote_id: int) -> PushRun | None:
    """The quote's newest run."""
    query = db.select(PushRun).filter_by(quote_id=quote_id).order_by(PushRun.id.desc())
    return db.session.scalars(query).first()


def line(**values: Any) -> QuoteLine:
    """A line, with defaults for everything that isn't given."""
    defaults: dict[str, Any] = {
        "uid": uuid.uuid4().hex,
        "name": "Thing",
        "recurrence": "one_time",
        "quantity": Decimal(1),
        "unit_price": Decimal(10),
        "unit_cost": Decimal(6),
    }
    for name in ("quantity", "unit_price", "unit_cost", "discount_value"):
        if name in values:
            values[name] = Decimal(str(values[name]))
    return QuoteLine(**{**defaults, **values})


def open_desk(app: Flask, tenant: Tenant) -> Desk:
    """Connect to the tenant and choose sensible settings; an application context must be open."""
    runtime = app.extensions["quotewright"]
    samples.company()
    rep = users.create_user(None, email=USER, name="Rita Rep", password=PASSWORD, role="admin")
    connection.connect(
        runtime, user_name=tenant.user, secret=tenant.secret, integration_code=tenant.code, actor=rep
    )
    labor, hardware = Category(name=LABOR), Category(name=HARDWARE)
    tax = TaxCode(name="NY 8.875 %", rate=Decimal("8.875"))
    db.session.add_all([labor, hardware, tax])
    db.session.commit()
    desk = Desk(app, tenant, runtime, rep, labor, hardware, tax)
    won = StatusRule(status=desk.pick("Opportunities", "status", "Closed"), probability=100)
    desk.save(
        company=CompanySettings(company_type=desk.pick("Companies", "companyType", "Customer")),
        opportunity=OpportunitySettings(
            stage=desk.pick("Opportunities", "stage", "Quote Sent"),
            status=desk.pick("Opportunities", "status", "Active"),
        ),
        quote_status=QuoteStatusMapping(
            accepted=won,
            ordered=won,
            fulfilled=won,
            lost=StatusRule(status=desk.pick("Opportunities", "status", "Lost"), probability=0),
        ),
        products_services=ProductsServicesSettings(
            product_billing_code_id=desk.ref("BillingCodes", "Hardware"),
            service_billing_code_id=desk.ref("BillingCodes", "Managed Services"),
            shipping_type_id=desk.ref("ShippingTypes", "Ground"),
        ),
        item_category=ItemCategoryMapping(
            rules={labor.id: CategoryRule(is_labor=True, role_id=desk.ref("Roles", "Field Engineer"))}
        ),
        tax_code=TaxCodeMapping(
            default_region_id=desk.ref("TaxRegions", "New York"),
            rules={tax.id: TaxRule(tax_category_id=desk.ref("TaxCategories", "Hardware Goods"))},
        ),
    )
    return desk


def desk_of(app: Flask, tenant: Tenant) -> Desk:
    """The desk that ``open_desk`` left; an application context must be open."""
    labor, hardware = (
        db.session.scalars(db.select(Category).filter_by(name=name)).one() for name in (LABOR, HARDWARE)
    )
    rep = db.session.scalars(db.select(User).filter_by(email=USER)).one()
    tax = db.session.scalars(db.select(TaxCode)).one()
    return Desk(app, tenant, app.extensions["quotewright"], rep, labor, hardware, tax)


def copy_desk(app: Flask, tenant: Tenant, opened: Copied) -> Desk:
    """What ``open_desk`` leaves, from a copy; an application context must be open."""
    runtime = app.extensions["quotewright"]
    opened.put(runtime, tenant)
    settle(runtime)
    desk = desk_of(app, tenant)
    db.session.commit()
    return desk


def every_kind(desk: Desk) -> list[dict[str, Any]]:
    """Twelve lines: matched and new products, every period, labor, discounts, optional, pulled, tax."""
    products = {row["sku"]: row for row in desk.tenant.query("Products")}
    firewall = products["FOR-60F"]
    services = {row["name"]: row for row in desk.tenant.query("Services")}
    pulled = services["Managed Server"]
    tax, labor, hardware = desk.tax.id, desk.labor.id, desk.hardware.id
    return [
        {
            "name": firewall["name"],
            "mpn": "FOR-60F",
            "quantity": 2,
            "unit_price": "1234.56",
            "tax_code_id": tax,
        },
        {
            "name": "Rack kit 42",
            "sku": "RK-42",
            "quantity": 3,
            "unit_price": "19.99",
            "discount_kind": "percent",
            "discount_value": 10,
            "category_id": hardware,
        },
        {
            "name": "Cable tray",
            "quantity": 7,
            "unit_price": "4.25",
            "discount_kind": "unit",
            "discount_value": "0.25",
        },
        {
            "name": "UPS 1500",
            "quantity": 1,
            "unit_price": 499,
            "discount_kind": "line",
            "discount_value": 50,
            "tax_code_id": tax,
        },
        {"name": "Managed Workstation", "quantity": 25, "unit_price": 45, "recurrence": "monthly"},
        {"name": "Quarterly review for us", "quantity": 1, "unit_price": 300, "recurrence": "quarterly"},
        {"name": "Pen test for us", "quantity": 1, "unit_price": 2400, "recurrence": "semi_annual"},
        {"name": "Domain for us", "quantity": 2, "unit_price": 25, "recurrence": "annual"},
        {"name": "Installation", "quantity": "7.5", "unit_price": 150, "category_id": labor},
        {
            "name": "Care hours",
            "quantity": 2,
            "unit_price": 95,
            "recurrence": "monthly",
            "category_id": labor,
        },
        {"name": "Spare Wi-Fi", "quantity": 1, "unit_price": 199, "is_optional": True},
        {
            "name": "Server care",
            "quantity": 1,
            "unit_price": 150,
            "origin_entity": "Services",
            "origin_id": pulled["id"],
        },
        {
            "name": "Acrobat for two",
            "quantity": 2,
            "unit_price": 240,
            "recurrence": "annual",
            "origin_entity": "Products",
            "origin_id": products["ADO-PRODC"]["id"],
        },
    ]


@pytest.fixture(scope="session")
def opened_desk(new_installation: Callable[[], AbstractContextManager[tuple[Flask, Tenant]]]) -> Copied:
    """What ``open_desk`` leaves."""
    with new_installation() as (app, tenant):
        return copied(app, tenant, open_desk)


@pytest.fixture
def desk(app: Flask, tenant: Tenant, opened_desk: Copied) -> Iterator[Desk]:
    """A connected installation, with its application context open. Redis is real where the test asks for it."""
    with app.app_context():
        yield copy_desk(app, tenant, opened_desk)


@pytest.fixture
def desk_admin(desk: Desk) -> Visitor:
    """The browser of the desk's user, an admin, without JavaScript."""
    return Visitor(desk.app.test_client()).sign_in(desk.rep.email, PASSWORD)


@pytest.fixture
def seller(desk: Desk) -> Visitor:
    """The browser of a user who isn't an admin."""
    users.create_user(None, email=SELLER, name="Sam Seller", password=PASSWORD, role="rep")
    return Visitor(desk.app.test_client()).sign_in(SELLER, PASSWORD)
