"""One section as its form shows it: what the settings page hands to the templates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from webapp.services.autotask.settings.fields.user_defined import GONE
from webapp.services.autotask.settings.model import Section
from webapp.services.autotask.settings.store import Draft

TITLES = {
    "company": "Company Settings",
    "opportunity": "Opportunity Settings",
    "quote_status": "Quote Status Mapping",
    "products_services": "Products and Services Settings",
    "item_category": "Item Category Mapping",
    "tax_code": "Tax Code Mapping",
}
NEW, DRAFT, ACTIVE = "new", "draft", "active"


@dataclass(frozen=True)
class SectionView:
    """A section with its values, its errors and what to say about it.

    ``values``: the text of each control; ``errors``: sentences by control; ``flaws``: stored values that Autotask
    no longer has or uses; ``suggested``: the values are suggestions that no one has saved; ``unsaved``: they hold
    what a person entered and hasn't saved; ``note``: what else to say about a save; ``conflict``: another admin
    changed the same controls, and ``saved_values`` is what ``who`` saved in them; ``seen``: see ``core.merge``;
    ``matched``: categories just matched by name, ours and Autotask's.
    """

    draft: Draft
    content: Section
    values: Mapping[str, str]
    suggested: bool = False
    unsaved: bool = False
    errors: Mapping[str, str] = field(default_factory=dict)
    flaws: Mapping[str, str] = field(default_factory=dict)
    sentence: str = ""
    saved: bool = False
    note: str = ""
    conflict: bool = False
    saved_values: Mapping[str, str] = field(default_factory=dict)
    who: str = ""
    seen: str = ""
    matched: tuple[tuple[str, str], ...] | None = None

    @property
    def gone(self) -> list[str]:
        """The flaws that no control shows, since Autotask has no such field any more."""
        return [sentence for name, sentence in self.flaws.items() if name.startswith(GONE)]

    @property
    def name(self) -> str:
        return self.draft.section

    @property
    def title(self) -> str:
        return TITLES[self.draft.section]

    @property
    def state(self) -> str:
        return state(self.draft)


def state(draft: Draft) -> str:
    """``new`` (never saved), ``draft`` (saved, not live yet) or ``active`` (live)."""
    if draft.version == 0:
        return NEW
    return DRAFT if draft.pending else ACTIVE
