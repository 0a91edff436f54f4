"""The differences between two versions of the settings, value by value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from webapp.services.autotask.settings.model import SECTIONS, AutotaskSettings


@dataclass(frozen=True)
class Change:
    """One changed value. ``path``: its names below the section, for example ``("accepted", "status")``."""

    section: str
    path: tuple[str, ...]
    before: Any
    after: Any

    def document(self) -> dict[str, Any]:
        """The change as JSON."""
        where = ".".join((self.section, *self.path))
        return {"where": where, "before": self.before, "after": self.after}


def changes(before: AutotaskSettings, after: AutotaskSettings) -> list[Change]:
    """Every value that differs, in the order of the page."""
    result: list[Change] = []
    for section in SECTIONS:
        old = _flat(getattr(before, section).model_dump(mode="json"))
        new = _flat(getattr(after, section).model_dump(mode="json"))
        paths = [path for path in dict.fromkeys([*old, *new]) if old.get(path) != new.get(path)]
        result += [Change(section, path, old.get(path), new.get(path)) for path in paths]
    return result


def _flat(document: dict[str, Any], below: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    flat: dict[tuple[str, ...], Any] = {}
    for name, value in document.items():
        path = (*below, str(name))
        if isinstance(value, dict):
            flat.update(_flat(value, path))
        else:
            flat[path] = value
    return flat
