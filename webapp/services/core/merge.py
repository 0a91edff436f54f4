"""Merge what two people changed in one form, field by field. No other rule decides who overwrites whom.

A form carries ``seen``: a short digest of each value it was opened with. A field that only one person changed gets that
person's value. Where both changed it to different values, nothing is stored and the person chooses: the buttons send
the field's name as ``keep_theirs`` or ``use_mine``, or ``*`` for all fields.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from webapp.models import Base
from webapp.services.core import formatting
from webapp.services.core.errors import Conflict
from webapp.services.core.formatting import ANYWHERE
from webapp.services.core.place import Place

Values = Mapping[str, object]
SOMEONE = "Someone else"
WORDS = {
    "none": "None",
    "percent": "%",
    "unit": "{sign} per unit",
    "line": "{sign} off line",
    "amount": "{sign} off one-time total",
    "fixed": "fixed amount",
}
MAX_SHOWN = 200


@dataclass(frozen=True)
class Reading:
    """How values are put in words: in the format of ``place``, amounts in ``currency``."""

    place: Place = ANYWHERE
    currency: str = "USD"


IN_GENERAL = Reading()


@dataclass(frozen=True)
class Clash:
    """One field that both changed, each value in words."""

    theirs: str
    mine: str


@dataclass(frozen=True)
class Merged:
    """``values``: what to store. ``taken``: the fields whose stored value replaces the one in the form."""

    values: dict[str, object]
    taken: tuple[str, ...] = ()


def seen(stored: Values) -> str:
    """The form's ``seen``: a digest of each value that it shows."""
    return _listed({name: digest(value) for name, value in stored.items()})


def merge(
    form: Values,
    mine: Values,
    stored: Values,
    *,
    what: str,
    who: Callable[[Collection[str]], str] = lambda _names: SOMEONE,
    together: Iterable[tuple[str, ...]] = (),
    reading: Reading = IN_GENERAL,
) -> Merged:
    """What to store: ``mine``, merged with what others stored since the form was opened.

    ``form``: as sent, with ``seen`` and perhaps a choice; without ``seen`` the values don't come from a form, and are
    stored as they are. ``together``: fields that only mean something together, like an amount and its unit. ``who``
    names the person who changed the fields it gets. Raises Conflict with the fields that both changed.
    """
    opened = _parsed(str(form.get("seen") or ""))
    if not opened:
        return Merged(dict(mine))
    use_mine, keep_theirs = (str(form.get(name, "")) for name in ("use_mine", "keep_theirs"))
    values, fresh = dict(mine), {name: digest(value) for name, value in stored.items()}
    taken: list[str] = []
    clashes: dict[str, Clash] = {}
    units = list(together)
    units += [(name,) for name in mine if not any(name in unit for unit in units)]
    for unit in units:
        differing = [name for name in unit if digest(mine[name]) != fresh[name]]
        i_changed = any(opened.get(name) != digest(mine[name]) for name in unit)
        they_changed = any(opened.get(name) != fresh[name] for name in unit)
        if not differing or (i_changed and not they_changed) or use_mine in (*unit, "*"):
            continue
        if not i_changed or keep_theirs in (*unit, "*"):
            values |= {name: stored[name] for name in differing}
            taken += differing
            continue
        clashes |= {
            name: Clash(in_words(stored[name], reading), in_words(mine[name], reading)) for name in differing
        }
        fresh |= {name: opened[name] for name in unit if name in opened}
    if clashes:
        raise _conflict(who(tuple(clashes)), what, clashes, taken, _listed(fresh))
    return Merged(values, tuple(taken))


def opened_with(form: Values) -> set[str]:
    """The fields that the form was opened with; empty when the values don't come from a form."""
    return set(_parsed(str(form.get("seen") or "")))


def is_typed(form: Values, name: str, entered: object, stored: object) -> bool:
    """True if the person changed the field: from what the form was opened with, or else from what is ``stored``."""
    opened = _parsed(str(form.get("seen") or ""))
    return opened.get(name, digest(stored)) != digest(entered)


def changed(form: Values, stored: Values) -> bool:
    """True if a value that the form was opened with is stored no more."""
    opened = _parsed(str(form.get("seen") or ""))
    return any(mark != digest(stored.get(name)) for name, mark in opened.items())


def still(seen_before: str, names: Iterable[str], stored: Values) -> str:
    """The ``seen`` of a form that is drawn again: of ``names`` what it was opened with, of all others ``stored``."""
    opened = _parsed(seen_before)
    fresh = {name: digest(value) for name, value in stored.items()}
    return _listed(fresh | {name: opened[name] for name in names if name in opened})


def digest(value: object) -> str:
    """Equal for values that are equal to a person: 5 and 5.00, nothing and an empty text."""
    return hashlib.blake2b(_canonical(value).encode(), digest_size=5).hexdigest()


def in_words(value: object, reading: Reading = IN_GENERAL) -> str:
    """The value as a person reads it."""
    if value is None or value == "":
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return formatting.plain(value, reading.place)
    if isinstance(value, date):
        return formatting.day(value, reading.place)
    if isinstance(value, Base):
        return str(getattr(value, "path", "") or getattr(value, "name", ""))
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "nothing"
    text = " ".join(str(value).split())
    if text in WORDS:
        return WORDS[text].format(sign=formatting.currency_sign(reading.currency, reading.place))
    text = formatting.period_label(text)
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"


def _conflict(
    who: str, what: str, clashes: dict[str, Clash], taken: Collection[str], listed: str
) -> Conflict:
    named = {
        name: f"{who} changed this to “{clash.theirs}”. You entered “{clash.mine}”."
        for name, clash in clashes.items()
    }
    sentence = f"{who} changed this {what} while you were editing. Your change hasn't been saved."
    return Conflict(sentence, fields=named, taken=tuple(taken), seen=listed)


def _canonical(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, Decimal):
        return formatting.plain(value)
    if isinstance(value, Base):
        return str(getattr(value, "id", ""))
    if isinstance(value, list | tuple | set | frozenset):
        return "\x1f".join(sorted(map(str, value)))
    return str(value)


def _listed(digests: Mapping[str, str]) -> str:
    return " ".join(f"{name}:{mark}" for name, mark in digests.items())


def _parsed(text: str) -> dict[str, str]:
    return dict(part.rpartition(":")[::2] for part in text.split())
