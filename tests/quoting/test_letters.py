"""No letter disappears from the paper: what no font has is said before publishing and drawn as a mark."""

from __future__ import annotations

import io
import logging
import shutil
import subprocess
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pypdf import PdfReader

from tests.quoting.test_document import line
from tests.quoting.test_snapshot import make
from tests.support import samples
from webapp.models import User
from webapp.services.quoting.draft import lines, readiness
from webapp.services.quoting.paper import clusters, document, fonts, letters, shaping
from webapp.services.quoting.revisions import freezing

SCRIPTS = {
    "thai": "สวัสดีครับ ที่นี่มีเครื่อง ผู้ใหญ่ น้ำ",
    "devanagari": "नमस्ते क्षेत्र हिन्दी प्रार्थना कर्म",
    "tamil": "வணக்கம் தமிழ் கொடு",
    "bengali": "স্বাগতম বাংলা ক্ষ্ম",
    "telugu": "తెలుగు స్వాగతం",
    "khmer": "ភាសាខ្មែរ ស្វាគមន៍",
    "myanmar": "မြန်မာဘာသာ ကြိုဆိုပါတယ်",
    "sinhala": "සිංහල ශ්‍රී ලංකා",
    "ethiopic": "አማርኛ",
    "georgian": "ქართული",
    "armenian": "Հայերեն",
    "tibetan": "བོད་སྐད་",
    "arabic": "السلام عليكم لا",
    "vowel signs": "اَلسَّلَامُ عَلَيْكُم",
    "persian": "می‌خواهم پچ گژ",
    "hebrew": "שָׁלוֹם עוֹלָם",
    "urdu": "ہے ٹھیک ڈاکٹر",
    "decomposed": "Cafe\u0301 n\u0303 x\u0302 q\u0323\u0301",
    "east asian": "中文 日本語 한국어",
    "emoji": "Ready 😀 🎉 🇩🇪 👍🏽 ❤️ ✔",
}


@pytest.mark.parametrize(
    "text",
    ["Rack, 19″ – 2×", "Łódź Ωμέγα Ёлка", "שלום", "مرحبا", "a\u200bb", "✔\ufe0f", *SCRIPTS.values()],
)
def test_what_a_font_has_is_not_missing(text: str) -> None:
    assert letters.missing(text) == []
    assert letters.MARK not in letters.dressed(f"<p>{text}</p>")


@pytest.mark.parametrize(
    ("text", "marked", "name"),
    [
        ("Ready 𒀀", "Ready �", "“𒀀” (cuneiform sign a)"),
        ("𠀀𠀁", "��", "“𠀀” (cjk unified ideograph-20000)"),
        ("Tamil அ𓀀", "�", "“𓀀” (egyptian hieroglyph a001)"),
    ],
)
def test_what_no_font_has_is_named_and_marked(text: str, marked: str, name: str) -> None:
    assert marked in letters.dressed(f"<p>{text}</p>")
    assert letters.sentence([text]).startswith(f"The PDF can't show {name}")


def test_many_missing_letters_make_one_sentence() -> None:
    assert letters.sentence(["𒀀𒀁𒀂𒀃𒀄", "𒀀"]).endswith(" and 2 more. It prints � instead.")
    assert letters.sentence(["plain", ""]) == ""


def test_the_rep_is_told_and_the_paper_shows_a_mark(rep: User) -> None:
    quote = samples.quote(rep, {"name": "Party 😀 pack", "unit_price": "5"})
    assert "The PDF can't show" not in "".join(check.sentence for check in readiness.checks(quote))
    lines.add_ad_hoc(rep, quote.id, {"name": "Clay 𒀀 pack", "unit_price": "5"})
    assert "“𒀀” (cuneiform sign a)" in "".join(check.sentence for check in readiness.checks(quote))
    frozen = freezing.freeze(quote, number=1, revision=1, published_at=datetime(2026, 11, 26, tzinfo=UTC))
    page = PdfReader(io.BytesIO(document.render(frozen))).pages[0].extract_text()
    assert "Clay � pack" in page
    assert "Party 😀 pack" in page


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="needs pdftotext")
@pytest.mark.parametrize("script", SCRIPTS)
def test_the_letters_can_be_read_back(script: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "quote.pdf"
    file.write_bytes(document.render(make(lines=(line(description=SCRIPTS[script]),))))
    read = subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, text=True, check=True)
    assert plain(SCRIPTS[script]) in plain(read.stdout)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def plain(text: str) -> str:
    """Composed, without blanks and marks of direction."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(letter for letter in composed if not letter.isspace() and letter not in letters.DIRECTIONS)


@pytest.mark.parametrize(
    ("family", "text", "fewer"),
    [("arabic", "لا", 1), ("devanagari", "क्ष", 2), ("devanagari", "हि", 0), ("emoji", "🇩🇪", 1)],
)
def test_letters_join(family: str, text: str, fewer: int) -> None:
    regular = next(known.regular for known in fonts.FAMILIES if known.name == family)
    font = shaping.ShapedFont(f"test-{family}", fonts.FONTS / regular)
    drawn = [glyph for glyph in font._glyphs(text, visual=False) if glyph.width]
    assert len(drawn) == len(text) - fewer
    assert "".join(glyph.text for glyph in drawn) in (text, text[0])


def test_a_mark_has_its_place_above_its_letter() -> None:
    regular = next(known.regular for known in fonts.FAMILIES if known.name == "thai")
    font = shaping.ShapedFont("test-thai", fonts.FONTS / regular)
    low, high = font._glyphs("น้", visual=False)[1], font._glyphs("นี้", visual=False)[2]
    assert high.y > low.y or high.number != low.number, "the tone mark rises above the vowel"
    assert font.stringWidth("น้", 10) == pytest.approx(font.stringWidth("น", 10))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("abc", ["a", "b", "c"]),
        ("ที่นี่", ["ที่", "นี่"]),
        ("น้ำเก่", ["น้ำ", "เก่"]),
        ("क्षेत्र", ["क्षे", "त्र"]),
        ("👍🏽👨‍👩‍👧", ["👍🏽", "👨‍👩‍👧"]),
        ("🇩🇪🇫🇷", ["🇩🇪", "🇫🇷"]),
        ("x\u0302y", ["x\u0302", "y"]),
    ],
)
def test_lines_break_between_clusters(text: str, parts: list[str]) -> None:
    assert list(clusters.of(text)) == parts


def test_a_text_stays_in_one_font_where_that_has_its_letters() -> None:
    """Fonts for Korean have some of the letters of Chinese, too."""
    assert letters.dressed("<p>汉字汉字</p>").count("<span") == 1
    assert letters.dressed("<p>字典, 漢字</p>").count("font-family: han") == 2
    korean = letters.dressed("<p>한국 漢字 한국</p>")
    assert (korean.count("<span"), "hangul" in korean) == (1, True)
