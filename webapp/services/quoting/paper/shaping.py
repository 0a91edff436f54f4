"""A font whose letters are put together by HarfBuzz: joined, reordered, with marks in place.

reportlab places one glyph per character, which is right for Latin alone. This font embeds the glyphs that HarfBuzz
chose as a composite font, and each glyph says the text that it stands for, so that the PDF can be searched and copied.

Two hooks make reportlab and xhtml2pdf use it (``install``); both leave every other font as it is.
"""

# ruff: noqa: SLF001  reportlab's text object and xhtml2pdf's paragraph have no public hook
from __future__ import annotations

import re
from collections import OrderedDict
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import uharfbuzz

from webapp.services.quoting.paper import clusters
from webapp.services.quoting.paper.embedding import Embedded, Face, Glyph

# Written from right to left, without the digits, which are not.
RIGHT_TO_LEFT = re.compile(
    "(["
    "\u0590-\u065f\u066a\u066d-\u06ef\u06fa-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
    "\u200c\u200d]+)"
)
# xhtml2pdf joins Arabic letters by these forms where the font has them, and drops vowel signs as it does.
PRESENTATION_FORMS = (range(0xFB50, 0xFE00), range(0xFE70, 0xFF00))
# Fonts ask for room for towers of marks; a line has this much, so that lines of several scripts stand evenly.
HIGHEST, LOWEST = 1170, -480
KEPT_WORDS = 20_000


class ShapedFont:
    """A font of reportlab, by duck type, registered with ``pdfmetrics.registerFont``."""

    _multiByte = 1  # noqa: N815
    _dynamicFont = 0  # noqa: N815
    shapable = False

    def __init__(self, name: str, file: Path) -> None:
        self.fontName = name
        self._face = uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(file)))
        self._font = uharfbuzz.Font(self._face)
        self._scale = 1000 / self._face.upem
        extents = self._font.get_font_extents("ltr")
        self._blank = self._font.get_nominal_glyph(ord(" ")) or 0
        self._codes = frozenset(self._face.unicodes)
        forms = {code for forms in PRESENTATION_FORMS for code in forms}
        self.face = Face(
            file.stem,
            min(extents.ascender * self._scale, HIGHEST),
            max(extents.descender * self._scale, LOWEST),
            (self._codes - forms) | clusters.JOINERS,
        )
        self._words: OrderedDict[tuple[str, bool], list[Glyph]] = OrderedDict()
        self._embedded: WeakKeyDictionary[Any, Embedded] = WeakKeyDictionary()

    def stringWidth(self, text: str | bytes, size: float, encoding: str = "utf8") -> float:  # noqa: N802
        """The width of ``text`` in its logical order, in which lines are broken."""
        return sum(glyph.advance for glyph in self._glyphs(_text(text), visual=False)) * size / 1000

    def operators(self, target: Any, text: str | bytes) -> str:
        """The PDF operators that draw ``text``, in the visual order of its line, into a text object."""
        document, size = target._canvas._doc, target._fontsize
        name = document.getInternalFontName(self.fontName)
        embedded = self._embedded[document]
        written = [f"{name} {size:.4g} Tf {target._leading:.4g} TL"]
        shown: list[str] = []
        rise = 0.0
        for glyph in self._glyphs(_text(text), visual=True):
            if glyph.y != rise:
                written += [f"[{''.join(shown)}] TJ"] if shown else []
                written.append(f"{target._rise + glyph.y * size / 1000:.4f} Ts")
                shown, rise = [], glyph.y
            before, after = -glyph.x, glyph.width - glyph.advance + glyph.x
            shown.append(f"{before:.4g} " if abs(before) > 0.1 else "")
            shown.append(f"<{embedded.code(glyph):04x}>")
            shown.append(f"{after:.4g} " if abs(after) > 0.1 else "")
        written.append(f"[{''.join(shown)}] TJ")
        if rise:
            written.append(f"{target._rise:.4f} Ts")
        return " ".join(written)

    def addObjects(self, document: Any) -> None:  # noqa: N802
        """At a document's first use of the font, name it; at its end, embed the glyphs that it drew."""
        embedded = self._embedded.get(document)
        if embedded is None:
            name = f"F{len(document.fontMapping) + 1}"
            self._embedded[document] = Embedded(name)
            document.fontMapping[self.fontName] = f"/{name}"
            document.delayedFonts.append(self)
            return
        embedded.write(document, self._face, self.face, self._scale)
        del self._embedded[document]

    def _glyphs(self, text: str, *, visual: bool) -> list[Glyph]:
        known = self._words.get((text, visual))
        if known is not None:
            self._words.move_to_end((text, visual))
            return known
        glyphs: list[Glyph] = []
        for index, run in enumerate(RIGHT_TO_LEFT.split(text)):
            if run:
                # In a line's visual order, what runs from right to left stands reversed.
                direction = "rtl" if index % 2 else "ltr"
                glyphs += self._shape(run[::-1] if visual and direction == "rtl" else run, direction)
        self._words[text, visual] = glyphs
        if len(self._words) > KEPT_WORDS:
            self._words.popitem(last=False)
        return glyphs

    def _shape(self, text: str, direction: str) -> list[Glyph]:
        buffer = uharfbuzz.Buffer()
        buffer.add_codepoints([ord(letter) for letter in text])
        buffer.guess_segment_properties()
        buffer.direction = direction
        uharfbuzz.shape(self._font, buffer, {"kern": True, "liga": True})
        infos, positions = buffer.glyph_infos, buffer.glyph_positions
        starts = sorted({info.cluster for info in infos} | {len(text)})
        places: dict[int, list[int]] = {start: [] for start in starts}
        for index, info in enumerate(infos):
            places[info.cluster].append(index)
        said: dict[int, str] = {}
        for start, end in pairwise(starts):
            advancing = [index for index in places[start] if positions[index].x_advance]
            # A joiner within an emoji stands between pictures, where readers would break the line at it.
            alone = places[start][:1] if text[start - 1 : start] < clusters.FIRST_PICTURE else []
            said |= _spread(text[start:end], advancing or alone, direction)
        glyphs = []
        for index, (info, position) in enumerate(zip(infos, positions, strict=True)):
            letters = said.get(index, "")
            if direction == "rtl" and len(letters) > 1:
                # Readers turn what they find from left to right around, letter by letter.
                glyphs += [Glyph(self._blank, letter, 0, 0, 0, 0) for letter in reversed(letters[1:])]
                letters = letters[0]
            glyphs.append(
                Glyph(
                    info.codepoint,
                    letters,
                    position.x_offset * self._scale,
                    position.y_offset * self._scale,
                    position.x_advance * self._scale,
                    self._font.get_glyph_h_advance(info.codepoint) * self._scale,
                )
            )
        return glyphs


