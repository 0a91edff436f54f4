"""The filters of the list of quotes as an address has them, and in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from webapp.models import Quote, User, db
from webapp.services.accounts import permissions
from webapp.services.core.fields import clean_text, parse_id
from webapp.services.quoting.draft import stages
from webapp.services.quoting.lists import listing
from webapp.services.quoting.lists.listing import View

ME = "me"
MAX_TEXT = 200


@dataclass(frozen=True)
class Filters:
    """What is asked for; empty: everything. ``owner``: ``me``, or the id of a user; ``sort``: as in ``View``."""

    text: str = ""
    stage: str = ""
    owner: str = ""
    sort: str = listing.LATEST

    @property
    def asked(self) -> dict[str, str]:
        """The filters without the order, as they stand in an address."""
        named = {"q": self.text, "stage": self.stage, "owner": self.owner}
        return {name: value for name, value in named.items() if value}

    @property
    def query(self) -> dict[str, str]:
        """All of it as it stands in an address. Never empty: an address without any asks for the default view."""
        order = {"sort": self.sort} if self.sort != listing.LATEST else {}
        return {**self.asked, **order} or {"stage": ""}

    def view(self, viewer: User) -> View:
        """What ``listing`` looks for."""
        owner_id = viewer.id if self.owner == ME else parse_id(self.owner)
        return View(self.text, self.stage, owner_id, self.sort)

    def chips(self, owners: list[User]) -> list[Chip]:
        """Each filter that is active, in words."""
        names = {ME: "My quotes", **{str(user.id): user.name for user in owners}}
        found = [
            Chip(f"“{self.text}”", replace(self, text="").query) if self.text else None,
            Chip(f"Stage: {self.stage}", replace(self, stage="").query) if self.stage else None,
            Chip(f"Owner: {names.get(self.owner, 'someone')}", replace(self, owner="").query)
            if self.owner
            else None,
        ]
        return [chip for chip in found if chip is not None]


@dataclass(frozen=True)
class Chip:
    """One active filter: its words, and the address without it."""

    label: str
    without: dict[str, str]


def read(values: Mapping[str, Any]) -> Filters:
    """The filters of an address or a form; what can't be one is left out."""
    sort, owner = str(values.get("sort", "")), str(values.get("owner", ""))
    owner_id = parse_id(owner)
    stage = str(values.get("stage", ""))
    return Filters(
        " ".join(clean_text(str(values.get("q", ""))).split())[:MAX_TEXT],
        stage if stage in stages.STAGES else "",
        owner if owner == ME else str(owner_id or ""),
        sort if sort.removeprefix("-") in listing.SORTS else listing.LATEST,
    )


def owners(viewer: User) -> list[User]:
    """Whose quotes ``viewer`` may see, by name, where there are some."""
    has_some = db.exists().where(Quote.owner_id == User.id, permissions.is_visible(viewer))
    return list(db.session.scalars(db.select(User).where(has_some).order_by(User.name, User.id)))
