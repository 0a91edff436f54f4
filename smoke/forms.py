"""The forms of an HTML page, as a browser without JavaScript would fill and send them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    """``fields`` in page order, as a browser would send them now; ``choices``: options of each select.

    ``rounds``: names of the boxes of which only one can be ticked.
    """

    action: str
    method: str
    element_id: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    choices: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    boxes: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    rounds: set[str] = field(default_factory=set)

    def names(self) -> set[str]:
        """Every name that this form can send."""
        return {name for name, _ in self.fields} | set(self.boxes) | set(self.choices)

    def fill(self, values: Mapping[str, str | bool]) -> list[tuple[str, str]]:
        """The data sent after entering ``values``; True or False sets a checkbox.

        Raises KeyError for a name that the form does not have.
        """
        unknown = set(values) - self.names() - {name for name, _ in self.buttons}
        if unknown:
            raise KeyError(f"{self.action} has no {sorted(unknown)}, only {sorted(self.names())}")
        sent = [(name, value) for name, value in self.fields if name not in values]
        for name, value in values.items():
            if value is True:
                sent.append((name, (self.boxes.get(name) or ["y"])[0]))
            elif value is not False:
                sent.append((name, str(value)))
        return sent

    def check(self, name: str, value: str) -> None:
        """Tick the box ``value`` of ``name``. Of the round boxes with one name, it is the only one then.

        Raises KeyError for a box that the form does not have.
        """
        if value not in self.boxes.get(name, []):
            raise KeyError(f"{self.action} has no box {name} with {value}")
        if name in self.rounds:
            self.fields = [sent for sent in self.fields if sent[0] != name]
        self.fields.append((name, value))

    def option(self, name: str, *words: str, but: tuple[str, ...] = ()) -> str:
        """The value of the first option of ``name`` whose label has one of ``words``, tried in order, else the first.

        ``but``: values that are not wanted. Raises KeyError when nothing is on offer.
        """
        options = [
            (value, label) for value, label in self.choices.get(name, []) if value and value not in but
        ]
        for word in words:
            for value, label in options:
                if word.lower() in label.lower():
                    return value
        if not options:
            raise KeyError(f"{self.action}: {name} offers nothing to choose")
        return options[0][0]

    def label(self, name: str, value: str) -> str:
        """The label of the option ``value`` of ``name``."""
        return dict(self.choices[name])[value]


class _Reader(HTMLParser):
    """Collects forms; knows the ``form=`` attribute of controls outside their form."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        # Controls may stand before the form that they name.
        self._ahead: dict[str, Form] = {}
        self._open: Form | None = None
        self._select: tuple[Form, str, bool] | None = None
        self._option: tuple[str, bool] | None = None
        self._textarea: tuple[Form, str] | None = None
        self._text: list[str] = []
        self._chosen: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        attrs = {name: value or "" for name, value in attributes}
        if tag == "form":
            self._open = self._ahead.pop(attrs.get("id", ""), Form("", "", attrs.get("id", "")))
            self._open.action = attrs.get("action", "")
            self._open.method = attrs.get("method", "get").lower()
            if self._open.method != "dialog":  # that one closes a dialog, and is never sent
                self.forms.append(self._open)
            return
        if tag == "option":
            self._end_option()
            if self._select and "disabled" not in attrs:
                self._option, self._text = (attrs.get("value", ""), "selected" in attrs), []
            return
        owner = self._owner(attrs)
        if owner is None or "disabled" in attrs:
            return
        name = attrs.get("name", "")
        if tag == "input" and name:
            self._input(owner, name, attrs)
        elif tag == "button" and name:
            owner.buttons.append((name, attrs.get("value", "")))
        elif tag == "select" and name:
            owner.choices[name] = []
            self._select, self._chosen = (owner, name, "multiple" in attrs), []
        elif tag == "textarea" and name:
            self._textarea, self._text = (owner, name), []

    def handle_data(self, data: str) -> None:
        self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "option":
            self._end_option()
        elif tag == "select" and self._select:
            self._end_option()
            owner, name, multiple = self._select
            options = owner.choices[name]
            chosen = self._chosen or ([options[0][0]] if options and not multiple else [])
            owner.fields.extend((name, value) for value in chosen)
            self._select = None
        elif tag == "textarea" and self._textarea:
            owner, name = self._textarea
            owner.fields.append((name, "".join(self._text).removeprefix("\n")))
            self._textarea = None

    def _end_option(self) -> None:
        if self._select and self._option:
            owner, name, _ = self._select
            value, selected = self._option
            owner.choices[name].append((value, "".join(self._text).strip()))
            if selected:
                self._chosen.append(value)
        self._option = None

    def _owner(self, attrs: dict[str, str]) -> Form | None:
        if "form" in attrs:
            name = attrs["form"]
            known = next((form for form in self.forms if form.element_id == name), None)
            return known or self._ahead.setdefault(name, Form("", "", name))
        return self._open

    def _input(self, owner: Form, name: str, attrs: dict[str, str]) -> None:
        kind = attrs.get("type", "text")
        if kind in ("submit", "button", "image", "reset", "file"):
            if kind == "submit":
                owner.buttons.append((name, attrs.get("value", "")))
        elif kind in ("checkbox", "radio"):
            owner.boxes.setdefault(name, []).append(attrs.get("value", "on"))
            if kind == "radio":
                owner.rounds.add(name)
            if "checked" in attrs:
                owner.fields.append((name, attrs.get("value", "on")))
        else:
            owner.fields.append((name, attrs.get("value", "")))


def read_forms(html: str) -> list[Form]:
    """All forms of a page, in order."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.forms
