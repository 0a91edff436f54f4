"""Two people change one form: each field keeps the value of the one who changed it, or is asked about."""

from __future__ import annotations

from decimal import Decimal

import pytest

from webapp.services.core import merge
from webapp.services.core.errors import Conflict

STORED: dict[str, object] = {
    "title": "Cabling",
    "price": Decimal("5.00"),
    "kind": "percent",
    "value": Decimal(10),
    "box": False,
}
TOGETHER = (("kind", "value"),)


def merged(mine: dict[str, object], theirs: dict[str, object], **choice: str) -> merge.Merged:
    form = {"seen": merge.seen(STORED), **choice}
    stored = {**STORED, **theirs}
    return merge.merge(form, {**STORED, **mine}, stored, what="line", who=lambda _: "Sam", together=TOGETHER)


def test_different_fields_both_stand() -> None:
    result = merged({"title": "Racks"}, {"price": Decimal(7)})
    assert (result.values["title"], result.values["price"]) == ("Racks", Decimal(7))
    assert result.taken == ("price",)


def test_the_same_field_is_asked_about_and_named() -> None:
    with pytest.raises(Conflict, match="Sam changed this line while you were editing") as caught:
        merged({"price": Decimal(6), "title": "Racks"}, {"price": Decimal(7), "box": True})
    assert caught.value.fields == {"price": "Sam changed this to “7”. You entered “6”."}
    assert caught.value.taken == ("box",)


def test_the_next_keystroke_asks_again_until_a_value_is_chosen() -> None:
    stored = {**STORED, "price": Decimal(7), "box": True}
    with pytest.raises(Conflict) as caught:
        merged({"price": Decimal(6)}, {"price": Decimal(7), "box": True})
    mine = {**STORED, "price": Decimal(6), "box": True, "title": "Racks"}
    form = {"seen": caught.value.seen}
    with pytest.raises(Conflict):
        merge.merge(form, mine, stored, what="line")
    chosen = merge.merge({**form, "use_mine": "price"}, mine, stored, what="line")
    assert chosen.values == mine
    kept = merge.merge({**form, "keep_theirs": "price"}, mine, stored, what="line")
    assert (kept.values["price"], kept.values["title"]) == (Decimal(7), "Racks")


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ({"price": Decimal(7)}, {"price": Decimal("7.0")}),
        ({}, {"price": Decimal(7), "title": ""}),
        ({"price": Decimal(7)}, {}),
        ({"box": True}, {"box": True}),
    ],
)
def test_what_only_one_changed_or_both_alike_is_no_conflict(
    mine: dict[str, object], theirs: dict[str, object]
) -> None:
    assert merged(mine, theirs).values == {**STORED, **theirs, **mine}


def test_an_amount_and_its_unit_belong_together() -> None:
    with pytest.raises(Conflict) as caught:
        merged({"value": Decimal(50)}, {"kind": "unit"})
    assert caught.value.fields.keys() == {"kind", "value"}
    result = merged({"value": Decimal(50)}, {"kind": "unit"}, use_mine="value")
    assert (result.values["kind"], result.values["value"]) == ("percent", Decimal(50))


def test_the_second_of_two_conflicts_stays_open_when_the_first_is_decided() -> None:
    with pytest.raises(Conflict) as caught:
        merged(
            {"price": Decimal(6), "title": "Mine"},
            {"price": Decimal(7), "title": "Theirs"},
            use_mine="price",
        )
    assert caught.value.fields.keys() == {"title"}


def test_values_that_come_from_no_form_are_stored_as_they_are() -> None:
    assert merge.merge({}, {"title": "Mine"}, {"title": "Theirs"}, what="line").values == {"title": "Mine"}
