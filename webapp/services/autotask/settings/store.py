"""Drafts of the settings sections, “Save Integration”, and earlier versions and restoring them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from webapp.models import SettingsDraft, SettingsVersion, User, db
from webapp.models.integration import AUTOTASK
from webapp.services.accounts import permissions
from webapp.services.accounts.permissions import Permission
from webapp.services.autotask.settings.changes import changes
from webapp.services.autotask.settings.model import SECTIONS, AutotaskSettings, Section
from webapp.services.core import work
from webapp.services.core.errors import Conflict, NotFound
from webapp.services.core.fields import MAX_ID
from webapp.services.diary import diary

SECTION_CONFLICT = (
    "{who} saved this section while you were editing, so nothing was changed. Review what they saved, then try "
    "again."
)
INTEGRATION_CONFLICT = (
    "{who} pressed “Save Integration” after you opened this page, so nothing was saved. The page now shows the live "
    "settings. Review them, then press “Save Integration” again."
)
RESTORE_CONFLICT = (
    "The settings were saved after you opened the history, so nothing was restored. The history now shows the latest "
    "version. Review it, then press “Restore” again."
)
SOMEONE = "Someone else"


@dataclass(frozen=True)
class Draft:
    """One section as last saved. ``version`` 0: never saved. ``pending``: saved, but not live yet."""

    section: str
    content: Section
    version: int
    pending: bool
    saved_at: datetime | None = None
    saved_by: str = ""
    saved_by_id: int | None = None


def active() -> AutotaskSettings:
    """The live settings, as of the last “Save Integration”; defaults with ``version`` 0 before the first."""
    row = _newest()
    return AutotaskSettings.model_validate(row.content) if row else AutotaskSettings()


def draft(section: str) -> Draft:
    """The section as it was last saved. Raises NotFound for an unknown name."""
    return drafts(section)[section]


def lock(section: str) -> Draft:
    """Like ``draft``, as stored now, and locked until the transaction ends."""
    db.session.get(SettingsDraft, (AUTOTASK, section), with_for_update=True, populate_existing=True)
    return draft(section)


def drafts(*sections: str) -> dict[str, Draft]:
    """All sections (or the named sections) as they were last saved. Raises NotFound for an unknown name."""
    for section in sections:
        if section not in SECTIONS:
            raise NotFound("There's no such settings section.")
    live = active()
    rows = {
        row.section: row
        for row in db.session.scalars(db.select(SettingsDraft).filter_by(integration=AUTOTASK))
    }
    return {name: _draft(name, rows.get(name), live) for name in sections or SECTIONS}


@work.command
def save_draft(section: str, content: Section, expected_version: int, actor: User | None) -> Draft:
    """Keep a section for the next “Save Integration”, in a transaction.

    Raises Conflict when another admin saved it after ``expected_version`` was read; nothing is overwritten then.
    """
    permissions.require_now(actor, Permission.INTEGRATE)
    row = _lock(section, expected_version, actor)
    _write(row, section, content, actor)
    _flush(SECTION_CONFLICT)
    return draft(section)


@work.command
def discard_draft(section: str, expected_version: int, actor: User | None) -> Draft:
    """Discard a draft: the section goes back to its live values, or to never saved. Raises like ``save_draft``."""
    permissions.require_now(actor, Permission.INTEGRATE)
    row = _lock(section, expected_version, actor)
    live = active()
    if row is not None and live.version:
        _write(row, section, getattr(live, section), actor)
    elif row is not None:
        db.session.delete(row)
    _flush(SECTION_CONFLICT)
    return draft(section)


def as_saved() -> AutotaskSettings:
    """The settings that “Save Integration” would make live, with the version number they would get."""
    return _after(active(), drafts())


def _after(before: AutotaskSettings, saved: dict[str, Draft]) -> AutotaskSettings:
    content: dict[str, object] = {name: item.content for name, item in saved.items()}
    return AutotaskSettings.model_validate({"version": before.version + 1, **content})


@work.command
def save_integration(actor: User | None, expected_version: int | None = None) -> int:
    """Make every section live as it was last saved, all together; returns the new version number.

    Does nothing if the drafts equal the live settings. Raises Conflict when another admin saved the integration
    after ``expected_version`` was read.
    """
    permissions.require_now(actor, Permission.INTEGRATE)
    before, saved = active(), drafts()
    # The number follows the version that was compared, so that two admins at once collide on it.
    after = _after(before, saved)
    if expected_version is not None and before.version != expected_version:
        newest = _newest()
        raise Conflict(INTEGRATION_CONFLICT.format(who=_who(newest.saved_by if newest else None, actor)))
    if before.version and not changes(before, after):
        return before.version
    for name, item in saved.items():
        if item.version == 0:
            _write(None, name, item.content, actor)
    return _activate(before, after, actor)


def mark() -> str:
    """A mark of everything saved now, drafts and versions; any save changes it."""
    saved = sorted((item.section, item.version) for item in drafts().values())
    return "-".join([str(active().version), *(str(number) for _, number in saved)])


@work.command
def restore(number: int, actor: User | None, *, activate: bool = True, seen: str | None = None) -> int:
    """Make the settings of version ``number`` live again, as a new version; returns its number.

    Without ``activate`` they are only saved as drafts, and the live settings stay. ``seen``: the mark of what the
    admin was looking at. Raises NotFound when there is no such version, Conflict when another admin saved since.
    """
    permissions.require_now(actor, Permission.INTEGRATE)
    before = active()
    old = version(number)
    if seen is not None and seen != mark():
        raise Conflict(RESTORE_CONFLICT)
    after = old.model_copy(update={"version": before.version + 1})
    for name in SECTIONS:
        row = db.session.get(SettingsDraft, (AUTOTASK, name), with_for_update=True)
        _write(row, name, getattr(after, name), actor)
    if not activate:
        diary.write(actor, "autotask.settings_drafted", "autotask_settings", before.version, restored=number)
        _flush(SECTION_CONFLICT)
        return before.version
    return _activate(before, after, actor, restored=number)


def version(number: int) -> AutotaskSettings:
    """The settings of one version. Raises NotFound."""
    query = db.select(SettingsVersion).filter_by(integration=AUTOTASK, number=number)
    row = db.session.scalar(query) if 0 < number <= MAX_ID else None
    if row is None:
        raise NotFound("There's no such version of the settings.")
    return AutotaskSettings.model_validate(row.content)


def history(limit: int, *, before: int = MAX_ID) -> list[SettingsVersion]:
    """The versions with lower numbers than ``before``, newest first."""
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
    diary.write(actor, action, "autotask_settings", after.version, changes=listed, restored=restored)
    _flush(INTEGRATION_CONFLICT)
    return after.version


def _lock(section: str, expected_version: int, actor: User | None) -> SettingsDraft | None:
    """The section's row, locked. Raises Conflict unless it has ``expected_version``."""
    row = db.session.get(SettingsDraft, (AUTOTASK, section), with_for_update=True, populate_existing=True)
    if (row.version if row else 0) != expected_version:
        raise Conflict(SECTION_CONFLICT.format(who=_who(row.saved_by if row else None, actor)))
    return row


