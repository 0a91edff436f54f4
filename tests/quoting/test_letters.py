"""No letter disappears from the paper: what no font has is said before publishing and drawn as a mark."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from pypdf import PdfReader

from tests.support import samples
from webapp.models import User
from webapp.services.quoting.draft import lines, readiness
from webapp.services.quoting.paper import document, letters
from webapp.services.quoting.revisions import freezing


@pytest.mark.parametrize(
    "text",
    ["Rack, 19″ – 2×", "Łódź Ωμέγα Ёлка", "中文 日本語", "한국어", "שלום", "مرحبا", "a\u200bb", "✔\ufe0f"],
)
def test_what_a_font_has_is_drawn(text: str) -> None:
    assert letters.missing(text) == []
    assert letters.marked(text) == text


@pytest.mark.parametrize(
    ("text", "marked", "name"),
    [
        ("Ready 😀", "Ready �", "“😀” (grinning face)"),
        ("สวัสดี", "������", "“ส” (thai character so sua)"),
        ("नम", "��", "“न” (devanagari letter na)"),
        ("Tamil அ", "Tamil �", "“அ” (tamil letter a)"),
    ],
)
def test_what_no_font_has_is_named_and_marked(text: str, marked: str, name: str) -> None:
    assert letters.marked(text) == marked
    assert letters.sentence([text]).startswith(f"The PDF can't show {name}")


def test_many_missing_letters_make_one_sentence() -> None:
    assert letters.sentence(["สวัสดี", "ส"]).endswith(" and 2 more. It prints � instead.")
    assert letters.sentence(["plain", ""]) == ""


def test_the_rep_is_told_and_the_paper_shows_a_mark(rep: User) -> None:
    quote = samples.quote(rep, {"name": "Plain", "unit_price": "5"})
    assert "The PDF can't show" not in "".join(check.sentence for check in readiness.checks(quote))
    lines.add_ad_hoc(rep, quote.id, {"name": "Party 😀 pack", "unit_price": "5"})
    assert "“😀” (grinning face)" in "".join(check.sentence for check in readiness.checks(quote))
    frozen = freezing.freeze(quote, number=1, revision=1, published_at=datetime(2026, 11, 26, tzinfo=UTC))
    page = PdfReader(io.BytesIO(document.render(frozen))).pages[0].extract_text()
    assert "Party � pack" in page
