"""What the paper says of options, plans and sections: all that the customer signs for, and each text once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.quoting.test_document import line, read
from tests.quoting.test_snapshot import make
from tests.support import paper
from webapp.models.line import ONE, WHOLE
from webapp.services.core.place import LETTER
from webapp.services.quoting.paper import columns, document, markup
from webapp.services.quoting.paper.sheet import Sheet
from webapp.services.quoting.revisions.snapshot import FrozenLine, FrozenSection

SALES_TAX = {"tax_name": "Sales tax", "tax_rate": Decimal("8.25")}
TEXT = "Restores are billed by the hour."


def words(*lines: FrozenLine, **more: Any) -> str:
    """All that the PDF says of an offer of these lines."""
    return " ".join(" ".join(read(document.render(make(lines=lines, **more)))).split())


def kit(**values: Any) -> FrozenLine:
    """A bundle that shows its two parts."""
    made_of = (line("Part Alpha"), line("Part Beta", quantity=Decimal(2)))
    return line(**{"name": "Kit", "bundle": "sum", "shows_parts": True, "parts": made_of, **values})


@pytest.mark.parametrize(
    "text", ["Cable <b>Cat6</b> blue", "A <b>b", "<b></b>", "AT&amp;T &lt;b&gt;x&lt;/b&gt;"]
)
def test_what_people_typed_is_no_markup(text: str) -> None:
    said = words(line(text, description=text), terms=text, comments=text, title=text)
    assert said.count(text) >= 5


@pytest.mark.parametrize("shows", [True, False])
@pytest.mark.parametrize("choice", ["none", ONE, WHOLE])
def test_the_parts_of_a_bundle_to_choose_are_printed(choice: str, shows: bool) -> None:
    section = FrozenSection(uid="s", title="Pick", choice=choice)
    base = line("Base", section_uid="s", is_optional=True, is_selected=True)
    other = (base,) if choice == ONE else (line("Base"),)
    said = words(
        *other, kit(section_uid="s", is_optional=True, shows_parts=shows, quantity=Decimal(3)), sections=(section,)
    )  # fmt: skip
    if shows:
        assert "3 × Part Alpha: $" in said.replace("\xa0", " ")
        assert "6 × Part Beta: $" in said.replace("\xa0", " ")
    else:
        assert "Each includes 1 × Part Alpha, 2 × Part Beta" in said.replace("\xa0", " ")


def test_an_option_says_what_its_parts_of_other_periods_cost() -> None:
    made_of = (line("Router"), line("Care", recurrence="monthly", unit_price=Decimal(20)))
    said = words(line("Base"), kit(parts=made_of, unit_price=Decimal(100), is_optional=True))
    assert "1 × Router: $100.00 1 × Care: $20.00 per month" in said.replace("\xa0", " ")


def test_a_section_to_add_as_a_whole_says_all_of_its_lines() -> None:
    second = FrozenSection(uid="w", title="Second office", choice=WHOLE)
    its = {"section_uid": "w", "is_optional": True}
    said = words(
        line("Base"),
        line("Seat", **its, recurrence="monthly", unit_price=Decimal(77), term_months=36),
        kit(**its, description="Mounted and tested"),
        line("Desk", **its, quantity=Decimal(4), discount_kind="percent", discount_value=Decimal(10)),
        sections=(second,),
    ).replace("\xa0", " ")
    for expected in (
        "Seat", "36-month term", "$77.00 per month", "Mounted and tested", "2 × Part Beta: $200.00", "4 × $100.00",
        "10% off, –$40.00", "$360.00",
    ):  # fmt: skip
        assert expected in said


def test_a_discount_explains_what_an_option_or_a_plan_adds() -> None:
    off = {"is_optional": True, "discount_kind": "percent", "discount_value": Decimal(10)}
    plan = FrozenSection(uid="s", title="Pick", choice=ONE)
    said = words(
        line("Base"),
        line("Desk", **off, quantity=Decimal(2), unit_price=Decimal(90)),
        line("Small", section_uid="s", is_optional=True, is_selected=True),
        line("Large", section_uid="s", **off, unit_price=Decimal(300)),
        sections=(plan,),
    )
    assert "2 × $90.00, 10% off, –$18.00" in said
    assert "1 × $300.00, 10% off, –$30.00" in said
    assert "1 × $100.00" not in said


def section(**values: Any) -> FrozenSection:
    """A section with a text."""
    return FrozenSection(**{"uid": "s", "title": "Backup service", "text": TEXT, **values})


OPTION = line("Restore", section_uid="s", is_optional=True)
SEAT = line("Seat", section_uid="s", recurrence="monthly")
SMALL = line("Small", section_uid="s", is_optional=True, is_selected=True)
LARGE = line("Large", section_uid="s", is_optional=True, recurrence="monthly")


@pytest.mark.parametrize(
    ("lines", "choice"),
    [
        ([OPTION], "none"),
        ([OPTION, SEAT], "none"),
        ([SMALL, LARGE], ONE),
        ([OPTION, LARGE.model_copy(update={"is_selected": True})], ONE),
        ([OPTION], WHOLE),
    ],
    ids=["options", "option and line", "plans", "plan of a later period", "whole"],
)
def test_the_text_of_a_section_is_printed_once_where_it_is_first_seen(
    lines: list[FrozenLine], choice: str
) -> None:
    offered = make(lines=(line("Base"), *lines), sections=(section(choice=choice, starts_page=True),))
    pages = read(document.render(offered))
    said = " ".join(pages)
    assert "Backup service" in said
    assert said.count(TEXT) == 1
    (page,) = [page for page in pages[1:] if TEXT in page]
    assert page.index("Backup service") < page.index(TEXT), "the section starts a page"


def test_options_stand_below_the_title_of_their_section() -> None:
    second = section(uid="t", title="Phones", text="")
    said = words(
        line("Handset", section_uid="t", is_optional=True),
        line("Loose monthly", is_optional=True, recurrence="monthly"),
        OPTION,
        line("Base"),
        line("Restore twice", section_uid="s", is_optional=True, recurrence="monthly"),
        sections=(section(), second),
    )
    found = [said.index(text) for text in (
        "not included", "Loose monthly", "Backup service", TEXT, "Restore adds", "Restore twice", "Phones", "Handset",
    )]  # fmt: skip
    assert found == sorted(found)
    assert said.count("Backup service") == 1


def test_a_bundle_is_marked_by_the_taxes_of_its_parts() -> None:
    made_of = (line("Part A", **SALES_TAX), line("Part B"))
    taxed = line("Cable", **SALES_TAX)
    said = words(kit(parts=made_of, unit_price=Decimal(200)), taxed)
    assert "$200.00 $200.00 T " in said
    assert "Part A: $100.00 T " in said.replace("\xa0", " ")
    assert "Part B: $100.00 T" not in said.replace("\xa0", " ")
    assert "$100.00 $100.00 T " in said
    assert "T = taxed at 8.25%" in said
    assert "Sales tax (8.25%) $16.50" in said
    alone = words(kit(parts=made_of, unit_price=Decimal(200), shows_parts=False))
    assert "$200.00 $200.00 T " in alone
    option = words(line("Base"), kit(parts=made_of, unit_price=Decimal(200), is_optional=True))
    assert "adds $208.25 with tax" in option
    care = line("Care", recurrence="monthly", unit_price=Decimal(20))
    mixed = words(line("Base"), kit(parts=(*made_of, care), unit_price=Decimal(200), is_optional=True))
    assert "adds $208.25 with tax adds $20.00 per month" in mixed
    two = (line("Part A", **SALES_TAX), line("Part B", tax_name="VAT", tax_rate=Decimal(20)))
    assert "T1 = taxed at 8.25%, T2 = taxed at 20%" in words(kit(parts=two, unit_price=Decimal(200)))


def test_a_section_of_many_lines_to_add_goes_on_without_its_box() -> None:
    its = [line(f"Desk {number}", section_uid="w", is_optional=True) for number in range(110)]
    second = FrozenSection(uid="w", title="Second office", choice=WHOLE)
    pages = paper.pages(make(lines=(line("Base"), *its), sections=(second,)))
    first = next(page for page in pages if "Options" in page)
    at = first.index("Options")
    assert any("Second office" in text for text in first[at:])
    assert any("Desk 0" in text for text in first[at:])
    assert all(any(f"Desk {number}" in text for page in pages for text in page) for number in range(110))


def test_a_box_to_tick_is_drawn_once_however_tall_its_option_is() -> None:
    option = line("Kit " * 60, is_optional=True, description="word\n" * 11)
    pdf = document.html_of(make(lines=(option,)))
    grid = columns_of()
    (row,) = [one for one in markup.rows(pdf, grid, {}) if one.kind == "option"]
    parts = row.split(row.height() / 2)
    assert parts is not None
    assert [part.kind for part in parts] == ["option", "more"]


def columns_of() -> columns.Grid:
    """The columns of a sheet without figures."""
    return columns.grid(Sheet(LETTER), columns.Figures([], [], [], []))
