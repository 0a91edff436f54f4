"""The tags of a PDF: what each mark on the pages is, in the order of reading, for those who listen to it.

reportlab writes none. What it draws is enclosed in marked content here, and the tree of tags is written beside it
(ISO 32000-1, 14.7 and 14.8).
"""

# ruff: noqa: SLF001  reportlab's canvas has no public way to write marked content
from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any


@dataclass
class Node:
    """An element of the tree: its kind, and the numbers of the marked content or the elements in it."""

    tag: str
    text: str = ""
    children: list[Node] = field(default_factory=list)
    # Page and number of each piece of marked content.
    marks: list[tuple[int, int]] = field(default_factory=list)


class Tree:
    """The tree of a document. Elements are opened and closed around those in them."""

    def __init__(self) -> None:
        self.root = Node("Document")
        self._open = [self.root]
        self._pages: list[list[Node]] = [[]]

    def open(self, tag: str) -> None:
        """Start an element that holds others: Table, TR, Sect."""
        node = Node(tag)
        self._open[-1].children.append(node)
        self._open.append(node)

    def close(self) -> None:
        """End the element that was started last."""
        self._open.pop()

    def begin(self, canvas: Any, tag: str, text: str = "") -> None:
        """Start marked content that is an element of its own."""
        node = Node(tag, text)
        self._open[-1].children.append(node)
        page = self._pages[-1]
        node.marks.append((len(self._pages) - 1, len(page)))
        canvas._code.append(f"/{tag} <</MCID {len(page)}>> BDC")
        page.append(node)

    def begin_artifact(self, canvas: Any) -> None:
        """Start marked content that isn't read: rules, headers, footers."""
        canvas._code.append("/Artifact BMC")

    def end(self, canvas: Any) -> None:
        """End the marked content that was started last."""
        canvas._code.append("EMC")

    def next_page(self) -> None:
        """What follows is on another page."""
        self._pages.append([])

    def write(self, canvas: Any) -> None:
        """Write the tree into the document of ``canvas``, whose pages are all drawn."""
        from reportlab.pdfbase.pdfdoc import PDFName

        document = canvas._doc
        pages = document.Pages.pages
        numbers = [_number(document, page) for page in pages]
        root = _raw()()
        root_number = _number(document, root)
        made: dict[int, int] = {}

        def element(node: Node, parent: int) -> int:
            raw = _raw()()
            number = made[id(node)] = _number(document, raw)
            kids = [f"<</Type /MCR /Pg {numbers[page]} 0 R /MCID {mark}>>" for page, mark in node.marks]
            kids += [f"{element(child, number)} 0 R" for child in node.children]
            scope = " /A <</O /Table /Scope /Column>>" if node.tag == "TH" else ""
            said = f" /Alt <feff{node.text.encode('utf-16-be').hex()}>" if node.text else ""
            raw.text = (
                f"<</Type /StructElem /S /{node.tag} /P {parent} 0 R /K [{' '.join(kids)}]{scope}{said}>>"
            )
            return number

        top = element(self.root, root_number)
        parents = " ".join(
            f"{index} [{' '.join(f'{made[id(node)]} 0 R' for node in nodes)}]"
            for index, nodes in enumerate(self._pages[: len(pages)])
        )
        tree = f"/ParentTree <</Nums [{parents}]>> /ParentTreeNextKey {len(pages)}"
        root.text = f"<</Type /StructTreeRoot /K {top} 0 R {tree}>>"
        marked = _raw()()
        marked.text = "<</Marked true>>"
        document.Catalog.StructTreeRoot = document.Reference(root)
        document.Catalog.MarkInfo = document.Reference(marked)
        for index, page in enumerate(pages):
            page.__NoDefault__ = [*page.__NoDefault__, "StructParents", "Tabs"]
            page.StructParents, page.Tabs = index, PDFName("S")


@cache
def _raw() -> type[Any]:
    """The class of objects that are written as they are."""
    from reportlab.pdfbase.pdfdoc import PDFObject

    class Raw(PDFObject):  # type: ignore[misc]
        text = ""

        def format(self, _document: Any) -> bytes:
            return self.text.encode("ascii")

    return Raw


def _number(document: Any, thing: Any) -> int:
    """The number of an object in the document."""
    return int(document.idToObjectNumberAndVersion[document.Reference(thing).name][0])
