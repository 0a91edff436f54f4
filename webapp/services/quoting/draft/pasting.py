"""Rows of a spreadsheet, or of another quote, as lines: read, shown to confirm, then added in one command.

The columns are known by their heading, or else by their order. What a row can't be is said by row; the others can be
added. Copied lines are the same text with every column, so that nothing gets lost on the way into another quote.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from webapp.models import Item, Quote, QuoteLine, TaxCode, User, db, utc_now
from webapp.services.catalog import costs, dates, tax_codes, tiers
from webapp.services.company import place
from webapp.services.core import formatting
from webapp.services.core.errors import Invalid
from webapp.services.core.fields import Reader
from webapp.services.diary import diary
from webapp.services.quoting.draft import bundles, discounts, editing, lines, sections, shown, steps, tabular
from webapp.services.quoting.money import prices

MAX_TEXT = 1_000_000
# An empty cell of these says that the line has none, whatever its item has.
CLEARED = ("tax_code", "description", "sku", "mpn", "manufacturer", "supplier", "supplier_sku", "category")


@dataclass(frozen=True)
class Row:
    """One row as it was read. ``values``: as the form of a line has them. ``item``: the library item that it is.

    ``problem``: why it can't be added.
    """

    number: int
    values: Mapping[str, str]
    item: Item | None
    problem: str


@dataclass(frozen=True)
class Pasted:
    """``rows`` in their order; ``columns`` that were found; ``has_heading``: by their heading."""

    rows: tuple[Row, ...]
    columns: tuple[str, ...]
    has_heading: bool

    @property
    def good(self) -> list[Row]:
        """The rows that can be added."""
        return [row for row in self.rows if not row.problem]


def read(actor: User, quote: Quote, text: str) -> Pasted:
    """What ``text``, tab-separated, would add to the quote. Raises Invalid with a sentence when there are no rows."""
    cells = [row for row in tabular.cells(text[:MAX_TEXT]) if any(row)]
    if not cells:
        raise Invalid("There are no rows to paste. Copy them in your spreadsheet first.")
    heading = [tabular.KNOWN.get(cell.lower().rstrip(":*"), "") for cell in cells[0]]
    has_heading = "name" in heading or sum(map(bool, heading)) > 1
    columns = heading if has_heading else tabular.by_order(cells)
    rows = cells[1:] if has_heading else cells
    if len(rows) + len(quote.lines) > lines.MAX_LINES:
        raise Invalid(
            f"A quote can have up to {lines.MAX_LINES:,} lines, and these are too many. Nothing was added."
        )
    every = [_values(actor, columns, row) for row in rows]
    items = _items(every)
    default = lines.default_tax_code()
    codes = {code.name.lower(): str(code.id) for code in tax_codes.usable()}
    first = 2 if has_heading else 1
    read_rows = tuple(
        _row(quote, number, values, items, codes, default) for number, values in enumerate(every, start=first)
    )
    return Pasted(
        read_rows, tuple(tabular.COLUMNS[name][0] if name else "–" for name in columns), has_heading
    )


@steps.undoable
def add(actor: User, quote_id: int, text: str) -> tuple[list[str], list[Row]]:
    """Add the rows that can be added, as the last lines. Returns their uids, and the rows that were left out."""
    quote = editing.lock_editable(quote_id)
    pasted = read(actor, quote, text)
    if not pasted.good:
        raise Invalid("None of the rows can be added. Nothing was changed.")
    before = discounts.before(actor, quote)
    added = []
    for row in pasted.good:
        line = _line(quote, row.item, row.values)
        lines.append(quote, line)
        added.append(line.uid)
    sections.arrange(quote)
    quote.updated_at = utc_now()
    discounts.check(actor, quote, before)
    diary.write(actor, "quote.lines_added", "quote", quote.id, lines=len(added))
    return added, [row for row in pasted.rows if row.problem]


def _line(quote: Quote, item: Item | None, texts: Mapping[str, str]) -> QuoteLine:
    """The line of a row, not added to the quote. Raises Invalid."""
    values = lines.read(texts, quote.currency)
    # The editor shows it nowhere, so no form of a line has it.
    values["supplier_sku"] = Reader(texts).text("supplier_sku", 100)
    if item is None:
        return lines.new(values, quote.currency)
    values |= {name: getattr(item, name) for name in ("origin_entity", "origin_id")} | {"item_id": item.id}
    dated = dates.DATED.items()
    values |= {day: getattr(item, day) for name, day in dated if values[name] == getattr(item, name)}
    line = lines.new(values, quote.currency)
    if item.bundle:
        line.bundle, line.shows_parts = item.bundle, item.shows_parts
        bundles.fill(line, item, lines.default_tax_code())
    return line


def copied(actor: User, quote: Quote, uids: Collection[str]) -> str:
    """These lines as tab-separated text with a heading; without costs for those who may not see them."""
    columns = costs.shown(actor, list(tabular.COLUMNS))
    out = io.StringIO()
    writer = csv.writer(out, "excel-tab", lineterminator="\n")
    writer.writerow(tabular.COLUMNS[name][0] for name in columns)
    for line in quote.lines:
        if line.uid in uids:
            texts = shown.line(line)
            texts["price_percent"] = formatting.plain(line.price_percent, place.of_company())
            texts["tiers"] = tiers.text(line.tiers, place.of_company()).replace("\n", "; ")
            texts["supplier_sku"] = line.supplier_sku
            texts["tax_code"] = line.tax_code.name if line.tax_code else ""
            texts["recurrence"] = formatting.period_label(line.recurrence)
            writer.writerow(tabular.harmless(texts[name]) for name in columns)
    return out.getvalue()


def _values(actor: User, columns: list[str], row: list[str]) -> dict[str, str]:
    values = {
        name: tabular.HARMLESS.sub("", cell)
        for name, cell in zip(columns, row, strict=False)
        if name and (cell or name in CLEARED)
    }
    if not costs.may_see(actor):
        for name in (*costs.HIDDEN, "price_rule"):
            values.pop(name, None)
    # Where a list has no other price, its list price is the price.
    if values.get("list_price") and not values.get("unit_price"):
        values["unit_price"] = values["list_price"]
    return values


def _items(rows: list[dict[str, str]]) -> dict[tuple[str, str], Item]:
    """The active library items that the rows name, by SKU, part number or name; one that two items have is none."""
    found: dict[tuple[str, str], Item] = {}
    for name in ("sku", "mpn", "name"):
        wanted = {row[name] for row in rows if row.get(name)}
        column = getattr(Item, name)
        several: set[str] = set()
        for item in (
            db.session.scalars(db.select(Item).where(Item.is_active, column.in_(wanted))) if wanted else ()
        ):
            key = (name, getattr(item, name))
            if key in found:
                several.add(key[1])
            found[key] = item
        for twice in several:
            del found[(name, twice)]
    return found


def _row(
    quote: Quote,
    number: int,
    values: dict[str, str],
    items: Mapping[tuple[str, str], Item],
    codes: Mapping[str, str],
    default: TaxCode | None,
) -> Row:
    item = next(
        (items[name, values[name]] for name in ("sku", "mpn", "name") if (name, values.get(name)) in items),
        None,
    )
    known = _of_item(item, is_priced="unit_price" in values) if item is not None else {}
    sent = {**known, **values}
    problem = ""
    if "tax_code" in sent:
        wanted = sent.pop("tax_code").lower()
        sent["tax_code_id"] = codes.get(wanted, "")
        if wanted and not sent["tax_code_id"]:
            problem = f"There's no active tax code “{values['tax_code']}”."
    if "recurrence" in sent:
        sent["recurrence"] = _period(sent["recurrence"])
    for flag in ("is_optional", "is_selected", "shows_savings"):
        if flag in sent and sent[flag].lower() in ("no", "n", "0", "false"):
            del sent[flag]
    try:
        read = lines.read(sent, quote.currency)
        if "tax_code_id" not in sent and read["unit_price"] >= 0 and default is not None:
            sent["tax_code_id"] = str(default.id)
        if item is not None and item.bundle:
            price = formatting.plain_price(_line(quote, item, sent).unit_price, place.of_company())
            if (
                "unit_price" in values
                and formatting.plain_price(read["unit_price"], place.of_company()) != price
            ):
                problem = problem or f"The sum of its parts is {price}. Leave the price empty, or enter that."
            sent["unit_price"] = price
    except Invalid as error:
        problem = problem or " ".join(error.fields.values()) or str(error)
    return Row(number, sent, item, problem)


def _of_item(item: Item, *, is_priced: bool) -> dict[str, str]:
    """What a row takes from its item. ``is_priced``: the row has a price of its own, which leads."""
    here = place.of_company()
    texts: dict[str, Any] = {name: getattr(item, name) for name in ("name", "description", *("sku", "mpn"))}
    texts |= {name: getattr(item, name) for name in ("manufacturer", "supplier", "supplier_sku")}
    texts["recurrence"] = item.recurrence
    texts |= {name: formatting.plain_price(getattr(item, name), here) for name in ("unit_price", "unit_cost")}
    texts |= shown.term(item, here)
    if item.list_price is not None:
        texts["list_price"] = formatting.plain_price(item.list_price, here)
    if not is_priced:
        texts["price_rule"] = prices.TIERS if item.tiers else item.price_rule
        texts["price_percent"] = formatting.plain(item.price_percent, here)
        texts["price_ending"] = item.price_ending
        texts["tiers"] = tiers.text(tiers.of_line(item), here)
    if item.category_id:
        texts["category"] = item.category.path if item.category else ""
    if item.tax_code and item.tax_code.is_active:
        texts["tax_code"] = item.tax_code.name
    return texts


def _period(text: str) -> str:
    """The billing period that the text names; what isn't one is refused when the line is read."""
    word = text.lower().strip("/ ")
    short = {mark.strip("/"): name for name, mark in formatting.PERIOD_SHORTS.items()} | {"yearly": "annual"}
    labels = {label.lower(): name for name, label in formatting.PERIOD_LABELS.items()}
    return short.get(word) or labels.get(word) or word.replace("-", "_").replace(" ", "_")
