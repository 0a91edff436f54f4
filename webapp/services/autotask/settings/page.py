"""The settings page of Autotask: what each section shows, saving one as a draft, and saving them all for good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from webapp.models import OutboxEntry, User, db
from webapp.models.push import WAITING
from webapp.services.autotask.connection import metadata
from webapp.services.autotask.settings import category_mapping, section_forms, tax_mapping
from webapp.services.autotask.settings import store as settings_store
from webapp.services.autotask.settings.choices import Choices
from webapp.services.autotask.settings.form_fields import FIELDS
from webapp.services.autotask.settings.model import ItemCategoryMapping, Section, TaxCodeMapping
from webapp.services.autotask.settings.store import Draft
from webapp.services.core.errors import Conflict, Invalid, ServiceError
from webapp.services.core.runtime import Runtime

TITLES = {
    "company": "Company Settings",
    "opportunity": "Opportunity Settings",
    "quote_status": "Quote Status Mapping",
    "products_services": "Products and Services Settings",
    "item_category": "Item Category Mapping",
    "tax_code": "Tax Code Mapping",
}
_NO_CONTROLS = ("csrf_token", "version", "do", "page", "q", "unmapped_only")
NEW, DRAFT, ACTIVE = "new", "draft", "active"
# The tax codes are mapped on a page of their own, and an installation without taxes needs none.
MAY_STAY_UNSAVED = ("tax_code", "item_category")


@dataclass(frozen=True)
class SectionView:
    """One section as its form shows it.

    ``values``: the text of each control; ``errors``: sentences by control; ``flaws``: stored values that Autotask
    no longer has or uses; ``suggested``: the values were guessed and wait for a first save; ``unsaved``: they hold
    what a person entered and nobody saved yet; ``note``: what else there is to say of a save; ``theirs``: after a
    Conflict, what the other admin saved, by control; ``matched``: categories just matched by name, ours and theirs.
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
    stale: bool = False
    theirs: Mapping[str, str] = field(default_factory=dict)
    matched: tuple[tuple[str, str], ...] | None = None

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
    """``new`` (never saved), ``draft`` (saved, does not count yet) or ``active``."""
    if draft.version == 0:
        return NEW
    return DRAFT if draft.pending else ACTIVE


def overview() -> dict[str, str]:
    """The state of each section."""
    return {name: state(item) for name, item in settings_store.drafts().items()}


def unmapped(choices: Choices) -> dict[str, int]:
    """How many categories and tax codes are mapped to nothing, as last saved; sections with none are left out.

    A category mapping that was never saved counts as what is suggested for it.
    """
    kept = settings_store.drafts("item_category", "tax_code")
    found = {}
    for name, item in kept.items():
        if isinstance(item.content, ItemCategoryMapping):
            content = (
                item.content if item.version else category_mapping.match_by_name(item.content, choices)[0]
            )
            found[name] = category_mapping.unmapped_count(content)
        elif isinstance(item.content, TaxCodeMapping):
            found[name] = tax_mapping.unmapped_count(item.content)
    return {name: count for name, count in found.items() if count}


def flawed(choices: Choices) -> dict[str, int]:
    """How many saved values of each section Autotask no longer has or uses; sections with none are left out."""
    found = {
        name: len(find_flaws(name, item.content, choices))
        for name, item in settings_store.drafts().items()
        if item.version
    }
    return {name: count for name, count in found.items() if count}


def waiting_pushes() -> int:
    """How many pushes wait, for whatever reason."""
    query = db.select(db.func.count()).select_from(OutboxEntry).where(OutboxEntry.state == WAITING)
    return int(db.session.scalar(query) or 0)


def view(section: str, choices: Choices, actor: User) -> SectionView:
    """The section as last saved; a first guess when it never was. Raises NotFound."""
    draft = settings_store.draft(section)
    content, suggested = draft.content, False
    if draft.version == 0 and section in FIELDS:
        content, suggested = section_forms.suggest(section, content, choices, actor), True
    elif draft.version == 0 and isinstance(content, ItemCategoryMapping):
        content, suggested = category_mapping.match_by_name(content, choices)[0], True
    flaws = {} if suggested else find_flaws(section, content, choices)
    return SectionView(draft, content, control_values(section, content), suggested=suggested, flaws=flaws)


