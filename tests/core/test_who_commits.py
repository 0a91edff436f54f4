"""Services leave the commit to the unit of work, unless they say that they own their transactions, and why."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SERVICES = Path(__file__).parents[2] / "webapp/services"
UNIT = SERVICES / "core/work.py"
OWNS = "Owns its transactions: "


def says_so(path: Path) -> bool:
    documents = (path, path.with_name("__init__.py"))
    return any(OWNS in (ast.get_docstring(ast.parse(one.read_text())) or "") for one in documents)


@pytest.mark.parametrize(
    "path", sorted(SERVICES.rglob("*.py")), ids=lambda path: str(path.relative_to(SERVICES))
)
def test_only_those_that_say_so_end_a_transaction(path: Path) -> None:
    text = path.read_text()
    ends = "session.commit()" in text or "session.rollback()" in text
    if ends and path != UNIT:
        assert says_so(path)
