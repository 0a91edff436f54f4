"""Addresses and phone numbers as their countries write them."""

from __future__ import annotations

import pytest

from webapp.services.core import addresses, phones

PARTS = ("line1", "line2", "city", "state", "postal_code", "country")


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        *(("USA", "US"), ("U.S.A.", "US"), ("us", "US"), ("United States of America", "US")),
        *(("UK", "GB"), ("England", "GB"), ("GBR", "GB"), ("Great Britain", "GB")),
        *(("Germany", "DE"), ("Deutschland", "DE"), ("DEU", "DE"), ("GERMANY ", "DE")),
        *(("Österreich", "AT"), ("Schweiz", "CH"), ("Suisse", "CH"), ("The Netherlands", "NL")),
        *(("Côte d’Ivoire", "CI"), ("México", "MX"), ("日本", "JP"), ("nz", "NZ"), ("Czech Republic", "CZ")),
        *(("", ""), ("Untied States", ""), ("Atlantis", ""), ("12", "")),
    ],
)
def test_a_country_is_known_in_its_usual_spellings(typed: str, code: str) -> None:
    assert addresses.country_code(typed) == code


def test_what_is_nearly_a_country_gets_a_suggestion() -> None:
    assert addresses.countries_like("Untied States") == ["United States"]
    assert addresses.countries_like("Atlantis") == []


@pytest.mark.parametrize(
    ("parts", "lines"),
    [
        (("Kantstr. 1", "", "Berlin", "", "10623", "Germany"), ["Kantstr. 1", "10623 Berlin", "Germany"]),
        (("1 Broadway", "Fl 2", "New York", "NY", "10004", ""), ["1 Broadway", "Fl 2", "New York, NY 10004"]),
        (("", "", "New York", "NY", "", "USA"), ["New York, NY", "USA"]),
        (
            ("10 Downing St", "", "London", "", "SW1A 2AA", "UK"),
            ["10 Downing St", "London", "SW1A 2AA", "UK"],
        ),
        (("1 King", "", "Toronto", "ON", "M5V 1A1", "Canada"), ["1 King", "Toronto ON M5V 1A1", "Canada"]),
        (("1 rue X", "", "Paris", "", "75001", "France"), ["1 rue X", "75001 Paris", "France"]),
        (("1-1", "", "Chiyoda", "Tokyo", "100-0001", "Japan"), ["1-1, Chiyoda, Tokyo", "100-0001", "Japan"]),
        (
            ("Hauptstr. 1", "", "Köln", "NRW", "50667", "Germany"),
            ["Hauptstr. 1", "50667 Köln, NRW", "Germany"],
        ),
        (("1 High St", "", "Leeds", "Yorkshire", "", "UK"), ["1 High St", "Leeds, Yorkshire", "UK"]),
        (("", "", "", "", "", ""), []),
        (("Only street", "", "", "", "", "Nowhere"), ["Only street", "Nowhere"]),
    ],
)
def test_an_address_is_laid_out_by_its_country(parts: tuple[str, ...], lines: list[str]) -> None:
    assert addresses.lines(dict(zip(PARTS, parts, strict=True))) == lines


def test_no_country_loses_a_part() -> None:
    parts = dict(zip(PARTS, ("Street 1", "Floor 2", "Town", "Region", "12345", ""), strict=True))
    for code in addresses._codes():
        text = "\n".join(addresses.lines(parts, code))
        assert all(value in text for value in parts.values()), (code, text)


@pytest.mark.parametrize(
    ("typed", "number", "extension"),
    [
        ("(212) 555-0100 ext. 200345", "(212) 555-0100", "200345"),
        ("212-555-0100 x12", "212-555-0100", "12"),
        ("(212) 555-0100, extension 9", "(212) 555-0100", "9"),
        ("+44 20 7946 0958 #123", "+44 20 7946 0958", "123"),
        ("tel:+1-201-555-0123;ext=1234", "tel:+1-201-555-0123", "1234"),
        ("+1 518 555 0100", "+1 518 555 0100", ""),
        ("+49 30 123456-78", "+49 30 123456-78", ""),
        ("call the front desk", "call the front desk", ""),
        ("", "", ""),
    ],
)
def test_a_number_is_told_from_its_extension(typed: str, number: str, extension: str) -> None:
    assert phones.split(typed) == (number, extension)
