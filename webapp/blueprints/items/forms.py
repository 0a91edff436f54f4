"""Forms of the item library; the services hold the rules."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, Field, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice

from webapp.blueprints.support import RecordForm
from webapp.models import Item
from webapp.models.catalog import RECURRENCES
from webapp.services.catalog import categories, price_rules, replacing, tax_codes, tiers
from webapp.services.company import place
from webapp.services.core.formatting import period_label, plain

CODE = {"autocomplete": "off", "spellcheck": "false"}
DAY = {"type": "date"}
NUMBER = {"inputmode": "decimal", "class_": "number", "autocomplete": "off"}


class _LooseSelect(SelectField):
    """Leaves validation to the service, which has a sentence for deleted records."""

    def pre_validate(self, form: Any) -> None:
        """Nothing."""


class ItemForm(RecordForm):
    """An item of the library."""

    name = StringField("Name", render_kw={"autocomplete": "off"})
    markdown = TextAreaField(
        "Description",
        description="**bold**, *italic*, - list, [link](https://…). Quotes and Autotask get it as plain text.",
        render_kw={"rows": 7, "dir": "auto"},
    )
    sku = StringField("SKU", render_kw=CODE)
    mpn = StringField("Part number (MPN)", render_kw=CODE)
    manufacturer = StringField("Manufacturer")
    supplier = StringField("Supplier", render_kw={"list": "suppliers", "autocomplete": "off"})
    supplier_sku = StringField("Supplier's SKU", render_kw=CODE)
    category_id = _LooseSelect("Category")
    tax_code_id = _LooseSelect("Tax code")
    unit_price = StringField("Price", render_kw=NUMBER)
    unit_cost = StringField("Cost", render_kw=NUMBER)
    margin = StringField("Margin %", render_kw=NUMBER)
    markup = StringField("Markup %", render_kw=NUMBER)
    price_rule = SelectField(
        "Led by",
        choices=[
            SelectChoice("fixed", "The typed price"),
            SelectChoice("margin", "The margin"),
            SelectChoice("markup", "The markup"),
        ],
        validate_choice=False,
        description="What you type leads, the others follow. A margin or a markup leads on when the cost changes.",
    )
    price_ending = SelectField(
        "Rounded up to",
        choices=[SelectChoice(name, label) for name, label in price_rules.ENDINGS.items()],
        validate_choice=False,
        description="Of prices that follow a rule. A typed price stays.",
    )
    tiers = TextAreaField(
        "Price by quantity",
        description="One by line: from which quantity, and its price or a percentage off. “10: 18.50”, “50: 15%”.",
        render_kw={"rows": 3},
    )
    list_price = StringField("List price", render_kw=NUMBER)
    price_date = StringField("Price from", render_kw=DAY)
    cost_date = StringField("Cost from", render_kw=DAY)
    replaced_by = StringField("Replaced by", render_kw={"list": "successors", "autocomplete": "off"})
    recurrence = SelectField(
        "Billing period",
        choices=[SelectChoice(name, period_label(name)) for name in RECURRENCES],
        default=RECURRENCES[0],
        validate_choice=False,
    )
    term_months = StringField("Term in months", render_kw=NUMBER)
    min_term_months = StringField("Can end after months", render_kw=NUMBER)
    setup_fee = StringField("Setup fee, once", render_kw=NUMBER)
    renewal_price = StringField("Price at renewal", render_kw=NUMBER)
    is_active = BooleanField("Active", default=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.tax_code_id.data
        self.category_id.choices = [
            SelectChoice("", "None"),
            *(SelectChoice(str(key), path) for key, path in categories.choices()),
        ]
        self.tax_code_id.choices = [
            SelectChoice("", "None"),
            *(
                SelectChoice(str(code.id), code.name if code.is_active else f"{code.name} (inactive)")
                for code in tax_codes.everything()
                if code.is_active or str(code.id) == str(chosen)
            ),
        ]
        record = kwargs.get("obj")
        if record is not None and (kwargs.get("formdata", "") is None or not self.is_submitted()):
            shown = price_rules.derived(record)
            self.margin.data, self.markup.data = shown["margin"], shown["markup"]
            self.tiers.data = tiers.text(record.tiers, place.of_company())
        for nothing in (self.term_months, self.min_term_months, self.setup_fee):
            if not isinstance(nothing.data, str):
                nothing.data = nothing.data or None
        amounts = (self.unit_price, self.unit_cost, self.margin, self.markup, self.list_price)
        for amount in (*amounts, self.setup_fee, self.renewal_price):
            show_plainly(amount)
        if isinstance(self.replaced_by.data, Item):
            self.replaced_by.data = replacing.named(self.replaced_by.data)


class CategoryForm(RecordForm):
    """A category or subcategory."""

    name = StringField("Name", render_kw={"autocomplete": "off"})
    parent_id = _LooseSelect("Parent category")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tops = [SelectChoice(str(top.id), top.name) for top in categories.tree()]
        self.parent_id.choices = [SelectChoice("", "None (top level)"), *tops]


class TaxCodeForm(RecordForm):
    """A tax code."""

    name = StringField("Name", render_kw={"autocomplete": "off"})
    rate = StringField("Rate (%)", render_kw=NUMBER)
    is_active = BooleanField("Active", default=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        show_plainly(self.rate)


def show_plainly(field: Field) -> None:
    """Show a stored number without trailing zeros; leave typed text unchanged."""
    if field.data is not None and not isinstance(field.data, str):
        field.data = plain(field.data)
