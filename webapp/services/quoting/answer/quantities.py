"""The quantities on the customer's page, as they were typed: read within each line's limits."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from webapp.services.core import formatting
from webapp.services.core.fields import clean_text
from webapp.services.core.numbers import parse_decimal
from webapp.services.core.place import Place
from webapp.services.quoting.money import limits
from webapp.services.quoting.money.limits import Limits
from webapp.services.quoting.revisions.snapshot import Snapshot

# The names of the controls, before the line's uid: what is wanted, and what the page showed before.
WANTED, WAS = "quantity:", "was:"


def read(
    frozen: Snapshot, values: Mapping[str, object], prefix: str = WANTED
) -> tuple[dict[str, Decimal], dict[str, str]]:
    """The quantities by the lines' uids, and a sentence for each that can't be chosen, by the name of its control.

    Browsers send the number of such a field with a point, whatever the place.
    """
    wanted: dict[str, Decimal] = {}
    errors: dict[str, str] = {}
    for line in frozen.lines:
        allowed, name = limits.of_line(line), prefix + line.uid
        if allowed is None or name not in values:
            continue
        try:
            quantity = parse_decimal(clean_text(str(values[name])))
        except ValueError:
            quantity = Decimal(0)
        if allowed.allows(quantity):
            wanted[line.uid] = quantity
        else:
            errors[name] = f"Choose {words(allowed, frozen.place)}."
    return wanted, errors


def words(allowed: Limits, place: Place) -> str:
    """“5 to 50”, or “5 to 50 in steps of 5”."""
    span = (
        f"{formatting.plain(allowed.least, place)} to {formatting.plain(allowed.below(allowed.most), place)}"
    )
    return span if allowed.step == 1 else f"{span} in steps of {formatting.plain(allowed.step, place)}"


def shown(frozen: Snapshot) -> dict[str, dict[str, str]]:
    """The control of each line whose quantity can be chosen, by uid: its attributes, and its limits in words."""
    found = {}
    for line in frozen.lines:
        allowed = limits.of_line(line)
        if allowed is not None:
            numbers = {
                "min": allowed.least,
                "max": allowed.most,
                "step": allowed.step,
                "value": line.quantity,
            }
            attributes = {name: formatting.plain(number) for name, number in numbers.items()}
            found[line.uid] = {**attributes, "words": words(allowed, frozen.place)}
    return found
