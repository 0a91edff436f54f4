"""docs/security.md answers each item of ASVS 5.0, levels 1 and 2, once, and names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/security.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (V\d[^|]*) \| ([^|]+) \|$", re.MULTILINE)
# The highest number of each section, or its numbers where some are of level 3 alone (OWASP ASVS 5.0.0, 2025).
SECTIONS = (
    "1.1=2 1.2=9 1.3=11 1.4=3 1.5=2 2.1=3 2.2=3 2.3=4 2.4=1 3.2=2 3.3=4 3.4=6 3.5=5 3.7=2 4.1=3 4.2=1 4.3=2 4.4=4 "
    "5.1=1 5.2=3 5.3=2 5.4=3 6.1=3 6.2=12 6.3=4 6.4=4 6.5=5 6.6=3 6.8=4 7.1=3 7.2=4 7.3=2 7.4=5 7.5=2 7.6=2 "
    "8.1=2 8.2=3 8.3=1 8.4=1 9.1=3 9.2=4 10.1=2 10.2=2 10.3=4 10.4=11 10.5=5 10.6=2 10.7=3 11.1=2 11.2=3 11.3=3 "
    "11.4=4 11.5=1 11.6=1 12.1=3 12.2=2 12.3=4 13.1=1 13.2=5 13.3=2 13.4=5 14.1=2 14.2=4 14.3=3 15.1=3 15.2=3 "
    "15.3=7 16.1=1 16.2=5 16.3=4 16.4=3 16.5=3 17.1=1 17.2=4 17.3=2"
)


def test_every_item_is_answered_once() -> None:
    sections = [section.split("=") for section in SECTIONS.split()]
    wanted = [f"V{name}.{number}" for name, last in sections for number in range(1, int(last) + 1)]
    assert len(wanted) == 253
    answered = [item for items, _ in ROW.findall(TEXT) for item in items.split(", ")]
    assert sorted(answered) == sorted(wanted)


def test_no_item_is_open() -> None:
    assert not [items for items, how in ROW.findall(TEXT) if re.search(r"\b(open|todo|not yet)\b", how, re.I)]


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`(tests/[\w/.]+)`", TEXT))))
def test_the_tests_exist(path: str) -> None:
    assert (ROOT / path).exists()


def test_the_headings_that_are_linked_exist() -> None:
    for name, anchor in re.findall(r"\]\(([\w-]*(?:\.md)?)#([\w-]+)\)", TEXT):
        text = (ROOT / "docs" / name).read_text(encoding="utf-8") if name else TEXT
        headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
        assert anchor in {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}
