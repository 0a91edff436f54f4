"""The documents are right where it can be checked: settings, links, make targets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stack.options import ROOT

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_the_readme_names_every_setting() -> None:
    settings = set(
        re.findall(r'source\.\w+\(\s*"([A-Z_]+)"', (ROOT / "config.py").read_text(encoding="utf-8"))
    )
    assert len(settings) > 10
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert sorted(name for name in settings if f"`{name}`" not in readme) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_files_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
    assert [target for target in targets if not (document.parent / target).exists()] == []


def test_the_make_targets_of_the_readme_exist() -> None:
    known = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:^|`)(?:[A-Z_]+=\S+ )*make ([a-z]+)", readme, re.MULTILINE))
    assert {"run", "smoke", "test"} <= named
    assert named - known == set()
