"""Where the pages of the PDF end, and how wide its columns are: nothing alone, nothing broken."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from tests.quoting.test_document import line, read
from tests.quoting.test_snapshot import make
from tests.support import paper
from webapp.services.core.place import A4, LETTER
from webapp.services.quoting.paper import columns, document
from webapp.services.quoting.paper.sheet import Sheet

AWKWARD = (1, 2, 3, 5, 6, 17, 18, 40)
RECURRENCES = ("one_time", "monthly", "quarterly", "semi_annual", "annual")


# These lengths see each way in which a page can end; `python -m bench pdf` tries 1 to 120 of each kind.
@pytest.mark.parametrize("kind", paper.KINDS)
@pytest.mark.parametrize("count", AWKWARD)
def test_nothing_stands_alone_on_a_page(kind: str, count: int) -> None:
    assert paper.alone(count, kind) == []


@pytest.mark.parametrize("price", ["999.99", "10000", "123750", "99999999.9999"])
def test_no_figure_is_broken(price: str) -> None:
    offered = tuple(
        line(
            f"Line {recurrence}",
            recurrence=recurrence,
            quantity=Decimal("12.25"),
            unit_price=Decimal(price),
            discount_kind="percent",
            discount_value=Decimal("12.5"),
        )
        for recurrence in RECURRENCES
    )
    text = "\n".join(read(document.render(make(lines=offered, comments=""))))
    figures = re.findall(r"–?\$[\d,.]*\d", text)
    whole = [figure for figure in figures if re.fullmatch(r"–?\$\d{1,3}(,\d{3})*\.\d{2,4}", figure)]
    assert figures == whole
    # Of each period: two figures of the totals, on page one and again before the acceptance; a price, a discount, an
    # amount and a total. Of the first invoice and the first year, both twice: each period's part, and the sum.
    assert len(whole) == 8 * len(RECURRENCES) + 2 * 2 * (len(RECURRENCES) + 1)
    assert sum(figure.startswith("–") for figure in whole) == len(RECURRENCES)


@pytest.mark.parametrize("size", [A4, LETTER])
def test_figures_get_smaller_before_the_items_lose_their_room(size: str) -> None:
    sheet = Sheet(size)
    plain = grid(sheet, [("1", "$5.00", "$5.00")], [("$5.00", "–", "$5.00")])
    assert plain.size == plain.summary_size == 10
    assert plain.columns["item"].width > sheet.space / 2
    large = "$999,999,999,999,999.99"
    wide = grid(sheet, [("1,234,567.25", "$99,999,999,999.9999", large)], [(large, large, large)])
    assert wide.size < 10
    assert wide.summary_size < 10
    assert wide.columns["item"].width >= sheet.space * columns.ITEM_SHARE - columns.GAP


def test_the_column_is_as_wide_as_its_figure_on_paper() -> None:
    figure = "$99,999,999.99"
    found = grid(Sheet(LETTER), [("1", figure, figure)], [])
    for name in ("price", "amount"):
        assert found.columns[name].width > columns.width(figure, found.size, Sheet(LETTER).text)


def grid(
    sheet: Sheet, lines: list[tuple[str, str, str]], summary: list[tuple[str, str, str]]
) -> columns.Grid:
    return columns.grid(sheet, columns.Figures(lines, [], [], summary))


@pytest.mark.parametrize(("words", "rows", "taxes"), [(100, 24, 12), (100, 24, 40)])
def test_a_last_line_as_tall_as_a_page_is_printed_without_its_sums(words: int, rows: int, taxes: int) -> None:
    offered = (
        *(
            line(f"Part {rate}", tax_name=f"Tax {rate}", tax_rate=Decimal(rate))
            for rate in range(1, taxes + 1)
        ),
        line(
            "Name " + "word " * words,
            description="\n".join(["word " * 9] * rows),
            unit_price=Decimal(99_999_999_999),
            quantity=Decimal(1000),
        ),
    )
    pages = read(document.render(make(lines=offered, comments="")))
    text = "\n".join(pages)
    assert text.count("word") >= words + 9 * rows
    assert all(f"Tax {rate} ({rate}%)" in text for rate in range(1, taxes + 1))
    assert "Signature" in text
