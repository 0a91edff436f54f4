"""The vendored files match their lists exactly."""

from __future__ import annotations

import hashlib
import json
import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LISTS = (
    ROOT / "webapp/static/vendor",
    ROOT / "webapp/static/fonts",
    ROOT / "webapp/services/accounts/vendor",
    ROOT / "tests/support/vendor",
)
PACKAGES = [
    (folder, package) for folder in LISTS for package in json.loads((folder / "VENDOR.json").read_text())
]


@pytest.mark.parametrize(("folder", "package"), PACKAGES, ids=lambda value: getattr(value, "name", None))
def test_each_vendored_file_has_the_hash_in_the_list(folder: Path, package: dict[str, object]) -> None:
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (folder / str(package["folder"])).iterdir()
    }
    assert found == package["files"]


@pytest.mark.parametrize("folder", LISTS, ids=lambda folder: str(folder.relative_to(ROOT)))
def test_no_vendored_folder_is_missing_from_the_list(folder: Path) -> None:
    listed = {package["folder"] for package in json.loads((folder / "VENDOR.json").read_text())}
    assert {path.name for path in folder.iterdir() if path.is_dir()} == listed


def test_every_package_is_described_with_its_version_and_licence() -> None:
    described = (ROOT / "docs/vendored.md").read_text()
    for _folder, package in PACKAGES:
        assert f"| {package['package']} | {package['version']} | {package['licence']} |" in described
        assert "LICENSE" in package["files"]


@pytest.mark.parametrize(("name", "pages"), [("tabler.css", "**"), ("tabler-offer.css", "public")])
def test_the_trimmed_style_sheet_holds_what_pages_use_and_is_made_by_its_script(
    name: str, pages: str
) -> None:
    script = runpy.run_path(str(ROOT / "scripts/trim_css.py"))
    trimmed = (ROOT / "webapp/static/css" / name).read_text()
    assert script["made"](name) == trimmed, "Run python scripts/trim_css.py."
    source = (ROOT / "webapp/static/vendor/tabler/tabler.min.css").read_text()
    rules, kept = (
        set(re.findall(r"(?:^|[,}{])\.([\w-]+)(?=[,{:])", css, re.MULTILINE)) for css in (source, trimmed)
    )
    for path in sorted((ROOT / "webapp/templates").glob(f"{pages}/*.html")):
        for listed in re.findall(r'class="([^"{}]*)"', path.read_text()):
            assert kept.issuperset(rules & set(listed.split())), path.name


def test_the_sandbox_has_the_same_htmx() -> None:
    ours, theirs = ROOT / "webapp/static/vendor/htmx/htmx.min.js", ROOT / "sandbox/static/htmx.min.js"
    assert ours.read_bytes() == theirs.read_bytes()


def test_no_rule_reaches_from_any_element_to_its_next_sibling() -> None:
    """Such a rule makes browsers style all rows of a long list again when one is added, moved or taken away."""
    for path in sorted((ROOT / "webapp/static/css").glob("*.css")):
        text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
        assert not re.findall(r"[^{}\n]*[+~]\s*\*[^{}]*\{", text), path.name
