"""The fonts of the PDF are read once per process."""

from __future__ import annotations

import sys

from tests.quoting.test_document import line
from tests.quoting.test_snapshot import make
from webapp.services.quoting.paper import document

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
