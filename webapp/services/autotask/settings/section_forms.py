"""A section's fields as a form and back: what to show, what was entered, what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from webapp.models import User
from webapp.services.autotask.settings import patterns
from webapp.services.autotask.settings.choices import Choices, by_words, preselected
from webapp.services.autotask.settings.fields import user_defined
from webapp.services.autotask.settings.fields.field import FormField
from webapp.services.autotask.settings.fields.sections import fields_of
from webapp.services.autotask.settings.model import SECTIONS, Section
from webapp.services.company import place
from webapp.services.core.errors import Invalid
from webapp.services.core.fields import Reader
from webapp.services.core.formatting import plain
from webapp.services.core.numbers import parse_decimal

NOT_SAVED = "This section wasn't saved. Fix the highlighted fields."
INCOMPLETE = "Part of the form didn't arrive, so this section wasn't saved. Save it again."


def values(section: str, content: Section) -> dict[str, str]:
    """The text of every control; a ticked box has ``y``."""
    document = _document(content)
    return {field.name: _text(_dig(document, field.name)) for field in fields_of(section)}


def parse(section: str, posted: Mapping[str, str], choices: Choices, stored: Section) -> Section:
    """What was entered. Raises Invalid with sentences by control, or when fields did not arrive.

    A loss reason or user-defined field added after the form was opened keeps its stored value; browsers never send
    unticked boxes. Autotask must offer the chosen values; while it can't be asked, only stored values are accepted.
    """
    reader = Reader(posted)
    kept = _document(stored)
    document: dict[str, Any] = {}
    for field in fields_of(section):
        stored_value = _dig(kept, field.name)
        if field.kind == "flag" or field.name in posted:
            _put(document, field.name, _read(reader, field, choices, stored_value))
        elif field.name.startswith("loss_reasons-") or user_defined.is_user_defined(field.name):
            _put(document, field.name, stored_value)
        else:
            raise Invalid(INCOMPLETE)
    _check_together(section, document, reader)
    reader.check(NOT_SAVED)
    return _section(section, document)


def flaws(section: str, content: Section, choices: Choices) -> dict[str, str]:
    """A sentence for each stored value that Autotask no longer has or uses."""
    document = _document(content)
    sentences = {
        field.name: _flaw(field, _dig(document, field.name), choices) for field in fields_of(section)
    }
    return {name: text for name, text in sentences.items() if text} | user_defined.gone(section, document)


def _flaw(field: FormField, value: Any, choices: Choices) -> str:
    if field.kind == "remote":
        return choices.flaw(field.source, value)
    if field.kind == "fixed" and value and value not in {known for known, _ in field.options}:
        return f"“{value}” is no longer in Autotask's list. Choose another value."
    return ""


def gaps(section: str, content: Section) -> list[str]:
    """A sentence for each required value that is missing."""
    document = _document(content)
    return [
        field.required
        for field in fields_of(section)
        if field.required and _dig(document, field.name) in (None, "")
    ]


def suggest(section: str, content: Section, choices: Choices, actor: User) -> Section:
    """``content`` with its unset values filled from Autotask's defaults and by name.

    The suggested owner is the resource with the actor's email, else the first resource that isn't named like an API.
    """
    document = _document(content)
    for field in fields_of(section):
        if field.kind == "remote" and field.suggest and _dig(document, field.name) is None:
            _put(document, field.name, _guess(field, choices, actor))
    return _section(section, document)


def _guess(field: FormField, choices: Choices, actor: User) -> int | None:
    if field.source == "resources":
        usable = [choice for choice in choices.of("resources") if choice.is_active]
        mine = [choice for choice in usable if str(choice.extra.get("email")).lower() == actor.email]
        people = [choice for choice in usable if "api" not in choice.label.lower().split()]
        return next((choice.value for choice in (*mine, *people, *usable)), None)
    on_offer = choices.of(field.source)
    if "-" in field.name:
        # A status rule changes existing records, so Autotask's defaults for new records don't matter.
        return by_words(on_offer, *field.guess)
    if field.guess or field.required:
        return preselected(on_offer, *field.guess)
    return next((choice.value for choice in on_offer if choice.is_default and choice.is_active), None)


def _read(reader: Reader, field: FormField, choices: Choices, stored: Any) -> Any:
    if field.kind == "flag":
        return reader.flag(field.name)
    if field.kind == "fixed":
        return reader.choice(field.name, [value for value, _ in field.options], field.options[0][0])
    text = reader.raw(field.name)
    if not text:
        if field.required:
            reader.fail(field.name, field.required)
        return None
    if field.kind == "remote":
        return remote_value(reader, field.name, field.source, choices, stored)
    if field.kind == "number":
        return _number(reader, field, text)
    if field.kind == "decimal":
        return _decimal(reader, field.name, text)
    return _pattern(reader, field.name)


def remote_value(reader: Reader, name: str, source: str, choices: Choices, stored: Any) -> int | None:
    """The Autotask value entered at ``name``; keeps an error when Autotask doesn't offer it."""
    text = reader.raw(name)
    if not text:
        return None
    if not text.removeprefix("-").isdecimal() or not text.isascii() or len(text) > 12:
        reader.fail(name, "Choose a value from the list.")
        return None
    value = int(text)
    if choices.problem and not choices.of(source):
        if value != stored:
            reader.fail(name, "Autotask can't be reached to check this value, so it wasn't saved.")
        return value
    flaw = choices.flaw(source, value)
    if flaw:
        reader.fail(name, flaw)
    return value


