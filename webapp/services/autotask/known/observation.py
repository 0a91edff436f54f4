"""The result of observing a quote in Autotask: our records there, questions to a person, and problems."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from webapp.services.autotask.api.client import Record
from webapp.services.autotask.known.links import Local
from webapp.services.autotask.wanted.desired import Problem

# Flags in a link's ``pushed``: a line that was deleted in Autotask and stays deleted; the fields that a person wants
# written again although they belong to Autotask's users; a record that was matched just now and never pushed.
KEEP_DELETED, FORCE_FIELDS, JUST_MATCHED = "_left_away", "_again", "_read"


@dataclass(frozen=True)
class RemoteRecord:
    """The remote record of a desired record. ``pushed``: what we last wrote, or what was read when it was matched."""

    remote_id: int
    pushed: dict[str, Any] = field(default_factory=dict)
    parent_id: int | None = None


@dataclass(frozen=True)
class Candidate:
    """One of several records that match."""

    id: int
    label: str
    detail: str = ""


@dataclass(frozen=True)
class Match:
    """The one record that matches. ``parent_id``: for children, the id of their parent."""

    row: Record
    parent_id: int | None = None


@dataclass(frozen=True)
class Question:
    """Several records match one of ours; a person must pick."""

    local: Local
    sentence: str
    candidates: tuple[Candidate, ...]


# None: Autotask has no such record, so the push creates it.
Choice = Match | Question | Problem | None


@dataclass
class Observation:
    """What Autotask has of a quote.

    ``known``: the remote records by the desired record's key. ``removed_lines``: items of ours whose line the quote no
    longer has, by local key. ``just_matched``: keys of records that were matched now and deserve a link. ``names``: the
    other name of new services, by key, whose own belongs to a service of another billing period.
    """

    known: dict[str, RemoteRecord] = field(default_factory=dict)
    removed_lines: dict[tuple[str, str], RemoteRecord] = field(default_factory=dict)
    just_matched: set[str] = field(default_factory=set)
    names: dict[str, str] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
