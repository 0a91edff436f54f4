"""A form that a template writes itself, opened or after it was sent: what it holds, its sentences, its ``seen``.

Forms of WTForms fields have the same in ``support.submit``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from flask import request

from webapp.services.core.errors import Conflict, Invalid

R = TypeVar("R")


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

    @property
    def is_refused(self) -> bool:
        """True when nothing was saved."""
        return self.status >= 400


def attempt(
    save: Callable[[], R], stored: Callable[[], Mapping[str, str]], sent: Mapping[str, str] | None = None
) -> tuple[R | None, Answered]:
    """Let a service save the form that was sent. Returns its result, or None and the form with what was entered.

    ``stored``: the controls as they are stored by then. ``sent``: the controls, where they aren't just the request's.
    """
    try:
        return save(), Answered("", {})
    except (Invalid, Conflict) as error:
        return None, refused(request.form if sent is None else sent, stored(), error)


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
