"""People's texts stand on the paper as they were written: blank lines, indentation, and the side they start on."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.quoting.test_document import line
from tests.quoting.test_snapshot import make
from webapp.services.quoting.paper import document, paragraphs

HEBREW = "התקנת חומת אש FortiGate 40F כולל אחריות"
ARABIC = "تركيب جدار الحماية FortiGate 40F وضبط الشبكة وتدريب الموظفين على النظام الجديد في المقر الرئيسي"
needs_pdftotext = pytest.mark.skipif(not shutil.which("pdftotext"), reason="needs pdftotext")


class Word(NamedTuple):
    """A word on the first page, in points from the upper left corner."""

    text: str
    left: float
    top: float
    right: float


def words(folder: Path, description: str) -> list[Word]:
    """The words of a description as they were drawn."""
    file = folder / "quote.pdf"
    file.write_bytes(document.render(make(comments="", lines=(line("Line", description=description),))))
    read = subprocess.run(["pdftotext", "-bbox", file, "-"], capture_output=True, text=True, check=True)
    row = re.compile(r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="[\d.]+">(.*?)</word>')
    found = [
        # Here pdftotext says letters in the order in which they are drawn.
        Word(text if text.isascii() else text[::-1], float(left), float(top), float(right))
        for left, top, right, text in row.findall(read.stdout)
    ]
    start = next(index for index, word in enumerate(found) if word.text == "Line")
    end = next(word.top for word in found if word.text == "Total,")
    return [word for word in found[start + 1 :] if word.text in description.split() and word.top < end]


@needs_pdftotext
@pytest.mark.parametrize("text", [HEBREW, ARABIC])
def test_a_paragraph_from_right_to_left_stands_on_the_right_with_latin_words_whole(
    text: str, tmp_path: Path
) -> None:
    drawn = words(tmp_path, text)
    first = next(word for word in drawn if word.text == text.split(maxsplit=1)[0])
    forti, model = (next(word for word in drawn if word.text == latin) for latin in ("FortiGate", "40F"))
    assert first.right == max(word.right for word in drawn)
    assert first.right > 300, "the right edge of the column"
    assert first.left > model.right, "the paragraph starts on the right"
    assert model.left > forti.right, "Latin words keep their own order"
    last = next(word for word in drawn if word.text == text.rsplit(maxsplit=1)[-1])
    assert last.top >= first.top, "its first line is its beginning"


@needs_pdftotext
def test_each_paragraph_has_its_own_direction(tmp_path: Path) -> None:
    drawn = words(tmp_path, f"Plain words\n{HEBREW}")
    assert drawn[0].text == "Plain"
    assert drawn[0].left < 60
    assert next(word for word in drawn if word.text == "התקנת").right > 300


@needs_pdftotext
def test_blank_lines_and_indentation_stay(tmp_path: Path) -> None:
    drawn = {word.text: word for word in words(tmp_path, "Scope\n  - rack\n\t- cable\n\nEnd  here")}
    assert drawn["Scope"].left + 3 < drawn["rack"].left - 2
    dashes = [word for word in words(tmp_path, "Scope\n  - rack\n\t- cable\n\nEnd  here") if word.text == "-"]
    assert drawn["Scope"].left < dashes[0].left < dashes[1].left
    step = drawn["rack"].top - drawn["Scope"].top
    assert drawn["End"].top - drawn["cable"].top == pytest.approx(2 * step, abs=1)


def test_a_line_without_letters_follows_the_line_before() -> None:
    assert [part.right_to_left for part in paragraphs.paragraphs(f"{HEBREW}\n1,250.00\nPlain\n40")] == [
        True,
        False,
    ]
    assert paragraphs.paragraphs(f"{HEBREW}\n\n1,250.00")[0].text == f"{HEBREW}\n\n1,250.00"


def test_long_paragraphs_are_split_for_the_layout() -> None:
    parts = paragraphs.paragraphs("word " * 1000)
    assert max(len(part.text) for part in parts) <= paragraphs.LONGEST
    assert " ".join(part.text for part in parts).split() == ["word"] * 1000
