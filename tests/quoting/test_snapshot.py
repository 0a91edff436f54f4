"""Equal content gives equal frozen text, and different content doesn't."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from pydantic import ValidationError

from webapp.services.quoting.revisions import snapshot
from webapp.services.quoting.revisions.pricing import with_choices
from webapp.services.quoting.revisions.snapshot import FrozenLine, Snapshot


def make(**values: object) -> Snapshot:
    """A snapshot with one plain and one optional line."""
    known = {
        "quote_id": 1,
        "number": 1001,
        "revision": 1,
        "title": "Réseau & שלום",
        "currency": "USD",
        "published_at": datetime(2026, 11, 3, 12, 30, 15, 250000, tzinfo=UTC),
        "expires_on": date(2026, 12, 3),
        "owner_name": "Rob Rep",
        "owner_email": "rob@desk.example",
        "organization": None,
        "person": None,
        "lines": (
            FrozenLine(
                uid="a",
                name="Firewall",
                recurrence="one_time",
                quantity=Decimal(1),
                unit_price=Decimal("10.50"),
            ),
            FrozenLine(
                uid="b",
                name="Rack",
                recurrence="one_time",
                quantity=Decimal(1),
                unit_price=Decimal(5),
                is_optional=True,
            ),
        ),
    }
    return Snapshot.model_validate({**known, **values})


def test_reading_the_canonical_text_gives_the_same_text() -> None:
    text = make().canonical()
    assert snapshot.parse(text).canonical() == text
    assert "שלום" in text


def test_equal_amounts_give_equal_text_however_they_were_written() -> None:
    lines = [line.model_dump() for line in make().lines]
    lines[0]["unit_price"], lines[0]["quantity"] = Decimal("10.5000"), Decimal("1.0")
    assert make(lines=lines).canonical() == make().canonical()


def test_the_hash_is_of_the_text_as_it_stands() -> None:
    # Written out, so that a change of the format (which would break every stored signature) fails here.
    assert snapshot.sha256('{"a":"é"}') == "b3a092a6af48807fa9482b2ee140105575daa26d5b24b3c0e60a7e2dee6683b1"
    assert snapshot.sha256(make().canonical()) == snapshot.sha256(make().canonical())
    assert snapshot.sha256(make(title="Other").canonical()) != snapshot.sha256(make().canonical())


def test_choices_touch_optional_lines_alone() -> None:
    chosen = with_choices(make(), ["a", "b", "unknown"])
    assert [line.is_selected for line in chosen.lines] == [False, True]
    assert with_choices(chosen, []) == make()


def test_a_snapshot_cannot_be_changed_or_carry_more() -> None:
    with pytest.raises(ValidationError):
        make().title = "Other"
    with pytest.raises(ValidationError):
        make(unknown="x")
