"""What stands on the paper beside the lines: cover, address, header, tags."""

from __future__ import annotations

import io
from typing import Any

import pytest
from pypdf import PdfReader

from tests.quoting.test_document import line, read
from tests.quoting.test_snapshot import make
from tests.support import paper, samples
from webapp.models import User
from webapp.services.company.brand.brand import Brand
from webapp.services.quoting.lifecycle import customer_link
from webapp.services.quoting.paper import document, qr
from webapp.services.quoting.revisions import snapshot

BASE = "https://quotes.brightwater.example"


def drawn(count: int = 8, kind: str = "all", **more: Any) -> PdfReader:
    return PdfReader(io.BytesIO(document.render(paper.offer(count, kind, **more), link=paper.ADDRESS)))


@pytest.mark.parametrize(
    ("cover", "lines", "has_cover"),
    [("long", 5, False), ("long", 6, True), ("always", 1, True), ("never", 6, False)],
)
def test_a_long_quote_has_a_cover_unless_the_company_says_otherwise(
    cover: str, lines: int, has_cover: bool
) -> None:
    found = drawn(lines, "plain", brand=Brand(cover=cover, tax_id="NY 14"))
    first = found.pages[0].extract_text()
    assert ("Page 1 of" not in first) == has_cover
    assert "Birchwood Legal LLP" in first
    assert "Tax ID NY 14" in first
    assert found.page_labels[0] == ("Cover" if has_cover else "1")
    assert f"Page 1 of {len(found.pages) - has_cover}" in found.pages[int(has_cover)].extract_text()


def test_later_pages_name_the_customer_and_the_title() -> None:
    found = drawn(title="Office move")
    for page in found.pages[2:]:
        assert "Birchwood Legal LLP · Office move" in page.extract_text()
    assert "Birchwood Legal LLP · Office move" not in found.pages[1].extract_text()


def test_a_footer_ends_with_a_whole_part_and_a_header_shows_what_it_can_of_a_title() -> None:
    registered = Brand(
        tax_id="NY 12-3456789", registration_number="HRB 1234 of the local court of Albany County"
    )
    found = drawn(title="Office move and a network " * 6, brand=registered)
    page = found.pages[-1].extract_text()
    assert "Tax ID NY 12-3456789\n" in page
    assert "Regist" not in page
    assert "Birchwood Legal LLP · Office move and a network" in page


def sizes_of(found: PdfReader) -> set[float]:
    """The sizes of type, in points."""
    sizes: set[float] = set()

    def visit(text: str, matrix: list[float], _text: object, _font: object, size: float) -> None:
        if text.strip():
            sizes.add(round(size * matrix[0], 1))

    for page in found.pages:
        page.extract_text(visitor_text=visit)
    return sizes


def test_three_sizes_of_type_are_enough() -> None:
    assert sizes_of(drawn(30, title="תוכנית Plan")) <= {8.0, 10.0, 26.0}


def test_the_address_is_text_a_link_and_a_code() -> None:
    page = drawn().pages[1]
    assert paper.ADDRESS in page.extract_text()
    notes: Any = page["/Annots"]
    assert paper.ADDRESS in [note.get_object()["/A"]["/URI"] for note in notes]
    assert "Scan the code" in page.extract_text()
    assert "Scan the code" not in " ".join(read(document.render(paper.offer(8))))
    assert qr.SIZE > 60


def test_a_replaced_link_is_printed_when_the_paper_is_asked_for_again(rep: User) -> None:
    revision = samples.published(rep)
    quote, before = revision.quote, revision.quote.public_token
    assert f"{BASE}/q/{before}" in read(document.pdf_for(revision.id, BASE))[0]
    customer_link.replace(rep, quote.id)
    words = read(document.pdf_for(revision.id, BASE))[0]
    assert before not in words
    assert f"{BASE}/q/{quote.public_token}" in words


def test_options_and_plans_say_what_they_add() -> None:
    words = " ".join(" ".join(page.extract_text() for page in drawn().pages).split())
    options = words[words.index("Options") :]
    assert "Cable clean-up adds $495.00" in options.replace("\n", " ")
    assert "Second office" in options
    assert "adds $200.00" in options
    assert "in the total" in words
    assert "Desk 0" not in words[: words.index("Options")]


def test_the_paper_has_a_title_a_language_and_tags() -> None:
    found = drawn()
    root: Any = found.trailer["/Root"]
    assert found.metadata is not None
    assert found.metadata.title == "Quote 1001, Birchwood Legal LLP"
    assert root["/Lang"] == "en"
    assert root["/MarkInfo"]["/Marked"]
    kinds: dict[str, int] = {}
    marks: list[tuple[int, int]] = []
    numbers = {page.indirect_reference.idnum: number for number, page in enumerate(found.pages)}  # type: ignore[union-attr]

    def walk(node: Any) -> None:
        node = node.get_object()
        if node["/Type"] == "/MCR":
            marks.append((numbers[node.raw_get("/Pg").idnum], node["/MCID"]))
            return
        kinds[node["/S"]] = kinds.get(node["/S"], 0) + 1
        for child in node["/K"]:
            walk(child)

    walk(root["/StructTreeRoot"]["/K"])
    assert kinds["/H1"] == 1
    assert {"/Table", "/TR", "/TH", "/TD", "/H2", "/Figure", "/P"} <= kinds.keys()
    # Each mark is in the tree, in the order of reading, and each page knows its own.
    assert marks == sorted(marks)
    assert len(set(marks)) == len(marks)
    for number, page in enumerate(found.pages):
        assert page["/StructParents"] == number
        opened = page.get_contents().get_data()  # type: ignore[union-attr]
        assert opened.count(b"/MCID") == sum(on == number for on, _ in marks)
        assert opened.count(b"BDC") + opened.count(b"BMC") == opened.count(b"EMC")


def test_an_offer_without_anything_is_drawn() -> None:
    empty = " ".join(read(document.render(make(lines=(), title="Empty"))))
    assert "Acceptance" in empty
    # No heads of a table without rows.
    assert "Billing period" not in empty
    optional = line("Rack", is_optional=True)
    words = " ".join(" ".join(read(document.render(make(lines=(optional,), title="Only options")))).split())
    assert "adds $100.00" in words


def test_frozen_brands_of_before_have_a_cover_by_length(rep: User) -> None:
    content = snapshot.parse(samples.published(rep).content).model_dump(mode="json")
    del content["brand"]["cover"]
    assert snapshot.Snapshot.model_validate(content).brand.has_cover(6)


def test_a_long_title_is_smaller_so_that_it_takes_no_half_page() -> None:
    assert sizes_of(drawn(1, title="Office move " * 7)) == {8.0, 10.0, 18.0}
    assert sizes_of(drawn(8, title="Office move " * 16)) == {8.0, 10.0, 18.0}
