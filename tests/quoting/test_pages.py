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

RECURRENCES = ("one_time", "monthly", "quarterly", "semi_annual", "annual")


# These lengths see each way in which the first page and the second can end; `python -m bench paper` tries 1 to 120.
@pytest.mark.parametrize("count", [1, *range(9, 24), 40, 41])
def test_sums_and_signature_never_stand_alone(count: int) -> None:
    assert paper.alone(count) == []


@pytest.mark.parametrize("count", range(9, 24, 3))
def test_the_signature_stands_with_the_terms(count: int) -> None:
    assert paper.alone(count, "Thirty days.") == []


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
    figures = re.findall(r"–?\$[\d,.]+", text)
    whole = [figure for figure in figures if re.fullmatch(r"–?\$\d{1,3}(,\d{3})*\.\d{2,4}", figure)]
    assert figures == whole
    # A tile, a price, a discount, an amount, a subtotal and a total for each period.
    assert len(whole) == 6 * len(RECURRENCES)
    assert sum(figure.startswith("–") for figure in whole) == len(RECURRENCES)


@pytest.mark.parametrize("size", [A4, LETTER])
def test_figures_get_smaller_before_the_items_lose_their_room(size: str) -> None:
    plain = columns.of_lines(size, [("1", "$5.00", "", "$5.00")], ["$5.00"])
    assert plain.size == 9
    assert plain.item > 60
    figures = ("1,234,567.25", "$99,999,999,999.9999", "–$999,999,999,999.99", "$999,999,999,999,999.99")
    wide = columns.of_lines(size, [figures], ["$999,999,999,999,999.99"])
    assert wide.size < 9
    assert wide.item >= 100 * columns.ITEM_SHARE
    assert columns.tile_size(size, ["$900.00"] * 5) == 14
    assert columns.tile_size(size, ["$900,000.00"] * 5) < 14


def test_the_column_is_as_wide_as_its_figure_on_paper() -> None:
    table = columns.of_lines(LETTER, [("1", "$12,375.00", "–$12,375.00", "$12,375.00")], [])
    room = columns.space_of(LETTER) * table.discount / 100
    assert room > columns.width("–$12,375.00", table.size) + 6


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
    assert text.count("word") == words + 9 * rows
    assert all(f"Tax {rate} ({rate}%)" in text for rate in range(1, taxes + 1))
    assert "SIGNATURE" in text
