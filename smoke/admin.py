"""The admin's part: the first account, the rep's account, Autotask connected and its six sections mapped.

Every choice comes from the page; the words only prefer one option over another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from smoke.autotask import Credentials, Reader
from smoke.forms import Form
from smoke.visitor import Stuck, Visitor

AUTOTASK = "/settings/integrations/autotask"
PASSWORD = "a long smoke password"  # noqa: S105  of accounts that only exist during the run
NAME = "Sam Smoke"
LABOR, GOODS = "Smoke labor", "Smoke goods"


@dataclass
class Mapped:
    """The admin's choices, to compare with Autotask later. ``tax_code``: our tax code; empty without taxes."""

    company_type: str = ""
    status: str = ""
    stage: str = ""
    won: str = ""
    role: str = ""
    product_code: str = ""
    goods_code: str = ""
    goods_category: str = ""
    shipping_type: str = ""
    tax_code: str = ""
    tax_category: str = ""
    tax_region: str = ""


# Every quote names the seller and their address.
COMPANY = {"company": "Smoke IT", "address": "48 Harbor Street\r\nAlbany, NY 12207"}


class Admin(Visitor):
    """The admin, who has every permission."""

    mapped: Mapped

    def set_up(self, token: str) -> None:
        """Create the first account of a new installation."""
        self.open("/")
        values = {"token": token, "name": NAME, "email": "admin@smoke.example", "password": PASSWORD}
        self.send(self.form(having="token"), {**values, **COMPANY})

    def countersign(self, quote_path: str) -> None:
        """Sign what the customer signed."""
        self.open(f"{quote_path}/countersign")
        form = self.form(action="/countersign")
        self.send(form, {"signature": NAME, "title": "Partner", "terms": True})
        self.open(f"{quote_path}/evidence")
        if "Countersigned by" not in self.html:
            raise Stuck(f"The countersignature was not confirmed: {self.complaints()}")

    def invite(self, email: str, role: str) -> str:
        """Create an account; returns the path of the link that its person gets."""
        self.open("/settings/users/new")
        self.send(self.form(having="role"), {"name": email.partition("@")[0], "email": email, "role": role})
        found = re.search(r"/join/[\w-]+", self.html)
        if found is None:
            raise Stuck(f"The invitation shows no link: {self.complaints()}")
        return found[0]

    def connect(self, credentials: Credentials) -> None:
        """Settings > Integrations > Add, then require what Autotask needs."""
        self.open("/settings/integrations/")
        if "Professional Services Automation (PSA)" not in self.html:
            raise Stuck("The list of integrations does not show the group of Autotask.")
        self.open(f"{AUTOTASK}/connect")
        form = self.form(action="connect", having="secret")
        self.send(
            form,
            {
                "user_name": credentials.user,
                "secret": credentials.secret,
                "integration_code": credentials.code,
            },
        )
        self.send(self.form(action="required-fields"))

    def prepare_catalogue(self, reader: Reader) -> None:
        """Two categories, and a tax code with the rate of a tax that Autotask has."""
        self.mapped = Mapped()
        for name in (LABOR, GOODS):
            self.open("/items/categories/new")
            self.send(self.form(having="parent_id"), {"name": name})
        tax = _first_tax(reader)
        if tax:
            self.mapped.tax_code = "Smoke tax"
            self.mapped.tax_region, self.mapped.tax_category, rate = tax
            self.open("/items/tax-codes/new")
            self.send(self.form(having="rate"), {"name": self.mapped.tax_code, "rate": f"{rate:f}"})

    def map_sections(self) -> None:
        """All six sections, then Save Integration."""
        self._company()
        self._opportunity()
        self._quote_status()
        self._products_services()
        self._categories()
        if self.mapped.tax_code:
            self._taxes()
        self.open(AUTOTASK)
        self.send(self.form(action="autotask/save"))
        if "is now live" not in self.html:
            raise Stuck(f"Save Integration did not say that the settings are live: {self.complaints()}")

    def _section(self, name: str) -> Form:
        self.open(AUTOTASK)
        return self.form(action=f"sections/{name}")

    def _company(self) -> None:
        form = self._section("company")
        chosen = form.option("company_type", "customer", "prospect", "lead")
        self.mapped.company_type = form.label("company_type", chosen)
        owner = form.option("owner_resource_id")
        self.send(form, {"company_type": chosen, "owner_resource_id": owner, "update_policy": "fill_empty"})

    def _opportunity(self) -> None:
        form = self._section("opportunity")
        status = form.option("status", "active", "open", "new")
        stage = form.option("stage", "quote", "propos", "qualif", "prospect")
        self.mapped.status, self.mapped.stage = form.label("status", status), form.label("stage", stage)
        self.send(
            form,
            {
                "owner_resource_id": form.option("owner_resource_id"),
                "status": status,
                "stage": stage,
                "probability": "60",
                "title_pattern": "{title}",
                "use_quote_totals": True,
            },
        )

    def _quote_status(self) -> None:
        opened = self._section("opportunity").option("status", "active", "open", "new")
        form = self._section("quote_status")
        won = form.option("accepted-status", "closed", "won", "implemented", "sold", but=(opened,))
        lost = form.option("lost-status", "lost", but=(opened, won))
        self.mapped.won = form.label("accepted-status", won)
        values: dict[str, str | bool] = {
            f"{name}-status": won for name in ("accepted", "ordered", "fulfilled")
        }
        values |= {f"{name}-stage": "" for name in ("accepted", "ordered", "fulfilled", "lost")}
        self.send(
            form,
            {
                **values,
                "lost-status": lost,
                "accepted-probability": "100",
                "accepted-set_closed_date": True,
            },
        )

    def _products_services(self) -> None:
        form = self._section("products_services")
        code = form.option("product_billing_code_id", "hardware", "product", "material")
        shipping = form.option("shipping_type_id", "ground")
        self.mapped.product_code = form.label("product_billing_code_id", code)
        self.mapped.shipping_type = form.label("shipping_type_id", shipping)
        self.send(
            form,
            {
                "when_unmatched": "create",
                "update_existing": "never",
                "product_billing_code_id": code,
                "service_billing_code_id": form.option("service_billing_code_id", "service", "recurring"),
                "shipping_type_id": shipping,
                "description_target": "both",
                "send_cost": True,
                "discount_as": "spread",
            },
        )

    def _categories(self) -> None:
        """One category becomes labor; the other gets its own product category and billing code."""
        self.open("/items/categories")
        labor, goods = (self._category_id(name) for name in (LABOR, GOODS))
        form = self._edit_category(self._section("item_category"), labor, {})
        role = form.option(f"rule-{labor}-role_id", "engineer", "technician", "consult")
        self.mapped.role = form.label(f"rule-{labor}-role_id", role)
        as_labor: dict[str, str | bool] = {f"rule-{labor}-is_labor": "yes", f"rule-{labor}-role_id": role}
        form = self._edit_category(form, goods, as_labor)
        values: dict[str, str | bool] = {f"rule-{goods}-is_labor": "no"}
        code = form.option(f"rule-{goods}-billing_code_id", "network", "software")
        self.mapped.goods_code = form.label(f"rule-{goods}-billing_code_id", code)
        values[f"rule-{goods}-billing_code_id"] = code
        if any(value for value, _ in form.choices[f"rule-{goods}-product_category"]):
            category = form.option(f"rule-{goods}-product_category", "network", "hardware")
            self.mapped.goods_category = form.label(f"rule-{goods}-product_category", category)
            values[f"rule-{goods}-product_category"] = category
        self.send(form, values)

    def _edit_category(self, form: Form, category_id: str, values: dict[str, str | bool]) -> Form:
        """The form after *Edit* of a category; what was entered before is kept in it."""
        self.send(form, {**values, "do": f"edit-{category_id}"})
        return self.form(action="sections/item_category")

    def _category_id(self, name: str) -> str:
        found = re.search(rf'href="/items/categories/(\d+)">{re.escape(name)}<', self.html)
        if not found:
            raise Stuck(f"{self.url} does not list the category {name}.")
        return found[1]

    def _taxes(self) -> None:
        """The tab that the settings page opens."""
        self.open(f"{AUTOTASK}/tax-codes")
        form = self.form(having="default_region_id")
        control = next(name for name in form.choices if name.endswith("-tax_category_id"))
        self.send(
            form,
            {
                control: self.mapped.tax_category,
                control.replace("category", "region"): "",
                "default_region_id": self.mapped.tax_region,
            },
        )


def _first_tax(reader: Reader) -> tuple[str, str, Decimal] | None:
    """Region, category and rate of the first active combination that Autotask taxes; None without taxes."""
    regions = {row["id"] for row in reader.query("TaxRegions", ("isActive", "eq", True))}
    categories = {row["id"] for row in reader.query("TaxCategories", ("isActive", "eq", True))}
    rates: dict[tuple[int, int], Decimal] = {}
    for row in reader.query("Taxes"):
        key = (row["taxRegionID"], row["taxCategoryID"])
        rates[key] = rates.get(key, Decimal(0)) + Decimal(str(row["taxRate"]))
    for (region, category), rate in sorted(rates.items()):
        if region in regions and category in categories and 0 < rate <= 100 and rate == round(rate, 4):
            return str(region), str(category), rate
    return None
