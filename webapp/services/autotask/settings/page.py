"""The settings page of Autotask: what each section shows, saving a section as a draft, and making all of them live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from webapp.models import Delivery, User, db
from webapp.models.delivery import DeliveryState
from webapp.models.integration import AUTOTASK
from webapp.services.autotask.settings import store as settings_store
from webapp.services.autotask.settings import tax_mapping
from webapp.services.autotask.settings.choices import Choices
from webapp.services.autotask.settings.fields.sections import fields_of
from webapp.services.autotask.settings.kinds import KINDS
from webapp.services.autotask.settings.model import Section, TaxCodeMapping
from webapp.services.autotask.settings.section_view import TITLES, SectionView, state
from webapp.services.core import merge, work
from webapp.services.core.errors import Conflict, Invalid
from webapp.services.core.runtime import Runtime

_NO_CONTROLS = ("csrf_token", "seen", "use_mine", "keep_theirs", "do", "open", "page", "q", "unmapped_only")


def overview() -> dict[str, str]:
    """The state of each section."""
    return {name: state(draft) for name, draft in settings_store.drafts().items()}


def unmapped(choices: Choices) -> dict[str, int]:
    """How many categories and tax codes are mapped to nothing, as last saved; sections with none are left out.

    A category mapping that was never saved counts with its suggestions.
    """
    counts = {
        name: KINDS[name].unmapped(draft.content, choices, saved=draft.version > 0)
        for name, draft in settings_store.drafts().items()
    }
    return {name: count for name, count in counts.items() if count}


def flawed(choices: Choices) -> dict[str, int]:
    """How many saved values of each section Autotask no longer has or uses; sections with none are left out."""
    counts = {
        name: len(KINDS[name].flaws(draft.content, choices))
        for name, draft in settings_store.drafts().items()
        if draft.version
    }
    return {name: count for name, count in counts.items() if count}


def waiting_pushes() -> int:
    """How many pushes wait, for any reason."""
    query = (
        db.select(db.func.count())
        .select_from(Delivery)
        .filter_by(reader=AUTOTASK, state=DeliveryState.WAITING)
    )
    return int(db.session.scalar(query) or 0)


def view(section: str, choices: Choices, actor: User) -> SectionView:
    """The section as last saved, or with suggestions if it was never saved. Raises NotFound."""
    draft = settings_store.draft(section)
    kind = KINDS[section]
    suggested = kind.suggest(draft.content, choices, actor) if draft.version == 0 else None
    if suggested is not None:
        values = kind.controls(suggested)
        return SectionView(draft, suggested, values, suggested=True, seen=merge.seen(values))
    flaws, values = kind.flaws(draft.content, choices), kind.controls(draft.content)
    return SectionView(draft, draft.content, values, flaws=flaws, seen=merge.seen(values))


@work.command
def save(section: str, posted: Mapping[str, str], choices: Choices, actor: User) -> SectionView:
    """Save what was entered as a draft, merged with what another admin saved since the form was opened.

    Stores nothing when it raises: Invalid with sentences by control, or Conflict where both changed the same controls.
    """
    draft = settings_store.lock(section)
    kind = KINDS[section]
    if draft.version:
        posted = {**posted, **_merged(draft, posted, actor)}
    content = kind.parse(posted, choices, draft.content)
    if draft.version == 0 or content != draft.content:
        draft = settings_store.save_draft(section, content, draft.version, actor)
    values = kind.controls(content)
    return SectionView(
        draft, content, values, saved=True, note=kind.left_out(posted), seen=merge.seen(values)
    )


def _merged(draft: settings_store.Draft, posted: Mapping[str, str], actor: User) -> dict[str, str]:
    stored = KINDS[draft.section].controls(draft.content, posted)
    mine = {name: text for name, text in _entered(draft.section, posted).items() if name in stored}
    form = {**posted, "seen": posted.get("seen") or "?"}
    merged = merge.merge(form, mine, stored, what="section", who=lambda _names: _who(draft, actor))
    return {name: str(text) for name, text in merged.values.items() if name in posted or text != ""}


def _who(draft: settings_store.Draft, actor: User) -> str:
    return "You (in another tab)" if draft.saved_by_id == actor.id else draft.saved_by or merge.SOMEONE


@work.command
def discard(section: str, posted: Mapping[str, str], choices: Choices, actor: User) -> SectionView:
    """Discard the section's draft. Raises NotFound, or Conflict when another admin saved it since it was opened."""
    draft = settings_store.lock(section)
    if merge.changed(posted, KINDS[section].controls(draft.content, posted)):
        raise Conflict(settings_store.SECTION_CONFLICT.format(who=_who(draft, actor)))
    settings_store.discard_draft(section, draft.version, actor)
    return view(section, choices, actor)


def with_input(section: str, posted: Mapping[str, str], choices: Choices) -> SectionView:
    """The section with the entered values, unsaved; used when the lists were refreshed while someone was typing."""
    shown = _with_entered(section, posted)
    changed = shown.content != shown.draft.content or dict(shown.values) != _saved(section, posted, shown)
    flaws = KINDS[section].flaws(shown.content, choices)
    return replace(shown, unsaved=shown.draft.version == 0 or changed, flaws=flaws)


