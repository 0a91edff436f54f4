"""What every record of a compiled quote is made from, and the notes that compiling leaves. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

from webapp.models.quote import PENDING
from webapp.services.autotask.settings.model import AutotaskSettings
from webapp.services.autotask.wanted.desired import Problem
from webapp.services.autotask.wanted.facts import RemoteFacts
from webapp.services.autotask.wanted.texts import truncate
from webapp.services.quoting.revisions.snapshot import Snapshot


@dataclass(frozen=True)
class Outcome:
    """The quote's outcome so far. ``expired``: Pending and past its last day. ``closed_on``: the day of the decision.

    ``loss_reason_id``: the chosen loss reason; ``lost_reason``: in words. ``is_shared``: other quotes are on the same
    opportunity; ``rules``: this is the one whose outcome and amounts the opportunity has. ``hides_person``: the person
    was made anonymous, so the contact is neither written nor taken off. ``accepted``: this revision is what someone
    accepted, so its PDF is the one that says so.
    """

    status: str = PENDING
    expired: bool = False
    closed_on: date | None = None
    loss_reason_id: int | None = None
    lost_reason: str = ""
    is_shared: bool = False
    rules: bool = True
    hides_person: bool = False
    accepted: bool = False


@dataclass(frozen=True)
class Context:
    """A frozen revision, its outcome, the settings, and the facts about the connected Autotask."""

    frozen: Snapshot
    outcome: Outcome
    settings: AutotaskSettings
    facts: RemoteFacts

    def text(self, entity: str, name: str, text: str) -> str:
        """``text`` cut to the length of Autotask's field ``name``."""
        return truncate(self.facts, entity, name, text)

    def number(self, notes: Notes, entity: str, name: str, text: str, where: tuple[str, str]) -> str:
        """A phone number or an extension. It is never cut: one that is too long is a problem, fixed at ``where``."""
        length = self.facts.lengths.get((entity, name), 0)
        if length and len(text) > length:
            notes.problem(
                f"The phone number “{text}” has {len(text)} characters. Autotask allows {length} here. Shorten it.",
                *where,
            )
        return text


@dataclass
class Notes:
    """What compiling noticed: ``problems`` would make the push fail, ``warnings`` would not."""

    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def problem(self, sentence: str, area: str, name: str) -> None:
        """Note a problem once. ``area`` and ``name``: where it is fixed, for example ``settings``, ``tax_code``."""
        problem = Problem(sentence, (area, name))
        if problem not in self.problems:
            self.problems.append(problem)

    def warn(self, sentence: str) -> None:
        """Note a warning."""
        self.warnings.append(sentence)


def given(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None}


def midnight(day: date) -> str:
    """A day as Autotask stores it: midnight in UTC."""
    return datetime.combine(day, time(), UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
