"""Settings > Loss Reasons: the reasons that a rep or a customer may choose when a quote is lost.

Each keeps its id when it is renamed, so that its mapping to Autotask stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from webapp.models import User
from webapp.services.company import app_settings
from webapp.services.core.fields import Reader, parse_id

MAX_NAME = 60
MAX_REASONS = 30


@dataclass(frozen=True)
class LossReason:
    """One reason. A removed one is in no list any more; quotes that were lost for it keep its name as text."""

    id: int
    name: str


def current() -> tuple[list[LossReason], int]:
    """The reasons in their order, and the version of the setting (for ``save``)."""
    value, version = app_settings.get(app_settings.LOSS_REASONS)
    return [LossReason(int(one["id"]), str(one["name"])) for one in value["reasons"]], version


def find(reason_id: object) -> LossReason | None:
    """The reason of this id, as a form may send it; None when there is none (any more)."""
    wanted = parse_id(reason_id)
    return next((one for one in current()[0] if one.id == wanted), None)


def in_words(reason: LossReason | None, text: str) -> str:
    """What is told of a lost quote: “Price: 20 % above the others”."""
    if reason is None:
        return text
    return f"{reason.name}: {text}" if text else reason.name


def save(actor: User | None, values: Mapping[str, object], expected_version: int) -> int:
    """Store the list: ``reason-<id>`` renames or, left empty, removes one; each ``new-<n>`` adds one.

    Returns the new version. Raises Invalid with sentences by control, or Conflict when stale.
    """
    reader = Reader(values)
    value, _ = app_settings.get(app_settings.LOSS_REASONS)
    kept, _ = current()
    names = {
        one.id: reader.text(f"reason-{one.id}", MAX_NAME) for one in kept if f"reason-{one.id}" in values
    }
    entered = {f"reason-{one.id}": LossReason(one.id, names.get(one.id, one.name)) for one in kept}
    following = int(value["next"])
    for control in (name for name in values if name.startswith("new-")):
        name = reader.text(control, MAX_NAME)
        if name:
            entered[control] = LossReason(following, name)
            following += 1
    entered = {control: one for control, one in entered.items() if one.name}
    _check(reader, entered)
    reader.check("The reasons were not saved.")
    document = {"reasons": [{"id": one.id, "name": one.name} for one in entered.values()], "next": following}
    return app_settings.put(app_settings.LOSS_REASONS, document, expected_version, actor)


def _check(reader: Reader, entered: Mapping[str, LossReason]) -> None:
    seen: set[str] = set()
    for place, (control, one) in enumerate(entered.items(), start=1):
        if place > MAX_REASONS:
            reader.fail(control, f"Keep to {MAX_REASONS} reasons; nobody reads a longer list.")
        if one.name.casefold() in seen:
            reader.fail(control, f"“{one.name}” is there twice.")
        seen.add(one.name.casefold())
