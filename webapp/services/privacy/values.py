"""The few texts by which a person can be told from everyone else, and taking them out of other texts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

REMOVED = "[removed]"
# A shorter number could be a price, a count or an extension.
MIN_DIGITS = 7


def full_names(texts: Iterable[str]) -> tuple[str, ...]:
    """Those of two words or more: a single one, such as Bill or Support, is a word of other texts too."""
    return tuple(sorted({text.strip() for text in texts if len(text.split()) > 1}))


def phones(texts: Iterable[str]) -> tuple[str, ...]:
    """Those with enough digits."""
    return tuple(sorted({text.strip() for text in texts if sum(one.isdigit() for one in text) >= MIN_DIGITS}))


@dataclass(frozen=True)
class Known:
    """By what a person is known.

    ``alias``: what stands in place of the name. ``emails``: in any case; those that no one else has are ``own_emails``.
    ``names``: full names, exactly as written. ``phones``: exactly as written. ``kept``: texts of others, such as the
    name of a company, which stay even if they hold one of these. ``person``: what a revision says instead, for a
    contact. ``user_id`` and ``account_emails``: for a user, those of no other account. ``signatures``: what a user was
    called, of one word too, where that stands alone as who did something.
    """

    alias: str
    emails: tuple[str, ...]
    own_emails: tuple[str, ...]
    names: tuple[str, ...]
    phones: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    person: Mapping[str, Any] | None = None
    user_id: int | None = None
    account_emails: tuple[str, ...] = ()
    signatures: tuple[str, ...] = ()

    @property
    def person_id(self) -> int | None:
        """The contact's id; None for a user."""
        return self.person["id"] if self.person is not None else None

    def is_account(self, email: str) -> bool:
        """Whether ``email`` is that of the user's account, now or before."""
        return email.casefold() in {one.casefold() for one in self.account_emails}

    def has_email(self, email: str) -> bool:
        """Whether ``email`` is one of theirs."""
        return bool(email) and email.casefold() in {one.casefold() for one in self.emails}

    def is_them(self, email: str, name: str) -> bool:
        """Whether someone who was entered with ``email`` and ``name`` is they: others may share the address."""
        if email.casefold() in {one.casefold() for one in self.own_emails}:
            return True
        return self.has_email(email) and name.strip().casefold() in {one.casefold() for one in self.names}

    def in_others_quotes(self) -> Known:
        """A contact in quotes of others: by the email that is theirs alone and the name, as all else is of others."""
        return replace(self, person=None, emails=self.own_emails, phones=())

    def without(self, value: Any) -> Any:
        """``value`` (a text or JSON) that is about them, without email, full name and phone numbers."""
        return _each(value, lambda text: self._all.sub(self._instead, text))

    def without_emails(self, value: Any) -> Any:
        """``value`` that may be about anyone, without the emails that are theirs alone."""
        return _each(value, lambda text: self._own.sub(REMOVED, text))

    def _instead(self, found: re.Match[str]) -> str:
        if found.lastgroup == "kept":
            return found[0]
        return self.alias if found.lastgroup == "name" else REMOVED

    @cached_property
    def _all(self) -> re.Pattern[str]:
        texts = [text.casefold() for text in (*self.emails, *self.names, *self.phones)]
        kept = [one for one in self.kept if any(text in one.casefold() for text in texts)]
        return re.compile(
            "|".join(
                (
                    rf"(?P<kept>(?<!\w){_any(kept)}(?!\w))",
                    rf"(?P<email>{_email(self.emails)})",
                    rf"(?P<name>(?<!\w){_any(self.names)}(?!\w))",
                    rf"(?P<phone>(?<!\w){_any(self.phones)}(?!\w))",
                )
            )
        )

    @cached_property
    def _own(self) -> re.Pattern[str]:
        return re.compile(_email(self.own_emails))


def spellings(texts: Iterable[str]) -> list[str]:
    """The texts as written, and as JSON writes them; the longest first."""
    forms = {form for text in texts for form in (text, json.dumps(text)[1:-1])}
    return sorted(forms, key=lambda form: (-len(form), form))


def _each(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: _each(one, change) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_each(one, change) for one in value]
    return value


def _email(emails: Iterable[str]) -> str:
    """Whole addresses only: not the end or the start of a longer one."""
    return rf"(?<![\w.+%-])(?i:{_any(emails)})(?![\w-]|\.\w)"


def _any(texts: Iterable[str]) -> str:
    """A pattern for one of the texts; one that is never found if there are none."""
    return f"(?:{'|'.join(map(re.escape, spellings(texts)))})" if texts else r"(?!)"
