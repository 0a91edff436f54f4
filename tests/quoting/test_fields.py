"""Parsing form input."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.services.core.errors import Invalid
from webapp.services.core.fields import Reader, clean_text, parse_decimal, parse_id


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", "0"),
        ("12.5", "12.5"),
        (" 1,234.50 ", "1234.50"),
        ("$99.90", "99.90"),
        (".5", "0.5"),
        ("7.", "7"),
        ("1.23450000", "1.2345"),
        ("-3", "-3"),
        ("−3", "-3"),
        ("1 234.50", "1234.50"),
        ("12,345,678", "12345678"),
    ],
)
def test_numbers_as_people_write_them(text: str, value: str) -> None:
    assert parse_decimal(text) == Decimal(value)


NO_NUMBERS = ("", " ", "NaN", "nan", "Infinity", "-inf", "1e50", "1E-7", "0x10", "１２", "٣", "9" * 15)
NEARLY_NUMBERS = ("12,5", "1,23,4", "1.2.3", "--1", ".", "-", "abc", "1.23456", "1_000")


@pytest.mark.parametrize("text", [*NO_NUMBERS, *NEARLY_NUMBERS])
def test_what_is_no_number_gets_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        parse_decimal(text)


@given(st.text(max_size=60))
def test_any_text_is_a_number_or_a_sentence(text: str) -> None:
    try:
        value = parse_decimal(text)
    except ValueError as error:
        assert str(error).endswith(".")  # noqa: PT017 - either way is right
    else:
        assert value.is_finite()
        assert abs(value) < 10**14
        assert value == value.quantize(Decimal("0.0001"))


@given(st.decimals(min_value=0, max_value=10**9, places=4, allow_nan=False))
def test_a_number_survives_writing_and_reading(value: Decimal) -> None:
    assert parse_decimal(format(value, "f")) == value
    assert parse_decimal(format(value, ",f")) == value


@pytest.mark.parametrize("value", ["", None, "0", "-1", "abc", "9" * 30, "2147483648", "1.0", "١", " "])
def test_what_cannot_be_an_id_is_none(value: str | None) -> None:
    assert parse_id(value) is None


def test_text_loses_control_characters_but_keeps_every_script() -> None:
    assert clean_text("a\x00b\x1b\r\nעברית\tالعربية 漢字 ") == "ab\nעברית\tالعربية 漢字"


def test_every_wrong_field_has_its_own_sentence_and_the_first_counts() -> None:
    reader = Reader({"name": "x" * 11, "price": "-1", "quantity": "0", "when": "tomorrow", "kind": "other"})
    reader.text("name", 10)
    reader.decimal("price", maximum=Decimal(10))
    reader.decimal("quantity", maximum=Decimal(10), above_zero=True)
    reader.day("when")
    reader.choice("kind", ("a", "b"), "a")
    reader.fail("price", "Another sentence.")
    with pytest.raises(Invalid) as caught:
        reader.check()
    assert caught.value.fields.keys() == {"name", "price", "quantity", "when", "kind"}
    assert caught.value.fields["price"] == "Enter 0 or more."
    assert "11" in caught.value.fields["name"]
