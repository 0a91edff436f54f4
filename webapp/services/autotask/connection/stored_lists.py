"""The lists of the connected Autotask as stored in the database: each is there, and new enough.

A list is fetched when it is first needed, when it is older than a day, or when someone refreshes the lists on the
settings page. While Autotask is unavailable, the stored list is used.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from webapp.models import RemoteMetadata, db, utc_now
from webapp.models.integration import AUTOTASK
from webapp.services.autotask.api.errors import AutotaskError, ConnectionRefused, NotConnected
from webapp.services.autotask.connection import connection
from webapp.services.autotask.connection.fetch_lists import REFERENCE_FIELDS, fetch
from webapp.services.core import upsert, work
from webapp.services.core.runtime import Runtime

MAX_AGE = timedelta(hours=24)
AT_ONCE = 6
# The worker refreshes all lists at this age, so that people seldom wait for a list.
REFRESHED_AFTER = timedelta(hours=20)

REFERENCES = (*REFERENCE_FIELDS, "Vendors")
PICKLISTS = (
    "Companies",
    "Contacts",
    "Opportunities",
    "OpportunityAttachments",
    "Products",
    "Quotes",
    "QuoteItems",
    "QuoteLocations",
    "Services",
    "ServiceBundles",
    "BillingCodes",
)
# Entities that people add fields of their own to, and that a push creates.
USER_DEFINED = ("Companies", "Contacts", "Opportunities", "Products")
# The prefix of a row without content: when a push last read a list before it wrote.
CONFIRMED = "confirmed:"
# Every list: its kind and what it is about.
NAMES = (
    *(f"fields:{entity}" for entity in PICKLISTS),
    *(f"udfs:{entity}" for entity in USER_DEFINED),
    *(f"reference:{name}" for name in REFERENCES),
    "reference:Taxes",
)


def due(since: datetime) -> list[str]:
    """Names (from ``NAMES``) of the lists that weren't read after ``since``."""
    query = db.select(RemoteMetadata.name).where(
        RemoteMetadata.integration == AUTOTASK, RemoteMetadata.fetched_at >= since
    )
    fresh = set(db.session.scalars(query))
    return [name for name in NAMES if name not in fresh]


def unread() -> list[str]:
    """Names of the lists that were never read."""
    return due(connection.LONG_AGO)


def refresh(runtime: Runtime, names: Sequence[str] = NAMES) -> None:
    """Fetch these lists, several at a time, and store each.

    Raises NotConnected, ConnectionRefused or AutotaskError for the first that fails; the cached lists stay.
    """
    client = connection.open_client(runtime)
    db.session.commit()  # no transaction stays open while Autotask is asked
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        futures = [(name, pool.submit(fetch, client, name)) for name in names]
    failed: AutotaskError | None = None
    read: dict[str, Any] = {}
    for name, future in futures:
        try:
            read[name] = future.result()
        except AutotaskError as error:
            failed = failed or error
    with work.writing():
        _store(read)
        db.session.commit()
    if failed is not None:
        raise failed


def confirm(runtime: Runtime, names: Sequence[str], within: timedelta, *, always: Collection[str]) -> None:
    """Read these lists again, except those that were confirmed ``within`` this time. Raises like ``refresh``.

    ``always``: the names among them that are read again however new they are.
    """
    query = db.select(RemoteMetadata.name).where(
        RemoteMetadata.integration == AUTOTASK, RemoteMetadata.fetched_at >= utc_now() - within
    )
    confirmed = set(db.session.scalars(query.where(RemoteMetadata.name.startswith(CONFIRMED))))
    wanted = [name for name in names if name in always or CONFIRMED + name not in confirmed]
    if not wanted:
        return
    refresh(runtime, wanted)
    with work.writing():
        _store({CONFIRMED + name: None for name in wanted})
        db.session.commit()


def is_outdated() -> bool:
    """True when a list was never read or will soon be too old, so that someone would have to wait for it."""
    return bool(due(utc_now() - REFRESHED_AFTER))


def fetched_at() -> datetime | None:
    """When the oldest cached list was fetched; None when nothing was cached since the last connect."""
    query = db.select(db.func.min(RemoteMetadata.fetched_at)).where(
        RemoteMetadata.integration == AUTOTASK, RemoteMetadata.name.in_(NAMES)
    )
    oldest: datetime | None = db.session.scalar(query)
    return oldest if oldest != connection.LONG_AGO else None


def preload(names: Iterable[str]) -> None:
    """Load these lists with one query: what asks for them before the next commit asks the database no more."""
    query = db.select(RemoteMetadata).where(
        RemoteMetadata.integration == AUTOTASK, RemoteMetadata.name.in_(names)
    )
    for row in db.session.scalars(query):
        _keep(row)


def row_of(name: str) -> RemoteMetadata | None:
    """The list as last read, however old; None when it never was."""
    row = db.session.get(RemoteMetadata, (AUTOTASK, name))
    if row is not None:
        _keep(row)
    return row


def _keep(row: RemoteMetadata) -> None:
    """Keep the row in the session: a push asks for the same lists a hundred times."""
    db.session.info.setdefault("lists", {})[row.name] = row


def content(runtime: Runtime, name: str) -> Any:
    """What the list holds, fetched first where it must be.

    Raises NotConnected or AutotaskError when nothing is stored and Autotask is unavailable.
    """
    row = row_of(name)
    if row is not None and (runtime.offline or row.fetched_at > utc_now() - MAX_AGE):
        return row.content
    if runtime.offline:
        raise NotConnected(
            "The lists haven't been read yet. The first sync reads them, or an admin can refresh them under "
            "Settings > Integrations."
        )
    try:
        refresh(runtime, [name])
    except (AutotaskError, NotConnected, ConnectionRefused):
        if row is None:
            raise
    return db.session.get_one(RemoteMetadata, (AUTOTASK, name)).content


def _store(contents: Mapping[str, Any]) -> None:
    """Store lists by name, in the open transaction. Another tab or the worker may store the same ones just now."""
    now = utc_now()
    # In the order of their names, so that two who store the same lists don't wait for each other.
    rows = [
        {"integration": AUTOTASK, "name": name, "content": _plain(content), "fetched_at": now}
        for name, content in sorted(contents.items())
    ]
    if not rows:
        return
    statement: Any = upsert.insert(RemoteMetadata)
    given = statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=["integration", "name"],
        set_={"content": given.content, "fetched_at": given.fetched_at},
    )
    db.session.execute(statement, rows)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    return value