def _number(reader: Reader, field: FormField, text: str) -> int | None:
    if text.isascii() and text.isdecimal() and len(text) < 6 and field.low <= int(text) <= field.high:
        return int(text)
    reader.fail(field.name, f"Enter a whole number between {field.low} and {field.high}.")
    return None


def _decimal(reader: Reader, name: str, text: str) -> Decimal | None:
    try:
        value = parse_decimal(text.rstrip("% "), place.of_company())
    except ValueError as error:
        reader.fail(name, str(error))
        return None
    if not 0 <= value <= 1000:
        reader.fail(name, "Enter a percentage between 0 and 1000.")
    return value


def _pattern(reader: Reader, name: str) -> str:
    text = reader.text(name, 200)
    flaw = patterns.flaw(text)
    if flaw:
        reader.fail(name, flaw)
    return text


def _check_together(section: str, document: Mapping[str, Any], reader: Reader) -> None:
    """Rules between several controls."""
    if section != "products_services":
        return
    if document["markup"] == "fixed" and document["markup_percent"] is None:
        reader.fail("markup_percent", "Enter the percentage, for example 25.")
    if not any(document[name] for name in ("match_mpn", "match_sku", "match_name")):
        reader.fail(
            "match_mpn", "Choose at least one. Without a match, every sync would create its products again."
        )


def _document(content: Section) -> dict[str, Any]:
    """The section's values by name; loss reasons by their id as text, as in control names."""
    document = content.model_dump()
    if "loss_reasons" in document:
        document["loss_reasons"] = {str(key): value for key, value in document["loss_reasons"].items()}
    return document


def _section(section: str, document: dict[str, Any]) -> Section:
    for setting, _, _ in user_defined.SETTINGS.get(section, ()):
        document[setting] = {key: value for key, value in document.get(setting, {}).items() if value}
    if "loss_reasons" in document:
        mapped = document["loss_reasons"]
        document["loss_reasons"] = {key: value for key, value in mapped.items() if value is not None}
    return SECTIONS[section].model_validate(document)


def _dig(document: Mapping[str, Any], name: str) -> Any:
    """``accepted-stage`` is ``stage`` of ``accepted``."""
    *above, last = name.split("-")
    for part in above:
        document = document[part]
    return document.get(last)


def _put(document: dict[str, Any], name: str, value: Any) -> None:
    *above, last = name.split("-")
    for part in above:
        document = document.setdefault(part, {})
    document[last] = value


def _text(value: Any) -> str:
    if value is None or value is False:
        return ""
    if value is True:
        return "y"
    return plain(value, place.of_company()) if isinstance(value, Decimal) else str(value)
