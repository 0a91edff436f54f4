"""Keys of a quote's desired records, and of the steps that write them. Only this module knows their stored form."""

from __future__ import annotations

from dataclasses import dataclass, replace

_ITEM, _GOODS, _LOCATION, _REMOVAL = "item", "goods", "location", "remove"
_SEVERAL = (_ITEM, _GOODS, _LOCATION, _REMOVAL)


@dataclass(frozen=True)
class RecordKey:
    """A desired record of one quote, or a step that writes it.

    ``id``: which of several, for example an item's line. ``part``: which step, where a record has more than one.
    """

    kind: str
    id: str = ""
    part: str = ""

    @classmethod
    def parse(cls, text: str) -> RecordKey:
        """The key behind the stored form."""
        kind, *rest = text.split(":")
        number = rest.pop(0) if rest and kind in _SEVERAL else ""
        return cls(kind, number, ":".join(rest))

    def __str__(self) -> str:
        """The stored form, as in the journal."""
        return ":".join(text for text in (self.kind, self.id, self.part) if text)

    @property
    def record(self) -> RecordKey:
        """The record that a step writes."""
        return replace(self, part="")

    @property
    def is_item(self) -> bool:
        """True for a quote item."""
        return self.kind == _ITEM

    @property
    def is_location(self) -> bool:
        """True for an address."""
        return self.kind == _LOCATION

    def step(self, part: str) -> RecordKey:
        """A further step of the record."""
        return replace(self, part=part)


COMPANY, CONTACT = RecordKey("company"), RecordKey("contact")
OPPORTUNITY, QUOTE, ATTACHMENT = RecordKey("opportunity"), RecordKey("quote"), RecordKey("attachment")
# The further steps: an opportunity's end, its amounts, an item's place.
END, AMOUNTS, PLACE = "end", "amounts", "place"


def item(uid: str) -> RecordKey:
    """The quote item of a line, of shipping or of the discount."""
    return RecordKey(_ITEM, uid)


def goods(identity: str) -> RecordKey:
    """A product, service or bundle, by a hash of what makes it one."""
    return RecordKey(_GOODS, identity)


def location(use: str) -> RecordKey:
    """An address."""
    return RecordKey(_LOCATION, use)


def removal(remote_id: int) -> RecordKey:
    """The step that deletes an item of ours."""
    return RecordKey(_REMOVAL, str(remote_id))
