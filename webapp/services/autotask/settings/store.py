"""Drafts of the settings' sections, “Save Integration”, the history of what counted, and going back to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from webapp.models import SettingsDraft, SettingsVersion, User, db
from webapp.models.integration import AUTOTASK
from webapp.services.autotask.settings.changes import changes
from webapp.services.autotask.settings.model import SECTIONS, AutotaskSettings, Section
from webapp.services.core import audit
from webapp.services.core.errors import Conflict, NotFound
from webapp.services.core.fields import MAX_ID

STALE = (
    "{who} saved this section since you opened it. Nothing of that was overwritten, and what you entered is still "
    "here: compare the two below, then save yours over it or take what is saved."
)
RACED = (
    "{who} pressed “Save Integration” since you opened this page, so nothing was saved yet. What counts now is shown; "
    "look at it, then press “Save Integration” again if you still want to."
)
OUTDATED = (
    "Something was saved since you opened the history, so nothing was restored. What is saved now is shown; look at "
    "it, then press “Restore” again if you still want to."
)
SOMEBODY = "Somebody else"


@dataclass(frozen=True)
class Draft:
    """One section as last saved. ``version`` 0: never saved. ``pending``: saved, but it does not count yet."""

    section: str
    content: Section
    version: int
    pending: bool
    saved_at: datetime | None = None
    saved_by: str = ""


def active() -> AutotaskSettings:
    """What counts now: as of the newest “Save Integration”; defaults with ``version`` 0 before the first."""
    row = _newest()
    return AutotaskSettings.model_validate(row.content) if row else AutotaskSettings()


def draft(section: str) -> Draft:
    """The section as it was last saved. Raises NotFound for an unknown name."""
    return drafts(section)[section]


def drafts(*sections: str) -> dict[str, Draft]:
    """All sections (or those named) as they were last saved. Raises NotFound for an unknown name."""
    for section in sections:
        if section not in SECTIONS:
            raise NotFound("There is no such section of the settings.")
    counting = active()
    rows = {
        row.section: row
        for row in db.session.scalars(db.select(SettingsDraft).filter_by(integration=AUTOTASK))
    }
    return {name: _draft(name, rows.get(name), counting) for name in sections or SECTIONS}


def save_draft(section: str, content: Section, expected_version: int, actor: User | None) -> Draft:
    """Keep a section for the next “Save Integration”, in a transaction.

    Raises Conflict when somebody saved it since ``expected_version`` was read; nothing is overwritten then.
    """
    row = _lock(section, expected_version, actor)
    _write(row, section, content, actor)
    _commit(STALE)
    return draft(section)


def discard_draft(section: str, expected_version: int, actor: User | None) -> Draft:
    """Forget what was saved and does not count: the section is again as it counts, or was never saved.

    Raises like ``save_draft``.
    """
    row = _lock(section, expected_version, actor)
    counting = active()
    if row is not None and counting.version:
        _write(row, section, getattr(counting, section), actor)
    elif row is not None:
        db.session.delete(row)
    _commit(STALE)
    return draft(section)


def as_saved() -> AutotaskSettings:
    """What would count after “Save Integration”, with the version that it would get."""
    return _after(active(), drafts())


def _after(before: AutotaskSettings, kept: dict[str, Draft]) -> AutotaskSettings:
    content: dict[str, object] = {name: item.content for name, item in kept.items()}
    return AutotaskSettings.model_validate({"version": before.version + 1, **content})


def save_integration(actor: User | None, expected_version: int | None = None) -> int:
    """Make every section count as it was last saved, all together; returns the new version number.

    When nothing differs from what counts already, nothing happens. Raises Conflict when somebody did the same
    since ``expected_version`` was read.
    """
    before, kept = active(), drafts()
    # Numbered after the very version that was compared: whoever was faster has that number already.
    after = _after(before, kept)
    if expected_version is not None and before.version != expected_version:
        newest = _newest()
        raise Conflict(RACED.format(who=_who(newest.saved_by if newest else None, actor)))
    if before.version and not changes(before, after):
        return before.version
    for name, item in kept.items():
        if item.version == 0:
            _write(None, name, item.content, actor)
    return _activate(before, after, actor)


def mark() -> str:
    """A mark of what is saved now, drafts and versions alike; another one after any save."""
    kept = sorted((item.section, item.version) for item in drafts().values())
    return "-".join([str(active().version), *(str(number) for _, number in kept)])


def restore(number: int, actor: User | None, *, activate: bool = True, seen: str | None = None) -> int:
    """Make the settings of version ``number`` count again, as a new version; returns its number.

    Without ``activate`` they are saved as drafts only, and what counts is what counted before. ``seen``: the mark of
    what the admin was looking at. Raises NotFound when there is no such version, Conflict when somebody saved since.
    """
    before = active()
    old = version(number)
    if seen is not None and seen != mark():
        raise Conflict(OUTDATED)
    after = old.model_copy(update={"version": before.version + 1})
    for name in SECTIONS:
        row = db.session.get(SettingsDraft, (AUTOTASK, name), with_for_update=True)
        _write(row, name, getattr(after, name), actor)
    if not activate:
        audit.record(actor, "autotask.settings_drafted", "autotask_settings", before.version, restored=number)
        _commit(STALE)
        return before.version
    return _activate(before, after, actor, restored=number)


def version(number: int) -> AutotaskSettings:
    """The settings of one version. Raises NotFound."""
    query = db.select(SettingsVersion).filter_by(integration=AUTOTASK, number=number)
    row = db.session.scalar(query) if 0 < number <= MAX_ID else None
    if row is None:
        raise NotFound("There is no such version of the settings.")
    return AutotaskSettings.model_validate(row.content)


def history(limit: int, *, before: int = MAX_ID) -> list[SettingsVersion]:
    """The versions of lower numbers than ``before``, newest first."""
    query = db.select(SettingsVersion).filter_by(integration=AUTOTASK).where(SettingsVersion.number < before)
    return list(db.session.scalars(query.order_by(SettingsVersion.number.desc()).limit(limit)))


def _activate(
    before: AutotaskSettings, after: AutotaskSettings, actor: User | None, restored: int | None = None
) -> int:
    row = SettingsVersion(integration=AUTOTASK, number=after.version, content=after.model_dump(mode="json"))
    row.saved_by_id = actor.id if actor else None
    db.session.add(row)
    listed = [change.document() for change in changes(before, after)]
    action = "autotask.settings_saved" if restored is None else "autotask.settings_restored"
    audit.record(actor, action, "autotask_settings", after.version, changes=listed, restored=restored)
    _commit(RACED)
    return after.version


def _lock(section: str, expected_version: int, actor: User | None) -> SettingsDraft | None:
    """The section's row, locked. Raises Conflict when it is not of ``expected_version``."""
    row = db.session.get(SettingsDraft, (AUTOTASK, section), with_for_update=True, populate_existing=True)
    if (row.version if row else 0) != expected_version:
        raise Conflict(STALE.format(who=_who(row.saved_by if row else None, actor)))
    return row


