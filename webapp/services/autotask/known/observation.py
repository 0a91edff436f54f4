"""What was seen of a quote in Autotask: records that are ours, questions to a person, and problems."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from webapp.services.autotask.known.links import Local
from webapp.services.autotask.wanted.desired import Problem

# In a link's ``pushed``: a line that was deleted in Autotask and is not to come back; and the fields that a person
# wants written once more although they belong to Autotask's users.
LEFT_AWAY, AGAIN = "_left_away", "_again"


@dataclass(frozen=True)
class RemoteRecord:
    """A remote record that belongs to a wish. ``pushed``: what we last wrote, or what was read when it was found."""

    remote_id: int
    pushed: dict[str, Any] = field(default_factory=dict)
    parent_id: int | None = None


@dataclass(frozen=True)
class Candidate:
    """One of several records that fit."""

    id: int
    label: str
    detail: str = ""


@dataclass(frozen=True)
class Question:
    """Several records fit one of ours; a person must pick. ``may_create``: “none of these” is an answer."""

    local: Local
    sentence: str
    candidates: tuple[Candidate, ...]


@dataclass
class Observation:
    """``found``: wishes' keys of records matched just now, which deserve a link."""

    known: dict[str, RemoteRecord] = field(default_factory=dict)
    stale: dict[tuple[str, str], RemoteRecord] = field(default_factory=dict)
    found: set[str] = field(default_factory=set)
    questions: list[Question] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