def _spread(text: str, glyphs: list[int], direction: str) -> dict[int, str]:
    """The letters of a cluster on its glyphs: one each in reading order, the rest on the last.

    Only glyphs that advance say something: readers of a PDF put a space where one without text leaves a gap.
    """
    if direction == "rtl":
        glyphs = glyphs[::-1]
    glyphs = glyphs[: len(text)]
    said = dict(zip(glyphs, text, strict=False))
    if glyphs:
        said[glyphs[-1]] = text[len(glyphs) - 1 :]
    return said


def _text(text: str | bytes) -> str:
    return text.decode("utf-8") if isinstance(text, bytes) else str(text)


@cache
def install() -> None:
    """Have reportlab draw with ``ShapedFont``, and xhtml2pdf break long words only between letters with their marks."""
    from reportlab.pdfbase.pdfmetrics import getFont
    from reportlab.pdfgen.textobject import PDFTextObject
    from xhtml2pdf import reportlab_paragraph

    format_text, split_words = PDFTextObject._formatText, reportlab_paragraph._splitLongWords

    def formatted(target: Any, text: str | bytes) -> str:
        font = getFont(target._fontname)
        return font.operators(target, text) if isinstance(font, ShapedFont) else format_text(target, text)

    def split(words: list[Any], width: float) -> Any:
        return split_words([in_clusters(word) if word[0] > width else word for word in words], width)

    def in_clusters(word: list[Any]) -> list[Any]:
        return [word[0], *((piece, clusters.Clustered(_text(text))) for piece, text in word[1:])]

    PDFTextObject._formatText = formatted
    reportlab_paragraph._splitLongWords = split
