"""Map the lines' tax codes to Autotask, and warn where Autotask would compute a different tax. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from webapp.services.autotask.settings.model import TaxCodeMapping
from webapp.services.autotask.wanted.facts import RemoteFacts
from webapp.services.core.formatting import plain
from webapp.services.quoting.revisions.snapshot import FrozenLine

SEVERAL_REGIONS = (
    "The lines' tax codes are in several tax regions, but an Autotask quote has only one. The first is used."
)


class LineTaxes:
    """Maps the taxes line by line. ``region``: the quote's tax region, from the lines so far."""

    def __init__(self, mapping: TaxCodeMapping, facts: RemoteFacts) -> None:
        self.region: int | None = mapping.default_region_id
        self._mapping = mapping
        self._rates = facts.tax_rates
        self._regions: set[int] = set()
        self._taxed: list[tuple[int, FrozenLine, int]] = []
        self._unmapped: dict[str, list[tuple[int, str]]] = {}

    def fields(self, place: int, line: FrozenLine) -> dict[str, Any]:
        """The tax fields of the line's quote item."""
        if line.tax_code_id is None or not line.tax_rate:
            return {"isTaxable": False, "taxCategoryID": None}
        rule = self._mapping.rules.get(line.tax_code_id)
        if rule is None or rule.tax_category_id is None:
            self._unmapped.setdefault(line.tax_name, []).append((place, line.name))
            return {"isTaxable": True, "taxCategoryID": None}
        region = rule.tax_region_id or self._mapping.default_region_id
        if region is not None:
            if not self._regions:
                self.region = region
            self._regions.add(region)
        self._taxed.append((place, line, rule.tax_category_id))
        return {"isTaxable": True, "taxCategoryID": rule.tax_category_id}

    def problems(self) -> list[str]:
        """A sentence for each tax that isn't mapped, after the last line."""
        return [
            f"{_lines_have([place for place, _ in lines], lines[0][1])} the tax “{name}”, which isn't mapped to "
            "Autotask."
            for name, lines in self._unmapped.items()
        ]

    def warnings(self) -> list[str]:
        """A sentence for each difference from Autotask, after the last line."""
        sentences = [SEVERAL_REGIONS] if len(self._regions) > 1 else []
        places: dict[tuple[str, Decimal, Decimal], list[int]] = {}
        for place, line, category in self._taxed:
            # Without a region, or without a tax for it, Autotask computes no tax.
            remote = (
                self._rates.get((self.region or 0, category), Decimal(0)) if self._rates else line.tax_rate
            )
            if remote != line.tax_rate:
                places.setdefault((line.tax_name, line.tax_rate, remote), []).append(place)
        for (name, ours, remote), lines in places.items():
            sentences.append(
                f"{_lines_have(lines)} the tax “{name}” of {plain(ours)}%, but it is mapped to a tax of "
                f"{plain(remote)}% in Autotask. The taxes will differ, and the quote will show as out of sync."
            )
        return sentences


def _lines_have(places: list[int], name: str = "") -> str:
    # Several parts of a bundle are one line.
    places = list(dict.fromkeys(places))
    if len(places) == 1:
        return f"Line {places[0]} “{name}” has" if name else f"Line {places[0]} has"
    return f"Lines {', '.join(map(str, places[:-1]))} and {places[-1]} have"
