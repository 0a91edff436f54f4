"""Examples of title patterns, shown while the admin types them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from webapp.models import Revision, db
from webapp.services.autotask.connection import metadata
from webapp.services.autotask.settings import patterns
from webapp.services.core.errors import ServiceError
from webapp.services.core.runtime import Runtime
from webapp.services.quoting.revisions import snapshot
from webapp.services.quoting.revisions.snapshot import FrozenOrganization, FrozenPerson, Snapshot

# Controls with a pattern, and the Autotask field that takes the result.
FIELDS = {"title_pattern": ("Opportunities", "title"), "quote_name_pattern": ("Quotes", "name")}


@dataclass(frozen=True)
class Example:
    """``text``: the result for quote ``number`` (0: a sample quote). ``sentence``: an error, or that it is cut off."""

    text: str = ""
    number: int = 0
    sentence: str = ""


def of_pattern(runtime: Runtime, control: str, pattern: str) -> Example:
    """``pattern`` filled for the newest published quote. ``control``: one of ``FIELDS``, or of a user-defined field."""
    flaw = patterns.flaw(pattern)
    if flaw or not pattern.strip():
        return Example(sentence=flaw)
    frozen = _newest() or _SAMPLE
    text = patterns.fill(pattern, frozen) if control in FIELDS else patterns.filled(pattern, frozen)
    length = _length(runtime, control) if control in FIELDS else 0
    number = frozen.number if frozen is not _SAMPLE else 0
    if length and len(text) > length:
        return Example(
            text[: length - 1] + "…", number, f"Autotask allows {length} characters. The rest is cut off."
        )
    return Example(text, number)


def _newest() -> Snapshot | None:
    query = db.select(Revision).order_by(Revision.id.desc()).limit(1)
    revision = db.session.scalar(query)
    return snapshot.parse(revision.content) if revision else None


def _length(runtime: Runtime, control: str) -> int:
    try:
        return metadata.field_length(runtime, *FIELDS[control])
    except ServiceError:
        return 0


_SAMPLE = Snapshot(
    quote_id=0,
    number=1001,
    revision=1,
    title="Network refresh",
    currency="USD",
    published_at=datetime(2026, 1, 5, tzinfo=UTC),
    owner_name="",
    owner_email="",
    organization=FrozenOrganization(id=0, name="Example Ltd"),
    person=FrozenPerson(id=0, first_name="Casey", last_name="Customer"),
    lines=(),
)
