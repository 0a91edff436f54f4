"""Keys of our records, as links, questions and findings name them. Only this module knows their stored form."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

ORGANIZATION, PERSON, QUOTE, GOODS = "organization", "person", "quote", "goods"
LINE, LOCATION, REVISION, ACCEPTANCE = "line", "location", "revision", "acceptance"
# Parts of a quote; they are stored as “7:5f3a…”, with the quote's id in front.
PARTS = (LINE, LOCATION, REVISION, ACCEPTANCE)
# Items in Autotask that no line stands for, under the key of a line: one that was replaced or created twice, and one
# that someone added there and that the next push deletes.
RETIRED, BY_HAND = "~", "by-hand-"
# The stored ids of both, for LIKE.
DOOMED = (f"%:{RETIRED}%", f"%:{BY_HAND}%")


@dataclass(frozen=True)
class LocalKey:
    """One of our records.

    ``id``: its id; of a part of a quote, a line's uid, an address's use or a revision's number (also of its
    acceptance). ``quote_id``: the quote that it is, or is a part of.
    """

    kind: str
    id: str
    quote_id: int | None = None

    @classmethod
    def parse(cls, local_type: str, local_id: str) -> LocalKey:
        """The key behind the stored form."""
        if local_type in PARTS:
            owner, _, part = local_id.partition(":")
            return cls(local_type, part, _number(owner))
        return cls(local_type, local_id, _number(local_id) if local_type == QUOTE else None)

    @property
    def stored_id(self) -> str:
        """The stored form of the id; the kind is stored as it is."""
        return f"{self.quote_id}:{self.id}" if self.kind in PARTS else self.id

    @property
    def number(self) -> int | None:
        """The id of our row: of the quote for its parts; None for goods, which have none."""
        return self.quote_id if self.quote_id is not None else _number(self.id)

    @property
    def is_doomed(self) -> bool:
        """True for an item that no line of ours stands for, and that the next push deletes."""
        return self.kind == LINE and self.id.startswith((RETIRED, BY_HAND))


def organization(number: int) -> LocalKey:
    """An organization."""
    return LocalKey(ORGANIZATION, str(number))


def person(number: int) -> LocalKey:
    """A person."""
    return LocalKey(PERSON, str(number))


def quote(number: int) -> LocalKey:
    """A quote; its opportunity hangs on the same key."""
    return LocalKey(QUOTE, str(number), number)


def goods(identity: str) -> LocalKey:
    """A product, service or bundle, by a hash of what makes it one."""
    return LocalKey(GOODS, identity)


def line(quote_id: int, uid: str) -> LocalKey:
    """A line of a quote, or what stands beside its lines: shipping, the discount."""
    return LocalKey(LINE, uid, quote_id)


def location(quote_id: int, use: str) -> LocalKey:
    """An address of a quote."""
    return LocalKey(LOCATION, use, quote_id)


def revision(quote_id: int, number: int) -> LocalKey:
    """A revision of a quote."""
    return LocalKey(REVISION, str(number), quote_id)


def acceptance(quote_id: int, number: int) -> LocalKey:
    """The acceptance of a revision of a quote."""
    return LocalKey(ACCEPTANCE, str(number), quote_id)


def retired(quote_id: int, remote_id: int) -> LocalKey:
    """An item of ours that no line stands for any more."""
    return line(quote_id, f"{RETIRED}{remote_id}")


def by_hand(quote_id: int, remote_id: int) -> LocalKey:
    """An item that someone added in Autotask."""
    return line(quote_id, f"{BY_HAND}{remote_id}")


class NamesOurs:
    """A row that names one of our records; ``local`` is its key."""

    local_type: Mapped[str] = mapped_column(String(30))
    local_id: Mapped[str] = mapped_column(String(64))

    @property
    def local(self) -> LocalKey:
        """The record's key."""
        return LocalKey.parse(self.local_type, self.local_id)

    @local.setter
    def local(self, key: LocalKey) -> None:
        self.local_type, self.local_id = key.kind, key.stored_id


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None
