"""Tax Code Mapping: our tax codes beside Autotask's tax categories and regions, with the rates compared.

Names of controls: ``default_region_id`` and ``rule-<tax code id>-<field of TaxRule>``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from webapp.models import TaxCode
from webapp.services.autotask.connection import metadata
from webapp.services.autotask.settings.choices import Choices
from webapp.services.autotask.settings.model import Section, TaxCodeMapping, TaxRule
from webapp.services.autotask.settings.section_forms import NOT_SAVED, remote_value
from webapp.services.catalog import tax_codes
from webapp.services.core.errors import ServiceError
from webapp.services.core.fields import Reader
from webapp.services.core.formatting import plain
from webapp.services.core.runtime import Runtime

SOURCES = {"tax_category_id": "tax_categories", "tax_region_id": "tax_regions"}


@dataclass(frozen=True)
class TaxRow:
    """A tax code with its rule. ``remote_rate``: the sum of Autotask's taxes in percent; None: no tax there."""

    tax_code: TaxCode
    rule: TaxRule
    remote_rate: Decimal | None

    @property
    def differs(self) -> bool:
        """True when Autotask would compute a different tax than we do."""
        mapped = self.rule.tax_category_id is not None
        return mapped and (self.remote_rate or Decimal(0)) != self.tax_code.rate


def taxes(runtime: Runtime) -> list[dict[str, Any]]:
    """Autotask's taxes; none while they can't be read."""
    try:
        return metadata.taxes(runtime)
    except ServiceError:
        return []


def rows(content: TaxCodeMapping, remote_taxes: list[dict[str, Any]]) -> list[TaxRow]:
    """Every active tax code, and inactive ones that are still mapped. ``remote_taxes`` as from ``taxes``."""
    result = []
    for code in tax_codes.everything():
        rule = content.rules.get(code.id, TaxRule())
        if code.is_active or rule != TaxRule():
            region = rule.tax_region_id or content.default_region_id
            result.append(TaxRow(code, rule, rate_of(remote_taxes, region, rule.tax_category_id)))
    return result


def rows_as_entered(
    values: Mapping[str, str], content: Section, remote_taxes: list[dict[str, Any]]
) -> list[TaxRow]:
    """Like ``rows``, for the values of a form: every active tax code, and those that ``content`` still maps."""
    stored = TaxCodeMapping.model_validate(content)
    entered = TaxCodeMapping(
        default_region_id=_whole(values.get("default_region_id", "")),
        rules={
            code.id: TaxRule(**{name: _whole(values.get(f"rule-{code.id}-{name}", "")) for name in SOURCES})
            for code in tax_codes.everything()
        },
    )
    shown = {row.tax_code.id for row in rows(stored, remote_taxes)}
    return [row for row in rows(entered, remote_taxes) if row.tax_code.is_active or row.tax_code.id in shown]


def unmapped_count(content: TaxCodeMapping) -> int:
    """How many active tax codes are not mapped."""
    return sum(content.rules.get(code.id, TaxRule()).tax_category_id is None for code in tax_codes.usable())


def rate_of(remote_taxes: list[dict[str, Any]], region: int | None, category: int | None) -> Decimal | None:
    """The sum of Autotask's taxes for a region and category, in percent; None when there is no tax."""
    if region is None or category is None:
        return None
    return metadata.tax_rates(remote_taxes).get((region, category))


def rates(remote_taxes: list[dict[str, Any]]) -> dict[str, str]:
    """The sums of Autotask's taxes, in percent, by “region category”."""
    sums = metadata.tax_rates(remote_taxes)
    return {f"{region} {category}": plain(rate) for (region, category), rate in sorted(sums.items())}


def parse(posted: Mapping[str, str], choices: Choices, stored: TaxCodeMapping) -> TaxCodeMapping:
    """What was entered; controls that did not arrive keep their value. Raises Invalid with sentences by control."""
    reader = Reader(posted)
    region = stored.default_region_id
    if reader.has("default_region_id"):
        region = remote_value(reader, "default_region_id", "tax_regions", choices, region)
    rules = {}
    for code in tax_codes.everything():
        before = stored.rules.get(code.id, TaxRule())
        values = {
            name: remote_value(reader, f"rule-{code.id}-{name}", source, choices, getattr(before, name))
            for name, source in SOURCES.items()
            if reader.has(f"rule-{code.id}-{name}")
        }
        rules[code.id] = before.model_copy(update=values)
    reader.check(NOT_SAVED)
    return TaxCodeMapping(
        default_region_id=region, rules={key: rule for key, rule in rules.items() if rule != TaxRule()}
    )


def controls(content: TaxCodeMapping) -> dict[str, str]:
    """The text of every control."""
    texts = {"default_region_id": str(content.default_region_id or "")}
    for code_id, rule in content.rules.items():
        for name in SOURCES:
            texts[f"rule-{code_id}-{name}"] = str(getattr(rule, name) or "")
    return texts


def deleted_count(posted: Iterable[str]) -> int:
    """How many rows of the form belong to tax codes that were deleted after it was opened."""
    present = {str(code.id) for code in tax_codes.everything()}
    return len({name.split("-")[1] for name in posted if name.startswith("rule-")} - present)


def suggest(content: TaxCodeMapping, choices: Choices, remote_taxes: list[dict[str, Any]]) -> TaxCodeMapping:
    """``content`` with unmapped codes matched to a tax of the same rate; among several, the names decide."""
    rules = dict(content.rules)
    for code in tax_codes.usable():
        if code.id not in rules:
            rule = _match(code, choices, remote_taxes)
            if rule is not None:
                rules[code.id] = rule
    region = content.default_region_id
    named = [rule.tax_region_id for rule in rules.values() if rule.tax_region_id is not None]
    return TaxCodeMapping(default_region_id=region or (named[0] if named else None), rules=rules)


def flaws(content: TaxCodeMapping, choices: Choices) -> dict[str, str]:
    """A sentence for each stored value that Autotask no longer has or uses, by control.

    A rule of a deleted tax code does no harm: the next save drops it.
    """
    present = {code.id for code in tax_codes.everything()}
    found = {"default_region_id": choices.flaw("tax_regions", content.default_region_id)}
    for code_id, rule in content.rules.items():
        for name, source in SOURCES.items() if code_id in present else ():
            found[f"rule-{code_id}-{name}"] = choices.flaw(source, getattr(rule, name))
    return {name: sentence for name, sentence in found.items() if sentence}


def _match(code: TaxCode, choices: Choices, remote_taxes: list[dict[str, Any]]) -> TaxRule | None:
    ours = _words(code.name)
    best: tuple[int, TaxRule] | None = None
    for tax in remote_taxes:
        region = choices.find("tax_regions", tax["region_id"])
        category = choices.find("tax_categories", tax["category_id"])
        if region is None or category is None or not (region.is_active and category.is_active):
            continue
        if rate_of(remote_taxes, region.value, category.value) != code.rate:
            continue
        score = len(ours & (_words(region.label) | _words(category.label) | _words(tax["name"])))
        if best is None or score > best[0]:
            best = (score, TaxRule(tax_category_id=category.value, tax_region_id=region.value))
    if best is None and code.rate == 0:
        exempt = next(
            (choice for choice in choices.of("tax_categories") if "exempt" in choice.label.lower()), None
        )
        return TaxRule(tax_category_id=exempt.value) if exempt else None
    return best[1] if best else None


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 12 else None


def _words(text: str) -> set[str]:
    return {word for word in text.casefold().split() if len(word) > 1 and word not in {"tax", "sales"}}