def _who(other: User | None, actor: User | None) -> str:
    if other is None:
        return SOMEBODY
    return "You, in another tab or window," if actor is not None and other.id == actor.id else other.name


def _write(row: SettingsDraft | None, section: str, content: Section, actor: User | None) -> None:
    row = row or SettingsDraft(integration=AUTOTASK, section=section, version=0)
    row.content = content.model_dump(mode="json")
    row.version += 1
    row.saved_by_id = actor.id if actor else None
    db.session.add(row)


def _commit(sentence: str) -> None:
    try:
        db.session.commit()
    except IntegrityError as error:
        db.session.rollback()
        raise Conflict(sentence.format(who=SOMEBODY)) from error


def _draft(name: str, row: SettingsDraft | None, counting: AutotaskSettings) -> Draft:
    counts: Section = getattr(counting, name)
    if row is None:
        return Draft(name, counts, 0, pending=False)
    content = SECTIONS[name].model_validate(row.content)
    pending = counting.version == 0 or content != counts
    return Draft(
        name, content, row.version, pending, row.updated_at, row.saved_by.name if row.saved_by else ""
    )


def _newest() -> SettingsVersion | None:
    query = db.select(SettingsVersion).filter_by(integration=AUTOTASK)
    found: SettingsVersion | None = db.session.scalar(query.order_by(SettingsVersion.number.desc()).limit(1))
    return found
