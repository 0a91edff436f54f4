"""The texts by which a person is known, and taking them out of other texts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from webapp.models import names

REMOVED = "[removed]"


@dataclass(frozen=True)
class Known:
    """By what a person is known.

    ``own``: texts that no one else has, such as an email; they are found anywhere. ``words``: such as a first name;
    they are only looked for where something is about the person. ``alias``: what stands in place of the name.
    ``names``: which of the texts are full names. ``person``: what a revision says instead, for a contact.
    """

    alias: str
    own: tuple[str, ...]
    words: tuple[str, ...]
    names: tuple[str, ...]
    person: Mapping[str, Any] | None = None

    def without(self, value: Any, *, about: bool) -> Any:
        """``value`` (a text or JSON) without the person. ``about``: it is about them, so that words count too."""
        if isinstance(value, str):
            return self._text(value, about=about)
        if isinstance(value, Mapping):
            return {key: self.without(one, about=about) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.without(one, about=about) for one in value]
        return value

    def spellings(self, *, about: bool) -> list[str]:
        """What a search in the database looks for: as written, folded, and as JSON writes it."""
        found: dict[str, None] = {}
        for text in (*self.own, *(self.words if about else ())):
            for one in (text, names.folded(text), json.dumps(text)[1:-1]):
                found[one] = None
        return list(found)

    def _text(self, text: str, *, about: bool) -> str:
        text = self._own.sub(self._instead, text) if self.own else text
        return self._words.sub(REMOVED, text) if about and self.words else text

    def _instead(self, found: re.Match[str]) -> str:
        return self.alias if names.folded(found[0]) in self._folded_names else REMOVED

    @cached_property
    def _folded_names(self) -> set[str]:
        return {names.folded(name) for name in self.names}

    @cached_property
    def _own(self) -> re.Pattern[str]:
        return _pattern(self.own)

    @cached_property
    def _words(self) -> re.Pattern[str]:
        return _pattern(self.words)


def _pattern(texts: Iterable[str]) -> re.Pattern[str]:
    """Whole words, the longest first, in any case, also with what JSON escapes."""
    forms = {form for text in texts for form in (text, json.dumps(text)[1:-1])}
    listed = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{listed})(?!\w)", re.IGNORECASE)