def refused(section: str, posted: Mapping[str, str], error: Invalid | Conflict, actor: User) -> SectionView:
    """The section with the entered values, and why it was not saved.

    After a Conflict it has what only the other admin changed, and both values of what both changed.
    """
    if isinstance(error, Invalid):
        shown = replace(_with_entered(section, posted), unsaved=True, sentence=str(error))
        return replace(shown, errors=error.fields)
    draft = settings_store.draft(section)
    saved = KINDS[section].controls(draft.content, posted)
    posted = {**posted, "seen": error.seen, **{name: saved[name] for name in error.taken}}
    shown = replace(_with_entered(section, posted), unsaved=True, sentence=str(error))
    both = {name: saved[name] for name in error.fields}
    return replace(shown, conflict=True, saved_values=both, who=_who(draft, actor))


def save_integration(choices: Choices, actor: User, expected_version: int | None = None) -> int:
    """Make all sections live as last saved; returns the version number.

    Raises Invalid, its ``fields`` being sentences by section, when a section was never saved or holds values that
    Autotask lacks; Conflict when another admin saved the integration since ``expected_version``.
    """
    problems = {}
    for name, draft in settings_store.drafts().items():
        if draft.version == 0 and not KINDS[name].optional:
            problems[name] = f"{TITLES[name]}: review and save this section first."
        elif draft.version:
            problems |= _problems(name, draft.content, choices)
    if problems:
        raise Invalid("The integration wasn't saved. The live settings haven't changed.", problems)
    return settings_store.save_integration(actor, expected_version)


def accept_suggestions(choices: Choices, actor: User) -> None:
    """Save as drafts the suggestions for sections that were never saved; sections with gaps or flaws are left out.

    Raises Conflict when another admin saves one of them at that moment.
    """
    for name, draft in settings_store.drafts().items():
        if draft.version:
            continue
        suggested = KINDS[name].suggest(draft.content, choices, actor)
        if suggested is not None and not _problems(name, suggested, choices):
            settings_store.save_draft(name, suggested, 0, actor)


def reminder(choices: Choices) -> str:
    """A sentence about unmapped tax codes and categories; empty when there are none."""
    counts = unmapped(choices)
    taxes, categories = counts.get("tax_code", 0), counts.get("item_category", 0)
    parts = []
    if taxes:
        which = "1 tax code" if taxes == 1 else f"{taxes} tax codes"
        parts.append(f"{which} (quotes taxed with {'it' if taxes == 1 else 'them'} can't sync)")
    if categories:
        which = (
            "1 category (its items use" if categories == 1 else f"{categories} categories (their items use"
        )
        parts.append(f"{which} the defaults)")
    return f"Still unmapped: {' and '.join(parts)}." if parts else ""


def restore(
    number: int, choices: Choices, actor: User, seen: str | None = None
) -> tuple[int, dict[str, str]]:
    """Restore the settings of version ``number``; ``seen``: the store's mark of what the admin was looking at.

    Returns the live version and, by section, what prevents the restored settings from going live: they are drafts
    then, until that is fixed and the integration saved. Raises NotFound or Conflict.
    """
    old = settings_store.version(number)
    problems: dict[str, str] = {}
    for name in TITLES:
        problems |= _problems(name, getattr(old, name), choices)
    return settings_store.restore(number, actor, activate=not problems, seen=seen), problems


def first_look_at_taxes(runtime: Runtime, choices: Choices, actor: User) -> SectionView:
    """The tax mapping as last saved, with suggestions for tax codes that are not mapped yet."""
    shown = view("tax_code", choices, actor)
    stored = TaxCodeMapping.model_validate(shown.draft.content)
    suggested = tax_mapping.suggest(stored, choices, tax_mapping.taxes(runtime))
    values = tax_mapping.controls(suggested)
    return replace(shown, content=suggested, values=values, suggested=suggested != stored)


def _problems(section: str, content: Section, choices: Choices) -> dict[str, str]:
    kind = KINDS[section]
    sentences = [*kind.gaps(content), *kind.flaws(content, choices).values()]
    more = f" {len(sentences) - 1} more are marked there." if len(sentences) > 1 else ""
    return {section: f"{TITLES[section]}: {sentences[0]}{more}"} if sentences else {}


def _with_entered(section: str, posted: Mapping[str, str]) -> SectionView:
    draft = settings_store.draft(section)
    kind = KINDS[section]
    content = kind.read_loosely(posted, draft.content)
    values = {**kind.controls(draft.content, posted), **_entered(section, posted)}
    return SectionView(draft, content, values, seen=posted.get("seen", ""))


def _saved(section: str, posted: Mapping[str, str], shown: SectionView) -> dict[str, str]:
    """The saved text of each control in the form."""
    return KINDS[section].controls(shown.draft.content, posted)


def _entered(section: str, posted: Mapping[str, str]) -> dict[str, str]:
    """What was posted, with the unticked boxes, which a browser leaves out."""
    boxes = {item.name: "" for item in fields_of(section) if item.kind == "flag"}
    return {**boxes, **{name: text for name, text in posted.items() if name not in _NO_CONTROLS}}
