"""Settings > Loss Reasons: the reasons that reps and customers choose from when a quote is lost.

A renamed reason keeps its id, so its mapping to Autotask stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from webapp.models import User
from webapp.services.company import app_settings
from webapp.services.core import merge, work
from webapp.services.core.fields import Reader, parse_id

MAX_NAME = 60
MAX_REASONS = 30


@dataclass(frozen=True)
class LossReason:
    """One reason. Quotes keep its name as text after the reason is deleted."""

    id: int
    name: str


def current() -> tuple[list[LossReason], int]:
    """The reasons in order, and the version of the setting."""
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


def names() -> dict[str, str]:
    """The reasons as the form shows them: their names by control."""
    return _names(app_settings.get(app_settings.LOSS_REASONS)[0])


def seen() -> str:
    """The ``seen`` of the form (``core.merge``)."""
    return merge.seen(names())


@work.command
def save(actor: User | None, values: Mapping[str, object]) -> None:
    """Store the list: ``reason-<id>`` renames a reason, or deletes it if empty; ``new-<n>`` adds a reason.

    Raises Invalid with a sentence by input name, or Conflict where another admin changed the same reason.
    """
    reader = Reader(values)
    key = app_settings.LOSS_REASONS
    mine = {control: reader.text(control, MAX_NAME) for control in values if control.startswith("reason-")}
    merged, value, version = app_settings.merged(key, actor, values, mine, _names)
    entered: dict[str, LossReason] = {}
    for control, name in _names(value).items():
        reason_id = int(control.removeprefix("reason-"))
        entered[control] = LossReason(reason_id, str(merged.get(control, name)))
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
    app_settings.put(key, {"reasons": rows, "next": next_id}, version, actor)


def _names(document: Mapping[str, Any]) -> dict[str, str]:
    return {f"reason-{row['id']}": str(row["name"]) for row in document["reasons"]}


def _check(reader: Reader, entered: Mapping[str, LossReason]) -> None:
    names: set[str] = set()
    for position, (control, reason) in enumerate(entered.items(), start=1):
        if position > MAX_REASONS:
            reader.fail(control, f"You can have up to {MAX_REASONS} reasons.")
        if reason.name.casefold() in names:
            reader.fail(control, f"“{reason.name}” is already in the list.")
        names.add(reason.name.casefold())
