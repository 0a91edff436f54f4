"""No file of the product is longer than a person reads at once, and every style sheet is loaded by a page."""

from __future__ import annotations

import re
from pathlib import Path

from webapp.blueprints import customer_styles
from webapp.services.company.brand import brand

WEBAPP = Path(__file__).parents[2] / "webapp"
# Made from the vendored one by a script.
MADE = WEBAPP / "static/css/tabler.css"


def test_no_file_has_more_than_300_lines() -> None:
    files = [
        path
        for path in sorted(WEBAPP.rglob("*"))
        if path.suffix in {".py", ".html", ".js", ".css"} and "vendor" not in path.parts and path != MADE
    ]
    assert [str(path.relative_to(WEBAPP)) for path in files if len(path.read_text().splitlines()) > 300] == []


def test_every_style_sheet_is_loaded_and_exists() -> None:
    templates = "".join(path.read_text() for path in sorted((WEBAPP / "templates").rglob("*.html")))
    loaded = set(re.findall(r"filename='css/([\w-]+\.css)'", templates))
    loaded |= {f"{sheet}.css" for sheet in (*customer_styles.SHEETS, *brand.FONTS)} - {"{font}.css"}
    assert loaded == {path.name for path in (WEBAPP / "static/css").glob("*.css")}
