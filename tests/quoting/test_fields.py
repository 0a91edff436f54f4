"""Parsing form input."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.services.core.errors import Invalid
from webapp.services.core.fields import Reader, clean_text, parse_id
from webapp.services.core.formatting import plain
from webapp.services.core.numbers import parse_decimal
from webapp.services.core.place import LOCALES, Place


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


@pytest.mark.parametrize(
    ("text", "locale", "currency", "value"),
    [
        ("1.234", "en_US", "USD", "1.234"),
        ("US$ 1,200", "en_US", "USD", "1200"),
        ("12.50 USD", "en_US", "USD", "12.50"),
        ("$5", "en_CA", "CAD", "5"),
        ("1.234,50", "de_DE", "EUR", "1234.50"),
        ("12,50 €", "de_DE", "EUR", "12.50"),
        ("1 234,50", "fr_FR", "EUR", "1234.50"),
        ("1’234.50", "de_CH", "CHF", "1234.50"),
        ("12,34,567", "en_IN", "INR", "1234567"),
        ("kr 5", "nb_NO", "NOK", "5"),
        ("¥300", "en_US", "JPY", "300"),
    ],
)
def test_numbers_are_read_in_the_companys_format(text: str, locale: str, currency: str, value: str) -> None:
    assert parse_decimal(text, Place(locale=locale), currency) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "locale", "currency", "sentence"),
    [
        ("0,250", "en_US", "USD", "Enter a number, for example 1250 or 12.50."),
        ("0,999", "en_US", "USD", "Enter a number, for example 1250 or 12.50."),
        ("1,23", "en_US", "USD", "Use a period for decimals, for example 12.50."),
        ("12.50", "de_DE", "EUR", "Use a comma for decimals, for example 12,50."),
        ("0.250", "de_DE", "EUR", "Enter a number, for example 1250 or 12,50."),
        (
            "€12.50",
            "en_US",
            "USD",
            "This amount is in US dollars (USD), so “€” can't be used. Enter it in USD.",
        ),
        (
            "£1,200",
            "en_US",
            "USD",
            "This amount is in US dollars (USD), so “£” can't be used. Enter it in USD.",
        ),
        (
            "12 EUR",
            "en_US",
            "USD",
            "This amount is in US dollars (USD), so “EUR” can't be used. Enter it in USD.",
        ),
        ("$12", "de_DE", "EUR", "This amount is in euros (EUR), so “$” can't be used. Enter it in EUR."),
    ],
)
def test_numbers_that_mean_something_else_elsewhere_are_refused(
    text: str, locale: str, currency: str, sentence: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        parse_decimal(text, Place(locale=locale), currency)


@pytest.mark.parametrize("locale", LOCALES)
@given(value=st.decimals(min_value=0, max_value=10**9, places=4, allow_nan=False))
def test_what_a_field_shows_can_be_sent_again(locale: str, value: Decimal) -> None:
    place = Place(locale=locale)
    assert parse_decimal(plain(value, place), place, "EUR") == value


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
