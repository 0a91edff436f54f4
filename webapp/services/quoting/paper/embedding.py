"""The glyphs of a font as a composite font of a PDF, each with the text that it stands for."""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

import uharfbuzz

TABLES_KEPT = (b"glyf", b"head", b"hhea", b"hmtx", b"loca", b"maxp", b"cvt ", b"fpgm", b"prep")


class Glyph(NamedTuple):
    """A glyph in visual order, in thousandths of the type size. ``text``: what it stands for, in part or in whole."""

    number: int
    text: str
    x: float
    y: float
    advance: float
    width: float


class Face:
    """What reportlab and xhtml2pdf ask a face for."""

    def __init__(self, name: str, ascent: float, descent: float, codes: frozenset[int]) -> None:
        self.name = name
        self.ascent = ascent
        self.descent = descent
        self.charToGlyph = codes  # a name that xhtml2pdf reads


class Embedded:
    """The glyphs of a font that one document draws. Its codes are pairs of a glyph and the text it stands for."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._codes: dict[tuple[int, str], int] = {}
        self._widths: list[float] = []

    def code(self, glyph: Glyph) -> int:
        """The code of ``glyph`` in this document."""
        key = glyph.number, glyph.text
        if key not in self._codes:
            self._codes[key] = len(self._codes) + 1
            self._widths.append(glyph.width)
        return self._codes[key]

    def write(self, document: Any, source: Any, face: Face, scale: float) -> None:
        """Add the font to ``document``, with no glyph that it doesn't draw."""
        from reportlab.pdfbase import pdfdoc

        def stream(content: bytes, **entries: Any) -> Any:
            made = pdfdoc.PDFStream(content=content)
            made.dictionary.dict.update(entries)
            made.filters = [pdfdoc.PDFZCompress]
            return document.Reference(made)

        data, numbers = _subset(source, sorted({number for number, _ in self._codes}))
        base = f"/QUOTES+{face.name}"
        box = struct.unpack(">4h", source.reference_table("head").data[36:44])
        descriptor = pdfdoc.PDFDictionary({
            "Type": "/FontDescriptor", "FontName": base, "Flags": 4, "ItalicAngle": 0, "StemV": 80,
            "FontBBox": pdfdoc.PDFArray([round(value * scale) for value in box]),
            "Ascent": round(face.ascent), "Descent": round(face.descent), "CapHeight": round(face.ascent),
            "FontFile2": stream(data, Length1=len(data)),
        })  # fmt: skip
        glyph_of = struct.pack(
            f">{len(self._codes) + 1}H", 0, *(numbers[number] for number, _ in self._codes)
        )
        descendant = pdfdoc.PDFDictionary({
            "Type": "/Font", "Subtype": "/CIDFontType2", "BaseFont": base, "DW": 0,
            "CIDSystemInfo": pdfdoc.PDFDictionary(
                {"Registry": pdfdoc.PDFString("Adobe"), "Ordering": pdfdoc.PDFString("Identity"), "Supplement": 0}
            ),
            "FontDescriptor": document.Reference(descriptor),
            "W": pdfdoc.PDFArray([1, pdfdoc.PDFArray([round(width, 1) for width in self._widths])]),
            "CIDToGIDMap": stream(glyph_of),
        })  # fmt: skip
        font = pdfdoc.PDFDictionary({
            "Type": "/Font", "Subtype": "/Type0", "BaseFont": base, "Encoding": "/Identity-H", "Name": f"/{self.name}",
            "DescendantFonts": pdfdoc.PDFArray([document.Reference(descendant)]),
            "ToUnicode": stream(_to_unicode({code: text for (_, text), code in self._codes.items()})),
        })  # fmt: skip
        document.idToObject["BasicFonts"].dict[self.name] = document.Reference(font, self.name)


def _subset(source: Any, glyphs: list[int]) -> tuple[bytes, dict[int, int]]:
    """The font with ``glyphs`` alone, and their numbers in it."""
    wanted = uharfbuzz.SubsetInput()
    wanted.glyph_set.update(glyphs)
    wanted.drop_table_tag_set.update(
        int.from_bytes(tag.encode("latin-1"))
        for tag in source.table_tags
        if tag.encode("latin-1") not in TABLES_KEPT
    )
    wanted.flags = uharfbuzz.SubsetFlags.NO_LAYOUT_CLOSURE | uharfbuzz.SubsetFlags.NOTDEF_OUTLINE
    plan = uharfbuzz.SubsetPlan(source, wanted)
    return plan.execute().blob.data, dict(plan.old_to_new_glyph_mapping)


def _to_unicode(texts: dict[int, str]) -> bytes:
    """The table that readers of the PDF turn codes into text with."""
    rows = [f"<{code:04x}> <{text.encode('utf-16-be').hex()}>" for code, text in texts.items() if text]
    parts = ["/CIDInit /ProcSet findresource begin 12 dict begin begincmap"]
    parts += ["/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def"]
    parts += ["/CMapName /Adobe-Identity-UCS def /CMapType 2 def"]
    parts += ["1 begincodespacerange <0000> <ffff> endcodespacerange"]
    for start in range(0, len(rows), 100):
        some = rows[start : start + 100]
        parts += [f"{len(some)} beginbfchar", *some, "endbfchar"]
    parts += ["endcmap CMapName currentdict /CMap defineresource pop end end"]
    return "\n".join(parts).encode("ascii")
