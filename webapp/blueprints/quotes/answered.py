"""A form of the editor after it was saved or refused: what its fields hold, their sentences, and its ``seen``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from webapp.services.core.errors import Conflict, Invalid


@dataclass(frozen=True)
class Answered:
    """``values``: the text of the controls. ``replaced``: those that the browser must show in place of what was sent.

    ``errors`` by control; ``clashes``: the fields, by control, where the person chooses between two values.
    """

    seen: str
    values: Mapping[str, str]
    replaced: Mapping[str, str] = field(default_factory=dict)
    sentence: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    clashes: Mapping[str, str] = field(default_factory=dict)
    status: int = 200


def opened(seen: str, shown: Mapping[str, str]) -> Answered:
    """The form as it is opened."""
    return Answered(seen, shown)


def saved(form: Mapping[str, str], seen: str, shown: Mapping[str, str]) -> Answered:
    """The form after a save. What is stored otherwise than it was sent is shown as it is stored."""
    replaced = {
        control: text
        for control, text in shown.items()
        if form.get(control, "").replace("\r\n", "\n") != text
        # Without a discount, the unit that was chosen stays for the next amount.
        and not (control == "discount_kind" and text == "none")
    }
    return Answered(seen, shown, replaced)


def refused(form: Mapping[str, str], shown: Mapping[str, str], error: Invalid | Conflict) -> Answered:
    """The form with what was entered, and why it wasn't saved."""
    entered = {name: form.get(name, "") for name in shown}
    if isinstance(error, Invalid):
        errors = dict(error.fields)
        return Answered(form.get("seen", ""), entered, {}, str(error), errors, status=422)
    replaced = _of(shown, error.taken)
    clashes = {control: name for control in shown for name in error.fields if name == _field(control)}
    errors = {control: error.fields[name] for control, name in clashes.items()}
    return Answered(error.seen, {**entered, **replaced}, replaced, str(error), errors, clashes, status=409)


def _of(shown: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    return {control: text for control, text in shown.items() if _field(control) in names}


def _field(control: str) -> str:
    # A choice among records is called after its id.
    return control.removesuffix("_id")