def save(
    section: str, posted: Mapping[str, str], expected_version: int, choices: Choices, actor: User
) -> SectionView:
    """Save what was entered as a draft. Raises Invalid with sentences by control, or Conflict; nothing is kept then."""
    draft = settings_store.draft(section)
    content = parse(section, posted, choices, draft.content)
    # Sent twice, since the answer to the first time was lost on its way, it is no conflict.
    if draft.version == 0 or content != draft.content:
        draft = settings_store.save_draft(section, content, expected_version, actor)
    return SectionView(
        draft, content, control_values(section, content), saved=True, note=_left_out(content, posted)
    )


def _left_out(content: Section, posted: Mapping[str, str]) -> str:
    if isinstance(content, ItemCategoryMapping):
        count, one, many = category_mapping.gone(posted), "category", "categories"
    elif isinstance(content, TaxCodeMapping):
        count, one, many = tax_mapping.gone(posted), "tax code", "tax codes"
    else:
        return ""
    if not count:
        return ""
    what = f"A {one} was" if count == 1 else f"{count} {many} were"
    return f"{what} deleted meanwhile and left out; everything else was saved."


def discard(section: str, expected_version: int, choices: Choices, actor: User) -> SectionView:
    """Forget the section's draft. Raises NotFound or Conflict."""
    settings_store.discard_draft(section, expected_version, actor)
    return view(section, choices, actor)


def with_input(section: str, posted: Mapping[str, str], choices: Choices) -> SectionView:
    """The section with what was entered still in it, not saved; for lists that were read anew meanwhile."""
    draft = settings_store.draft(section)
    content: Section = draft.content
    if isinstance(draft.content, ItemCategoryMapping):
        content = category_mapping.read_loosely(posted, draft.content)
    saved = control_values(section, draft.content)
    values = {**saved, **_entered(section, posted)}
    changed = content != draft.content if isinstance(content, ItemCategoryMapping) else values != saved
    unsaved = draft.version == 0 or changed
    return SectionView(draft, content, values, unsaved=unsaved, flaws=find_flaws(section, content, choices))


def refused(section: str, posted: Mapping[str, str], error: Invalid | Conflict) -> SectionView:
    """The section with what was entered still in it, and why it was not saved.

    After a Conflict the form may be sent again: it carries the newest version then.
    """
    draft = settings_store.draft(section)
    shown: Section = draft.content
    if isinstance(draft.content, ItemCategoryMapping):
        shown = category_mapping.read_loosely(posted, draft.content)
    entered = _entered(section, posted)
    saved = control_values(section, draft.content)
    if isinstance(draft.content, ItemCategoryMapping):
        saved = category_mapping.controls(draft.content, category_mapping.posted_ids(posted))
    base = SectionView(draft, shown, {**saved, **entered}, unsaved=True, sentence=str(error))
    if isinstance(error, Invalid):
        return replace(base, errors=error.fields)
    theirs = {name: text for name, text in saved.items() if entered.get(name, text) != text}
    return replace(base, stale=True, theirs=theirs)


def save_integration(choices: Choices, actor: User, expected_version: int | None = None) -> int:
    """Make all sections count as last saved; returns the version number.

    Raises Invalid, its ``fields`` being sentences by section, when one was never saved or holds what Autotask lacks;
    Conflict when somebody else saved the integration since ``expected_version``.
    """
    problems = {}
    for name, item in settings_store.drafts().items():
        if item.version == 0 and name not in MAY_STAY_UNSAVED:
            problems[name] = f"{TITLES[name]}: look it through and save it once."
        elif item.version:
            problems |= _problems(name, item.content, choices)
    if problems:
        raise Invalid("The integration was not saved; what counted before still counts.", problems)
    return settings_store.save_integration(actor, expected_version)


def accept_suggestions(choices: Choices, actor: User) -> None:
    """Save as drafts the suggestions for sections that were never saved; one that lacks something is left out.

    Raises Conflict when somebody else saves one of them at that moment.
    """
    for name, item in settings_store.drafts().items():
        if item.version == 0 and name != "tax_code":
            content = view(name, choices, actor).content
            if not _problems(name, content, choices):
                settings_store.save_draft(name, content, 0, actor)


