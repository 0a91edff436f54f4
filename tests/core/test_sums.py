"""Small sums in cells of numbers: calculated by a parser, or refused with a sentence."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.services.core.errors import Invalid
from webapp.services.core.fields import Reader
from webapp.services.core.place import Place
from webapp.services.core.sums import LONGEST, calculate, is_sum


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("+10%", "110"),
        ("-5 %", "95"),
        ("−5%", "95"),
        ("*1.2", "120"),
        ("×2", "200"),
        ("/3", "33.3333"),
        ("=120*3", "360"),
        ("= 1,200 + 2 * 3", "1206"),
        ("=(1+2)*3-4/8", "8.5"),
        ("=-5+10", "5"),
        ("=2--1", "3"),
        ("*(1+0.5)", "150"),
    ],
)
def test_a_cell_calculates(text: str, value: str) -> None:
    assert is_sum(text)
    assert calculate(text, Decimal(100)) == Decimal(value)


def test_numbers_are_written_as_at_the_place() -> None:
    assert calculate("=1.200,50*2", None, Place(locale="de_DE")) == 2401
    assert calculate("+2,5%", Decimal(200), Place(locale="de_DE")) == 205


@pytest.mark.parametrize("text", ["5", "+5", "-5", "10%", "", "1*2", "$5"])
def test_plain_numbers_stay_plain(text: str) -> None:
    assert not is_sum(text)


BAD = [
    "=",
    "=1+",
    "=(1",
    "=1)",
    "=1 2",
    "=a",
    "=__import__('os')",
    "=2**3",
    "=1/0",
    "=9^9",
    "*",
    "/0",
    "=1e9",
    "+%",
]


@pytest.mark.parametrize(
    "text", [*BAD, "=" + "(" * 40 + "1", "=" + "9*" * 60 + "9", "=1..2", "=" + "-" * 40 + "1"]
)
def test_other_text_has_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"[.!]$"):
        calculate(text, Decimal(100))


def test_a_long_text_is_no_percentage_and_is_read_at_once() -> None:
    started = time.process_time()
    assert not is_sum("+" + " " * 20_000 + "x")
    assert not is_sum("+" + "1" * LONGEST + "%")
    assert time.process_time() - started < 0.5


@given(st.text("0123456789.,+-*/()% =", max_size=LONGEST + 5))
def test_any_text_is_a_number_or_a_sentence(text: str) -> None:
    reader = Reader({"price": text}, before={"price": Decimal(7)})
    assert reader.decimal("price", minimum=Decimal("-1e30"), maximum=Decimal("1e30")).is_finite()
    assert all(sentence.endswith(".") for sentence in reader.errors.values())


def test_a_form_calculates_with_what_is_stored() -> None:
    reader = Reader({"price": "+10%", "cost": "*2", "discount": "=2*3"}, before={"price": Decimal(50)})
    assert reader.decimal("price", maximum=Decimal(100)) == 55
    assert reader.decimal("discount", maximum=Decimal(5)) == 6
    reader.decimal("cost", maximum=Decimal(100))
    with pytest.raises(Invalid) as caught:
        reader.check()
    assert caught.value.fields == {
        "discount": "Enter 5 or less.",
        "cost": "There's no number yet to calculate with. Enter a number.",
    }
