"""The PDF: complete, readable in every script, robust against absurd content, rendered once."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
from pypdf import PdfReader

from tests.quoting.test_snapshot import make
from tests.support import samples
from tests.support.samples import runtime
from webapp.models import RevisionDocument, User, db
from webapp.services.core import formatting
from webapp.services.quoting.answer import acceptance
from webapp.services.quoting.answer.signature import Evidence
from webapp.services.quoting.lifecycle import publishing
from webapp.services.quoting.paper import document
from webapp.services.quoting.revisions.snapshot import FrozenLine, FrozenOrganization, Seller


def read(pdf: bytes) -> list[str]:
    """The text of each page."""
    return [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]


def line(name: str = "Firewall", **values: object) -> FrozenLine:
    """A one-time line of 100.00."""
    known = {
        "uid": name,
        "name": name,
        "recurrence": "one_time",
        "quantity": Decimal(1),
        "unit_price": Decimal(100),
    }
    return FrozenLine.model_validate({**known, **values})


def test_it_says_everything_that_was_offered() -> None:
    offer = make(
        seller=Seller(name="Brightwater IT", address="48 Harbor Street"),
        organization=FrozenOrganization(id=1, name="Customer Ltd"),
        terms="Thirty days' notice.",
        shipping_amount=Decimal("12.50"),
        lines=(
            line(tax_name="Sales tax", tax_rate=Decimal("8.25")),
            line("Managed seat", recurrence="monthly", quantity=Decimal(24), unit_price=Decimal("64.995")),
            line("Extra backup", recurrence="monthly", is_optional=True),
        ),
    )
    text = " ".join(" ".join(read(document.render(offer))).split())
    for expected in (
        "Brightwater IT", "48 Harbor Street", "Customer Ltd", "1001", "Dec 3, 2026", "Firewall", "Sales tax (8.25%)",
        "$8.25", "$12.50", "$120.75", "$64.995", "$1,559.88", "Total per month", "not included in the totals",
        "adds $100.00 per month",
        "Thirty days' notice.", "Page 1 of",
    ):  # fmt: skip
        assert expected in text


def test_a_saving_is_printed_where_the_line_says_so() -> None:
    listed = {"list_price": Decimal(125), "quantity": Decimal(2)}
    offer = make(lines=(line("Switch", **listed, shows_savings=True), line("Router", **listed)))
    text = " ".join(" ".join(read(document.render(offer))).split())
    assert text.count("List price $125.00. You save $50.00 (20%).") == 1
    assert text.count("List price") == 1


def test_right_to_left_and_east_asian_names_are_drawn_with_glyphs(caplog: pytest.LogCaptureFixture) -> None:
    names = (
        "מחשב נייד",
        "تركيب الشبكة",
        "笔记本电脑",
        "ノートパソコン",
        "노트북",
        "Ελληνικά Кириллица Zażółć €",
    )
    document.render(make(lines=tuple(line(name) for name in names)))
    assert [record.message for record in caplog.records if "No font" in record.message] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "Lorem ipsum dolor sit amet. " * 3572,
        "x" * 100_000,
        "汉字" * 50_000,
        "تركيب الشبكة " * 7_700,
        "one line\n" * 11_000,
    ],
    ids=["words", "one word", "han", "arabic", "lines"],
)
def test_a_description_of_100_000_characters_is_printed_in_full_and_readable(text: str) -> None:
    text = text[:100_000]
    pages = read(document.render(make(lines=(line(description=text), line("Last line")))))
    assert len(pages) > 10
    # Nothing is shrunk: the last line's price is on the first pages, the full text comes after the offer.
    assert any("Last line" in page for page in pages[:4])
    assert any("Full descriptions" in page for page in pages)
    if text.isascii():
        printed = "".join("".join(pages[1:]).split())
        assert (
            printed.count(text.split()[0][:20])
            >= len("".join(text.split())) // max(20, len(text.split()[0])) // 60
        )


def sums_of(pdf: bytes) -> list[tuple[int, str, float]]:
    """Page, text and size in points of every caption of the sums and of the signature."""
    found: list[tuple[int, str, float]] = []
    for number, page in enumerate(PdfReader(io.BytesIO(pdf)).pages):

        def visit(
            text: str,
            matrix: list[float],
            _text_matrix: object,
            _font: object,
            size: float,
            page: int = number,
        ) -> None:
            if text.strip() in ("Subtotal", "Sales tax (8.25%)", "Shipping", "Total, one-time", "Signature"):
                found.append((page, text.strip(), round(size * matrix[0], 2)))

        page.extract_text(visitor_text=visit)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("count", range(4, 12))
def test_sums_stay_together_at_their_size_wherever_the_page_ends(count: int) -> None:
    lines = tuple(
        line(f"Firewall {number}", description="word " * 16, tax_name="Sales tax", tax_rate=Decimal("8.25"))
        for number in range(count)
    )
    found = sums_of(
        document.render(make(lines=lines, shipping_amount=Decimal("12.50"), terms="Thirty days."))
    )
    assert [(text, size) for _, text, size in found] == [
        ("Subtotal", 10.0),
        ("Sales tax (8.25%)", 10.0),
        ("Shipping", 10.0),
        ("Total, one-time", 10.0),
        ("Signature", 8.0),
    ]
    assert len({page for page, *_ in found[:4]}) == 1


def test_markup_in_a_name_is_text_and_fetches_nothing() -> None:
    hostile = '<img src="http://127.0.0.1:1/x"><pdf:toc/> <script>alert(1)</script> {{ 7 * 7 }}'
    pages = read(document.render(make(title=hostile, lines=(line(hostile, description=hostile),))))
    assert "<script>alert(1)</script> {{ 7 * 7 }}" in " ".join(" ".join(pages).split())


def test_it_is_rendered_once_and_kept(rep: User) -> None:
    revision = publishing.publish(rep, samples.quote(rep).id).revision
    first = document.pdf_for(revision.id)
    assert first.startswith(b"%PDF-")
    assert document.pdf_for(revision.id) == first
    stored = db.session.scalars(db.select(RevisionDocument)).one()
    assert stored.pdf == first


@pytest.mark.both_databases
@pytest.mark.parametrize("online", [True, False])
def test_the_paper_of_an_accepted_quote_says_so(rep: User, online: bool) -> None:
    quote = samples.quote(rep, {"name": "Rack", "unit_price": "100"})
    revision = publishing.publish(rep, quote.id).revision
    offer = document.newest_pdf(quote, runtime())
    assert "Name and job title" in "".join(read(offer))
    if online:
        values = {
            "name": "Ann Lee",
            "signature": "Ann Lee",
            "title": "Buyer",
            "terms": "1",
            **samples.shown(revision),
        }
        acceptance.accept(quote.public_token, values, [], Evidence())
    else:
        acceptance.record_for_customer(rep, quote.id, {"name": "Ann Lee"})
    record = quote.acceptance
    assert record is not None
    pdf = document.newest_pdf(quote, runtime())
    words = " ".join(" ".join(read(pdf)).split())
    assert ("Name and job title" in words) == online, "a signature stands there"
    assert "Certificate of acceptance" in words
    assert ("Signed by Ann Lee" if online else "Accepted by Ann Lee") in words
    assert formatting.moment(record.accepted_at) in words
    assert ("Typed on the signing page" if online else f"Recorded by {rep.name}") in words
    assert record.content_sha256 in words.replace(" ", "")
    assert document.newest_pdf(quote, runtime()) == pdf, "rendered once"
    assert document.pdf_for(revision.id) == offer, "the offer stays as it was sent"
