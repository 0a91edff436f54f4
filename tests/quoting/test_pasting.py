"""Rows of a spreadsheet become lines, by heading or by order; copied lines are pasted without loss."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.quoting.test_bundle_lines import kit
from tests.support import samples
from webapp.models import Quote, User
from webapp.models.catalog import SUM
from webapp.services.catalog import bundles, categories, tax_codes
from webapp.services.core import work
from webapp.services.core.errors import Invalid
from webapp.services.quoting.draft import editing, lines, pasting, readiness, steps, undo


@pytest.fixture
def quote(rep: User) -> Quote:
    return samples.quote(rep, {"name": "First", "unit_price": "10"})


def shown(quote: Quote) -> list[tuple[str, str, Decimal, Decimal, Decimal]]:
    added = editing.get(quote.id).lines[1:]
    return [(line.name, line.sku, line.quantity, line.unit_price, line.unit_cost) for line in added]


SHEETS = {
    "headings": "Qty\tProduct\tSKU\tUnit price\tCost\n2\tCable\tC-1\t$1,250.50\t7\n",
    "headings and a blank row": "\n\nSKU\tItem\tPrice\tQTY\tunit cost\nC-1\tCable\t1250.50\t2\t7\n\n",
    "order": "Cable\tC-1\t2\t1250.50\t7\n",
    "order with quotes": '"Cable"\tC-1\t"2"\t1250.50\t7',
}


@pytest.mark.parametrize("text", SHEETS.values(), ids=SHEETS)
def test_columns_are_known_by_heading_or_by_order(rep: User, quote: Quote, text: str) -> None:
    pasting.add(rep, quote.id, text)
    assert shown(quote) == [("Cable", "C-1", Decimal(2), Decimal("1250.5"), Decimal(7))]


def test_what_cannot_be_read_is_said_by_row_and_the_rest_is_added(rep: User, quote: Quote) -> None:
    text = "Item\tQty\tPrice\nCable\t2\t5\nRack\tmany\t5\n\t1\t4\nTray\t1\t3l\nShelf\t1\t9\n"
    pasted = pasting.read(rep, quote, text)
    assert [(row.number, bool(row.problem)) for row in pasted.rows] == [
        (2, False),
        (3, True),
        (4, True),
        (5, True),
        (6, False),
    ]
    assert pasted.rows[2].problem == "Enter a name for this line."
    added, left = pasting.add(rep, quote.id, text)
    assert (len(added), [row.number for row in left]) == (2, [3, 4, 5])
    assert [line.name for line in editing.get(quote.id).lines] == ["First", "Cable", "Shelf"]


def test_a_row_that_names_a_library_item_is_that_item(rep: User, quote: Quote) -> None:
    item = samples.item(rep, sku="FW-40", description="A firewall")
    pasting.add(rep, quote.id, "SKU\tQty\tPrice\nFW-40\t3\t90\n")
    line = editing.get(quote.id).lines[1]
    assert (line.item_id, line.name, line.description) == (item.id, "Firewall", "A firewall")
    assert (line.quantity, line.unit_price, line.unit_cost) == (Decimal(3), Decimal(90), Decimal(60))


@pytest.mark.parametrize("text", ["", " \n\t\n", "Item\tQty\n"])
def test_nothing_to_paste_is_said(rep: User, quote: Quote, text: str) -> None:
    with pytest.raises(Invalid):
        pasting.add(rep, quote.id, text)
    assert len(editing.get(quote.id).lines) == 1


def test_copied_lines_are_pasted_without_loss(rep: User, quote: Quote) -> None:
    code = samples.tax_code(rep)
    with work.unit():
        categories.ensure(("Hardware", "Switches"))
    every = {
        "name": 'A "switch"\t48',
        "description": "Two\nlines, =1+1",
        "quantity": "2.5",
        "unit_price": "10.125",
        "unit_cost": "7",
        "discount_kind": "unit",
        "discount_value": "1.5",
        "tax_code_id": str(code.id),
        "recurrence": "semi_annual",
        "category": "Hardware > Switches",
        "sku": "=SKU",
        "mpn": "-9x",
        "manufacturer": "@maker",
        "supplier": "Us",
        "is_optional": "1",
        "is_selected": "1",
    }
    plain = {"name": "Trade-in", "unit_price": "-50"}
    source = samples.quote(rep, every, plain, customer=quote.person)
    text = pasting.copied(rep, source, [line.uid for line in source.lines])
    pasting.add(rep, quote.id, text)
    was, now = (
        [{name: getattr(line, name) for name in lines.COPIED} for line in one]
        for one in (editing.get(source.id).lines, editing.get(quote.id).lines[1:])
    )
    assert now == was


def test_a_paste_is_one_step_to_undo(rep: User, quote: Quote) -> None:
    with steps.of_session("mine"):
        pasting.add(rep, quote.id, "Item\tQty\nCable\t2\nRack\t1\n")
        assert undo.next_labels(rep, quote.id)[0] == "adding 2 lines"
        undo.undo(rep, quote.id)
    assert [line.name for line in editing.get(quote.id).lines] == ["First"]


def test_the_price_of_a_bundle_of_parts_is_the_one_that_is_added(rep: User, quote: Quote) -> None:
    kit(rep, SUM)
    text = "Item\tSKU\tPrice\nKit\tKIT\t99.00\nKit\tKIT\t280.00\nKit\tKIT\t\n"
    read = pasting.read(rep, quote, text)
    assert [(row.values["unit_price"], row.problem) for row in read.rows] == [
        ("280.00", "The sum of its parts is 280.00. Leave the price empty, or enter that."),
        ("280.00", ""),
        ("280.00", ""),
    ]
    pasting.add(rep, quote.id, text)
    assert [price for _, _, _, price, _ in shown(quote)] == [Decimal(280), Decimal(280)]


def test_an_inactive_tax_code_of_an_item_counts_as_none_however_it_is_added(rep: User, quote: Quote) -> None:
    old, new = samples.tax_code(rep, "Old tax", "8"), samples.tax_code(rep, "New tax", "9")
    samples.company(default_tax_code_id=str(new.id))
    item = samples.item(rep, name="Switch", sku="SW", tax_code_id=str(old.id))
    whole = samples.item(rep, name="Rack with it", unit_price="1")
    bundles.save(rep, whole, {"bundle": SUM, "add": "Switch"})
    tax_codes.save(rep, old, {"name": "Old tax", "rate": "8"})
    lines.add_item(rep, quote.id, item)
    lines.add_item(rep, quote.id, whole)
    pasting.add(rep, quote.id, "Item\tSKU\nSwitch\tSW")
    codes = [line.tax_code.name if line.tax_code else "" for line in editing.get(quote.id).lines[1:]]
    assert codes == ["New tax"] * 3


def test_a_price_of_the_library_in_another_currency_is_said(rep: User, quote: Quote) -> None:
    samples.company(other_currencies="EUR")
    item = samples.item(rep, name="Switch")
    line = lines.add_item(rep, quote.id, item)
    sentence = f"Line 2 “{line.name}” has the library's price, which is in USD. It wasn't converted to EUR."
    assert sentence not in [check.sentence for check in readiness.checks(quote)]
    quote.currency = "EUR"
    assert sentence in [check.sentence for check in readiness.checks(quote)]
    line.unit_price = Decimal(92)
    assert sentence not in [check.sentence for check in readiness.checks(quote)]
    line.setup_fee = item.setup_fee = Decimal(99)
    assert sentence in [check.sentence for check in readiness.checks(quote)]


def test_tiers_of_the_library_in_another_currency_are_said_too(rep: User, quote: Quote) -> None:
    samples.company(other_currencies="EUR")
    item = samples.item(rep, name="Seat", unit_price="20", tiers="10: 18.50")
    lines.add_item(rep, quote.id, item, Decimal(10))
    quote.currency = "EUR"
    assert any("“Seat” has the library's price" in check.sentence for check in readiness.checks(quote))


def test_the_suppliers_sku_is_copied_and_comes_with_the_item(rep: User, quote: Quote) -> None:
    item = samples.item(rep, name="Dock", sku="D-1", supplier="Ingram", supplier_sku="D-99")
    line = lines.add_item(rep, quote.id, item)
    line.name, line.sku = "Dock for the office", ""
    pasting.add(rep, quote.id, pasting.copied(rep, quote, [line.uid]))
    pasting.add(rep, quote.id, "Item\tSKU\nDock\tD-1")
    assert [one.supplier_sku for one in editing.get(quote.id).lines[1:]] == ["D-99"] * 3
