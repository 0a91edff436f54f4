"""Lines that are the same product or service in Autotask. Pure.

One vendor's help says that Autotask takes a service at most twice on a quote, so a third one is said before publishing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from webapp.services.autotask.wanted.desired import Desired, Problem, Ref
from webapp.services.autotask.wanted.keys import RecordKey

MOST = 2
SERVICES = ("Services", "ServiceBundles")
KINDS = {"Products": "product", "Services": "service", "ServiceBundles": "service bundle"}


@dataclass(frozen=True)
class Repeats:
    """``may``: what Autotask may refuse; ``notes``: what it takes, but a person may not have meant."""

    may: list[Problem]
    notes: list[str]


def find(desired: Desired, remote_ids: Mapping[RecordKey, int]) -> Repeats:
    """The products and services that several lines are. ``remote_ids``: Autotask's, where known, by key."""
    entities = {item.record.key: item.record.entity for item in desired.catalog_items}
    titles = {item.record.key: item.record.title for item in desired.catalog_items}
    same: dict[tuple[str, int | RecordKey], list[tuple[int, str]]] = {}
    numbers = {line.key: line.number for line in desired.lines}
    for place, item in enumerate(desired.items, start=1):
        for value in item.fields.values():
            if isinstance(value, Ref) and value.key in entities:
                which = remote_ids.get(value.key, value.key)
                same.setdefault((entities[value.key], which), []).append(
                    (numbers.get(item.key) or place, titles[value.key])
                )
    repeats = Repeats([], [])
    for (entity, _), lines in same.items():
        if len(lines) > 1:
            _add(repeats, entity, [place for place, _ in lines], lines[0][1])
    return repeats


def _add(repeats: Repeats, entity: str, places: list[int], title: str) -> None:
    # Several parts of a bundle are one line.
    *first, last = dict.fromkeys(places)
    listed = f"Lines {', '.join(map(str, first))} and {last} are" if first else f"Parts of line {last} are"
    sentence = f"{listed} the same {KINDS[entity]} in Autotask, “{title}”."
    if entity in SERVICES and len(places) > MOST:
        sentence += (
            " Autotask may take a service only twice on a quote. Put them in one line, or use another item."
        )
        repeats.may.append(Problem(sentence, ("quote", "")))
    else:
        repeats.notes.append(sentence)
