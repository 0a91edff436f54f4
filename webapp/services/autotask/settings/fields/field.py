"""One control of the settings page: its label, its choices, its help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Options = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class FormField:
    """One control. ``name`` is the name in the form and in the section's model.

    ``kind``: ``remote`` (a value of Autotask, from ``choices.SOURCES[source]``), ``fixed`` (one of ``options``),
    ``flag``, ``number`` (whole, from ``low`` to ``high``), ``decimal``, ``text``.
    ``required``: the error when it is left empty; ``empty``: the label of the empty choice; ``guess``: words in the
    label of the value to preselect. ``shown_when``: another control and the values of it that make this control
    matter. ``pattern``: a text with placeholders; the page shows its result. ``suggest``: False to preselect nothing,
    not even Autotask's default.
    """

    name: str
    label: str
    kind: Literal["remote", "fixed", "flag", "number", "decimal", "text"]
    source: str = ""
    options: Options = ()
    help: str = ""
    required: str = ""
    empty: str = "Not set"
    guess: tuple[str, ...] = ()
    low: int = 0
    high: int = 100
    shown_when: tuple[str, ...] = ()
    pattern: bool = False
    suggest: bool = True


# When a matched record in Autotask is updated.
UPDATE_POLICIES: Options = (
    ("never", "Never"),
    ("fill_empty", "Only fill blanks"),
    ("overwrite", "Always overwrite"),
)
