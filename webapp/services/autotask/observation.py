"""What was seen of a quote in Autotask: records that are ours, questions to a person, and problems."""

from __future__ import annotations

from dataclasses import dataclass, field

from webapp.services.autotask.desired import Problem
from webapp.services.autotask.links import Local
from webapp.services.autotask.plan import Known


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

    known: dict[str, Known] = field(default_factory=dict)
    stale: dict[tuple[str, str], Known] = field(default_factory=dict)
    found: set[str] = field(default_factory=set)
    questions: list[Question] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
