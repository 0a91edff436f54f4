"""The result of observing a quote in Autotask: our records there, questions to a person, and problems."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from webapp.models import Link
from webapp.models.local_key import LocalKey
from webapp.services.autotask.api.client import Record
from webapp.services.autotask.known.links import LinkKey
from webapp.services.autotask.wanted.desired import Problem
from webapp.services.autotask.wanted.keys import RecordKey


@dataclass(frozen=True)
class RemoteRecord:
    """The remote record of a desired record. ``pushed``: what we last wrote, or what was read when it was matched.

    ``is_kept_deleted``, ``force_fields``: as on ``Link``. ``is_just_matched``: it was matched now and never pushed.
    ``ours``: of such a record, the fields whose values other quotes of ours wrote.
    """

    remote_id: int
    pushed: dict[str, Any] = field(default_factory=dict)
    parent_id: int | None = None
    is_kept_deleted: bool = False
    force_fields: tuple[str, ...] = ()
    is_just_matched: bool = False
    ours: frozenset[str] = frozenset()

    @classmethod
    def of(cls, link: Link) -> RemoteRecord:
        """What a link says of it, independent of the database."""
        return cls(
            link.remote_id,
            dict(link.pushed),
            link.remote_parent_id,
            is_kept_deleted=link.is_kept_deleted,
            force_fields=tuple(link.force_fields),
        )


@dataclass(frozen=True)
class Candidate:
    """One of several records that match."""

    id: int
    label: str
    detail: str = ""


@dataclass(frozen=True)
class Match:
    """The one record that matches. ``parent_id``: for children, the id of their parent. ``ours``: as of a record."""

    row: Record
    parent_id: int | None = None
    ours: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Question:
    """Several records match one of ours; a person must pick."""

    key: LinkKey
    sentence: str
    candidates: tuple[Candidate, ...]


# None: Autotask has no such record, so the push creates it.
Choice = Match | Question | Problem | None


@dataclass
class Observation:
    """What Autotask has of a quote.

    ``known``: the remote records by the desired record's key. ``removed_lines``: items of ours whose line the quote no
    longer has, by local key. ``names``: the other name of new services, by key, whose own belongs to a service of
    another billing period.
    """

    known: dict[RecordKey, RemoteRecord] = field(default_factory=dict)
    removed_lines: dict[LocalKey, RemoteRecord] = field(default_factory=dict)
    names: dict[RecordKey, str] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def just_matched(self) -> set[RecordKey]:
        """Keys of the records that were matched now and deserve a link."""
        return {key for key, remote in self.known.items() if remote.is_just_matched}
