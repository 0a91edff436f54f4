"""The fonts of page and PDF: read once per process, with figures of one width, and others for what one lacks."""

from __future__ import annotations

import io
import re
import sys

import pytest
from pypdf import PdfReader

from stack.options import ROOT
from tests.quoting.test_document import line
from tests.quoting.test_snapshot import make
from webapp.services.company.brand import brand as brands
from webapp.services.company.brand.brand import Brand
from webapp.services.quoting.paper import document, fonts, texts

CSS = ROOT / "webapp" / "static" / "css"

opened: list[str] = []


def note(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open" and str(arguments[0]).endswith(".ttf"):
        opened.append(str(arguments[0]))


def test_a_second_render_reads_no_font() -> None:
    offer = make(lines=(line("Rack"), line("机架 랙 ⌘")))
    document.render(offer)
    sys.addaudithook(note)
    opened.clear()
    document.render(offer)
    assert opened == []


def test_a_brand_chooses_among_the_fonts_that_page_and_paper_have() -> None:
    assert list(brands.FONTS) == list(fonts.TEXTS)
    for name in brands.FONTS:
        assert "--tblr-font-sans-serif" in (CSS / f"{name}.css").read_text()


@pytest.mark.parametrize("name", fonts.TEXTS)
def test_figures_of_every_font_stand_below_each_other(name: str) -> None:
    family = fonts.TEXTS[name].name
    fonts.register(family)
    for face in (f"{family}-regular", f"{family}-bold"):
        assert len({texts.width(digit, face) for digit in "0123456789"}) == 1


@pytest.mark.parametrize("name", fonts.TEXTS)
def test_what_a_font_lacks_comes_from_another(name: str) -> None:
    words = "Größe Łódź Ĭĳŧ ƀƎ Ελλ Даша 机架 랙 ✓ → שלום"
    pdf = document.render(make(brand=Brand(font=name), lines=(line(words),), comments="Plain."))
    reader = PdfReader(io.BytesIO(pdf))
    text = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
    for word in ("Größe", "Łódź", "Ĭĳŧ", "ƀƎ", "Ελλ", "Даша", "机架", "랙", "✓", "→"):
        assert word in text
    assert "\N{REPLACEMENT CHARACTER}" not in text
    used = set(re.findall(r"/BaseFont /[A-Z]+\+(\w+)", pdf.decode("latin-1")))
    wanted = {
        "inter": "NotoSans",
        "ibm-plex-sans": "IBMPlexSans",
        "open-sans": "OpenSans",
        "source-serif-4": "SourceSerif4",
    }
    assert any(face.startswith(wanted[name]) for face in used)
