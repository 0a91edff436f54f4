"""Read the example company from company.toml, and check that every block is complete and what it names is there."""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from decimal import Decimal
from pathlib import Path
from typing import Any

from webapp.models.catalog import RECURRENCES
from webapp.services.core.errors import Invalid

Block = dict[str, Any]
FILE = Path(__file__).with_name("company.toml")
OUTCOMES = ("draft", "published", "accepted", "ordered", "lost")
TEXT, NUMBER = str, Decimal
# The fields of each kind of block. A type: the field is required. A value: its default, so it may be left out.
FIELDS: dict[str, Block] = {
    "company": dict.fromkeys(("name", "address", "phone", "email", "website", "time_zone", "terms"), TEXT),
    "categories": {"name": TEXT, "subcategories": list},
    "tax_codes": {"name": TEXT, "rate": NUMBER},
    "items": dict.fromkeys(("name", "category", "subcategory"), TEXT)
    | {"price": NUMBER, "cost": NUMBER, "billing_period": "one_time"}
    | dict.fromkeys(("tax_code", "mpn", "manufacturer", "description"), ""),
    "organizations": dict.fromkeys(
        ("name", "phone", "website", "street", "city", "state", "postal_code"), TEXT
    ),
    "people": dict.fromkeys(("first_name", "last_name", "email", "job_title", "organization"), TEXT)
    | {"phone": ""},
    "quotes": {"title": TEXT, "person": TEXT, "expires_in_days": NUMBER, "outcome": TEXT, "lines": list}
    | {"message": "", "loss_reason": ""},
    "lines": {"item": TEXT, "quantity": NUMBER, "optional": False},
}
SECTIONS = tuple(FIELDS)[:-1]  # lines stand inside quotes
TITLES = {"people": "email", "quotes": "title", "lines": "item"}


def load(file: Path = FILE) -> dict[str, Any]:
    """The sections of the file. Raises Invalid with a sentence that names the block and the field to correct."""
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"{file.name} isn't valid TOML: {error}.") from error
    for section in data.keys() - SECTIONS:
        raise Invalid(f"{file.name}: there is no section “{section}”. Use {', '.join(SECTIONS)}.")
    company: dict[str, Any] = {"company": _block("company", data.get("company", {}))}
    for section in SECTIONS[1:]:
        company[section] = [_block(section, block) for block in data.get(section, [])]
    for quote in company["quotes"]:
        quote["lines"] = [_block("lines", line) for line in quote["lines"]]
    _check_names(company)
    return company


def _block(section: str, block: Block) -> Block:
    """The block with its defaults, checked."""
    if not isinstance(block, dict):
        raise Invalid(f"{FILE.name}: begin each block of “{section}” with [[{section}]].")
    fields = FIELDS[section]
    title = _title(section, block)
    for name in block.keys() - fields.keys():
        raise Invalid(f"{title}: there is no field “{name}”. Use {', '.join(fields)}.")
    complete = {name: default for name, default in fields.items() if not isinstance(default, type)} | block
    for name, default in fields.items():
        wanted = default if isinstance(default, type) else type(default)
        if name not in complete:
            raise Invalid(f"{title}: the field “{name}” is missing.")
        if wanted is Decimal and type(complete[name]) is int:
            complete[name] = Decimal(complete[name])
        if type(complete[name]) is not wanted:
            kind = {str: "text in quotes", Decimal: "a number", bool: "true or false", list: "a list"}[wanted]
            raise Invalid(f"{title}: “{name}” must be {kind}.")
    return complete


def _check_names(company: dict[str, Any]) -> None:
    """Raise Invalid for the first name that no block has."""
    items = [item["name"] for item in company["items"]]
    subcategories = {category["name"]: category["subcategories"] for category in company["categories"]}
    for item in company["items"]:
        _check("items", item, "category", subcategories)
        _check("items", item, "subcategory", subcategories[item["category"]])
        _check("items", item, "billing_period", RECURRENCES)
        _check("items", item, "tax_code", ["", *(code["name"] for code in company["tax_codes"])])
    for person in company["people"]:
        _check("people", person, "organization", [entry["name"] for entry in company["organizations"]])
    for quote in company["quotes"]:
        _check("quotes", quote, "person", [person["email"] for person in company["people"]])
        _check("quotes", quote, "outcome", OUTCOMES)
        for line in quote["lines"]:
            _check("quotes", quote | line, "item", items)


def _check(section: str, block: Block, field: str, names: Collection[str]) -> None:
    if block[field] not in names:
        raise Invalid(f"{_title(section, block)}: there is no {field.replace('_', ' ')} “{block[field]}”.")


def _title(section: str, block: Block) -> str:
    return f"{FILE.name}, {section}, “{block.get(TITLES.get(section, 'name'), 'without a name')}”"