def reminder(choices: Choices) -> str:
    """A sentence about what is mapped to nothing; empty when everything is."""
    left = unmapped(choices)
    taxes, kinds = left.get("tax_code", 0), left.get("item_category", 0)
    found = []
    if taxes:
        which = "1 tax code" if taxes == 1 else f"{taxes} tax codes"
        found.append(f"{which} (a quote that carries such a tax cannot be pushed)")
    if kinds:
        which = "1 category (its items take" if kinds == 1 else f"{kinds} categories (their items take"
        found.append(f"{which} the defaults)")
    return f"Still unmapped: {' and '.join(found)}." if found else ""


def restore(
    number: int, choices: Choices, actor: User, seen: str | None = None
) -> tuple[int, dict[str, str]]:
    """Go back to the settings of version ``number``; ``seen``: the store's mark of what the admin was looking at.

    Returns the version that counts and, by section, what stood in the way: then they are drafts, which count once that
    is mended and the integration saved. Raises NotFound or Conflict.
    """
    old = settings_store.version(number)
    problems: dict[str, str] = {}
    for name in TITLES:
        problems |= _problems(name, getattr(old, name), choices)
    return settings_store.restore(number, actor, activate=not problems, seen=seen), problems


def _problems(section: str, content: Section, choices: Choices) -> dict[str, str]:
    found = [*section_forms.gaps(section, content), *find_flaws(section, content, choices).values()]
    more = f" {len(found) - 1} more are marked there." if len(found) > 1 else ""
    return {section: f"{TITLES[section]}: {found[0]}{more}"} if found else {}


def parse(section: str, posted: Mapping[str, str], choices: Choices, stored: Section) -> Section:
    """What was entered in any section. Raises Invalid with sentences by control."""
    if isinstance(stored, ItemCategoryMapping):
        return category_mapping.parse(posted, choices, stored)
    if isinstance(stored, TaxCodeMapping):
        return tax_mapping.parse(posted, choices, stored)
    return section_forms.parse(section, posted, choices, stored)


def find_flaws(section: str, content: Section, choices: Choices) -> dict[str, str]:
    """Stored values of any section that Autotask no longer has or uses, by control."""
    if isinstance(content, ItemCategoryMapping):
        return category_mapping.flaws(content, choices)
    if isinstance(content, TaxCodeMapping):
        return tax_mapping.flaws(content, choices)
    return section_forms.flaws(section, content, choices)


def control_values(section: str, content: Section) -> dict[str, str]:
    """The text of every control of a section."""
    if section in FIELDS:
        return section_forms.values(section, content)
    if isinstance(content, TaxCodeMapping):
        shown = {"default_region_id": str(content.default_region_id or "")}
        for code_id, rule in content.rules.items():
            shown[f"rule-{code_id}-tax_category_id"] = str(rule.tax_category_id or "")
            shown[f"rule-{code_id}-tax_region_id"] = str(rule.tax_region_id or "")
        return shown
    return {}


def first_look_at_taxes(runtime: Runtime, choices: Choices, actor: User) -> SectionView:
    """The tax mapping as last saved, codes that are not mapped yet filled by a guess."""
    shown = view("tax_code", choices, actor)
    content = shown.draft.content
    if not isinstance(content, TaxCodeMapping):
        raise TypeError("The store reads this section as a TaxCodeMapping.")
    guessed = tax_mapping.suggest(content, choices, taxes(runtime))
    values = control_values("tax_code", guessed)
    return replace(shown, content=guessed, values=values, suggested=guessed != content)


def taxes(runtime: Runtime) -> list[dict[str, object]]:
    """Autotask's taxes; none when it cannot be asked."""
    try:
        return metadata.taxes(runtime)
    except ServiceError:
        return []


def _entered(section: str, posted: Mapping[str, str]) -> dict[str, str]:
    """What was posted, with the unticked boxes, of which a browser says nothing."""
    boxes = {item.name: "" for item in section_forms.fields_of(section) if item.kind == "flag"}
    return {**boxes, **{name: text for name, text in posted.items() if name not in _NO_CONTROLS}}
