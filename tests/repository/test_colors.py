"""Colors are named in one style sheet, each for light and for dark."""

from __future__ import annotations

import re
from pathlib import Path

STYLES = Path(__file__).parents[2] / "webapp/static/css"
# Made from the vendored one by a script.
NOT_OURS = ("tabler.css", "tabler-offer.css", "tokens.css")
COLOR = re.compile(r"(?<![\w%-])#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(|\boklch\(")


def test_only_the_tokens_name_colors() -> None:
    found = [
        f"{path.name}: {line.strip()}"
        for path in sorted(STYLES.glob("*.css"))
        if path.name not in NOT_OURS
        for line in path.read_text().splitlines()
        if COLOR.search(line) and "url(" not in line
    ]
    assert found == []
