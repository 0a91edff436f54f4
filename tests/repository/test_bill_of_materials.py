"""The bill of materials and the check for known vulnerabilities."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scripts import sbom, vulnerabilities

FLASK = {"name": "flask", "version": "0.12", "vulns": []}
BAD = {**FLASK, "vulns": [{"id": "PYSEC-2019-179", "fix_versions": ["1.0"]}]}
UNKNOWN = {"name": "x", "skip_reason": "Dependency not found"}


def test_the_bill_has_every_pinned_package_with_its_hashes(tmp_path: Path) -> None:
    sbom.main(tmp_path / "first.json")
    sbom.main(tmp_path / "second.json")
    assert (tmp_path / "first.json").read_text() == (tmp_path / "second.json").read_text()
    written = json.loads((tmp_path / "first.json").read_text())
    pinned = sbom.PINNED.read_text()
    expected = {tuple(line.split(" ")[0].split("==")) for line in pinned.splitlines() if "==" in line[:60]}
    listed = {(one["name"], one["version"]): one for one in written["components"]}
    assert {(name, version) for name, version in expected if not name.startswith(" ")} <= set(listed)
    assert ("htmx.org", "2.0.11") in listed
    flask = next(one for (name, _), one in listed.items() if name == "flask")
    assert flask["purl"] == f"pkg:pypi/flask@{flask['version']}"
    assert all(one["content"] in pinned for one in flask["hashes"])
    assert flask["hashes"]


@pytest.mark.parametrize(
    ("report", "sentence", "vulnerable"),
    [
        ({"dependencies": [FLASK, UNKNOWN]}, "no known vulnerability in 1 of 2 packages", False),
        ({"dependencies": [BAD]}, "1 vulnerable: flask 0.12 has PYSEC-2019-179, fixed in 1.0", True),
        ({"dependencies": [UNKNOWN]}, "the service doesn't know any of the 1 packages", False),
        (None, "the service doesn't answer (gone)", False),
    ],
)
def test_what_a_report_says(report: dict[str, Any] | None, sentence: str, vulnerable: bool) -> None:
    said, found = vulnerabilities.verdict(report, "gone")
    assert sentence in said
    assert found is vulnerable
