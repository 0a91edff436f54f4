"""What the paper says of options, plans and sections: all that the customer signs for, and each text once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.quoting.test_document import line, read
from tests.quoting.test_snapshot import make
from tests.support import paper
from webapp.models.line import ONE, WHOLE
from webapp.services.quoting.paper import document
from webapp.services.quoting.revisions.snapshot import FrozenLine, FrozenSection

SALES_TAX = {"tax_name": "Sales tax", "tax_rate": Decimal("8.25")}
TEXT = "Restores are billed by the hour."


def words(*lines: FrozenLine, **more: Any) -> str:
    """All that the PDF says of an offer of these lines."""
    return " ".join(" ".join(read(document.render(make(lines=lines, **more)))).split())


def kit(**values: Any) -> FrozenLine:
    """A bundle that shows its two parts."""
    made_of = (line("Part Alpha"), line("Part Beta", quantity=Decimal(2)))
    return line("Kit", **{"bundle": "sum", "shows_parts": True, "parts": made_of, **values})


@pytest.mark.parametrize("text", ["Cable <b>Cat6</b> blue", "A <b>b", "<b></b>", "AT&amp;T &lt;b&gt;x&lt;/b&gt;"])
def test_what_people_typed_is_no_markup(text: str) -> None:
    said = words(line(text, description=text), terms=text, comments=text, title=text)
    assert said.count(text) >= 5