def _who(other: User | None, actor: User | None) -> str:
    if other is None:
        return SOMEONE
    return "You (in another tab)" if actor is not None and other.id == actor.id else other.name


def _write(row: SettingsDraft | None, section: str, content: Section, actor: User | None) -> None:
    row = row or SettingsDraft(integration=AUTOTASK, section=section, version=0)
    row.content = content.model_dump(mode="json")
    row.version += 1
    row.saved_by_id = actor.id if actor else None
    db.session.add(row)


def _flush(sentence: str) -> None:
    try:
        db.session.flush()
    except IntegrityError as error:
        raise Conflict(sentence.format(who=SOMEONE)) from error


def _draft(name: str, row: SettingsDraft | None, live: AutotaskSettings) -> Draft:
    live_section: Section = getattr(live, name)
    if row is None:
        return Draft(name, live_section, 0, pending=False)
    content = SECTIONS[name].model_validate(row.content)
    pending = live.version == 0 or content != live_section
    by = row.saved_by.name if row.saved_by else ""
    return Draft(name, content, row.version, pending, row.updated_at, by, row.saved_by_id)


def _newest() -> SettingsVersion | None:
    query = db.select(SettingsVersion).filter_by(integration=AUTOTASK)
    newest: SettingsVersion | None = db.session.scalar(query.order_by(SettingsVersion.number.desc()).limit(1))
    return newest
