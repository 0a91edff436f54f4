"""Settings > Loss Reasons: the reasons that reps and customers choose from when a quote is lost.

A renamed reason keeps its id, so its mapping to Autotask stays.
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
    """One reason. Quotes keep its name as text after the reason is deleted."""

    id: int
    name: str


def current() -> tuple[list[LossReason], int]:
    """The reasons in order, and the version of the setting (for ``save``)."""
    value, version = app_settings.get(app_settings.LOSS_REASONS)
    return [LossReason(int(row["id"]), str(row["name"])) for row in value["reasons"]], version


def find(reason_id: object) -> LossReason | None:
    """The reason with this id, as sent by a form; None when it doesn't exist (any more)."""
    wanted = parse_id(reason_id)
    return next((reason for reason in current()[0] if reason.id == wanted), None)


def as_text(reason: LossReason | None, text: str) -> str:
    """The reason and the details as one text: “Price: 20% above the others”."""
    if reason is None:
        return text
    return f"{reason.name}: {text}" if text else reason.name


def save(actor: User | None, values: Mapping[str, object], expected_version: int) -> int:
    """Store the list: ``reason-<id>`` renames a reason, or deletes it if empty; ``new-<n>`` adds a reason.

    Returns the new version. Raises Invalid with a sentence by input name, or Conflict.
    """
    reader = Reader(values)
    value, _ = app_settings.get(app_settings.LOSS_REASONS)
    entered: dict[str, LossReason] = {}
    for reason in current()[0]:
        control = f"reason-{reason.id}"
        name = reader.text(control, MAX_NAME) if control in values else reason.name
        entered[control] = LossReason(reason.id, name)
    next_id = int(value["next"])
    for control in (name for name in values if name.startswith("new-")):
        name = reader.text(control, MAX_NAME)
        if name:
            entered[control] = LossReason(next_id, name)
            next_id += 1
    entered = {control: reason for control, reason in entered.items() if reason.name}
    _check(reader, entered)
    reader.check("The loss reasons weren't saved. Fix the highlighted fields.")
    rows = [{"id": reason.id, "name": reason.name} for reason in entered.values()]
    return app_settings.put(
        app_settings.LOSS_REASONS, {"reasons": rows, "next": next_id}, expected_version, actor
    )


def _check(reader: Reader, entered: Mapping[str, LossReason]) -> None:
    names: set[str] = set()
    for position, (control, reason) in enumerate(entered.items(), start=1):
        if position > MAX_REASONS:
            reader.fail(control, f"You can have up to {MAX_REASONS} reasons.")
        if reason.name.casefold() in names:
            reader.fail(control, f"“{reason.name}” is already in the list.")
        names.add(reason.name.casefold())
