"""The lock files are complete, and every dependency has a documented reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ROOT / "requirements"


def names(path: Path) -> list[str]:
    """The packages that a requirements file lists, as spelled there."""
    found = (re.match(r"[A-Za-z0-9][\w.-]*", line) for line in path.read_text().splitlines())
    return [match[0] for match in found if match]


@pytest.mark.parametrize("lock", sorted(REQUIREMENTS.glob("*.txt")), ids=lambda path: path.stem)
def test_a_lock_pins_every_package_with_hashes_and_names_no_address(lock: Path) -> None:
    text = lock.read_text()
    entries = re.findall(r"^[A-Za-z0-9].*(?:\n    --hash=.*)*", text, re.MULTILINE)
    assert len(entries) == len(names(lock)) > 0
    assert [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []
    assert re.search(r"https?://|--index-url|--find-links", text) is None


@pytest.mark.parametrize("kind", ["runtime", "otel", "dev"])
def test_every_dependency_is_locked_and_has_a_reason(kind: str) -> None:
    wanted = names(REQUIREMENTS / f"{kind}.in")
    reasons = (ROOT / "docs/decisions/0002-dependencies.md").read_text()
    described = {
        word.strip()
        for row in re.findall(r"^\|[^|]*\|([^|]*)\|", reasons, re.MULTILINE)
        for word in row.split(",")
    }
    assert set(wanted) - described == set()
    assert set(wanted) - set(names(REQUIREMENTS / f"{kind}.txt")) == set()


def test_the_tests_run_on_the_versions_that_the_product_runs_on() -> None:
    pinned = [
        dict(re.findall(r"^([\w.-]+)==(\S+)", (REQUIREMENTS / f"{kind}.txt").read_text(), re.MULTILINE))
        for kind in ("runtime", "dev")
    ]
    assert pinned[0].items() <= pinned[1].items()
