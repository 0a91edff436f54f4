"""Pages of a query: where one begins, written into the links to its neighbours, so that nothing is kept for them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import quote

from sandbox.errors import invalid
from sandbox.query import PAGE

START = -1  # ids begin at 0, which is the MSP's own company
# A longer address is refused by servers and clients on the way.
MAX_SEARCH = 8000


@dataclass(frozen=True)
class Page:
    """Up to ``size`` records with ids above ``after``; ``trail``: where the pages before it began."""

    size: int
    after: int = START
    trail: tuple[int, ...] = ()

    def following(self, last: int) -> Page:
        """The next page, when ``last`` is the last id of this one."""
        return Page(self.size, last, (*self.trail, self.after))

    def previous(self) -> Page:
        """The page before."""
        return Page(self.size, self.trail[-1], self.trail[:-1])

    def url(self, address: str, search: str) -> str:
        """A link to this page; ``search`` goes along where it is not too long."""
        token = {"pageSize": self.size, "previousIds": list(self.trail), "nextIds": [self.after]}
        link = f"{address}?paging={quote(json.dumps(token, separators=(',', ':')), safe='')}"
        text = quote(search, safe="")
        return f"{link}&search={text}" if text and len(text) <= MAX_SEARCH else link


def first(size: int) -> Page:
    """The page that a query begins with."""
    return Page(size)


def read(text: str) -> Page:
    """A page from the ``paging`` of a link. Raises ApiError."""
    try:
        token = json.loads(text)
        page = Page(token["pageSize"], token["nextIds"][-1], tuple(token["previousIds"]))
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise invalid("The page cannot be found. Run the query again.") from error
    if not all(type(number) is int for number in (page.size, page.after, *page.trail)):
        raise invalid("The page cannot be found. Run the query again.")
    return Page(min(max(page.size, 1), PAGE), page.after, page.trail)
