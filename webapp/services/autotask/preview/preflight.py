"""Problems that would make a push fail, shown before publishing. They never prevent publishing.

Cheap on purpose: it uses the cached lists, and makes at most one call to Autotask in ten minutes for all users and
quotes. Only “Check again” refreshes the lists, at most every 15 seconds.

Owns its transactions: no transaction is open while Autotask is asked.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

from redis.exceptions import RedisError

from webapp.models import Connection, Quote, User, db
from webapp.services.autotask.api.errors import CredentialsRejected
from webapp.services.autotask.connection import connection, stored_lists
from webapp.services.autotask.known import links
from webapp.services.autotask.preview import plan_only
from webapp.services.autotask.push import prepare, value_checks
from webapp.services.autotask.settings import store as settings_store
from webapp.services.autotask.wanted import repeats
from webapp.services.autotask.wanted.desired import Desired, Problem
from webapp.services.core.errors import ServiceError
from webapp.services.core.runtime import Runtime
from webapp.services.quoting.revisions import parts
from webapp.services.quoting.revisions.snapshot import Snapshot

GOOD_FOR_SECONDS = 600
BAD_FOR_SECONDS = 60
FRESH_FOR_SECONDS = 15
FRESH = "quotewright:preflight-fresh"
TIMEOUT_SECONDS = 5.0
CONNECTION = ("connection", "")


@dataclass(frozen=True)
class Report:
    """``waits``: why no push can start now; ``stops``: why it would fail; ``may``: why it might; ``notes``."""

    waits: list[Problem] = field(default_factory=list)
    stops: list[Problem] = field(default_factory=list)
    may: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def is_clear(self) -> bool:
        """True when there is no known problem that a person should fix."""
        return not (self.waits or self.stops or self.may)


def check(runtime: Runtime, quote: Quote, *, refresh: bool = False, viewer: User | None = None) -> Report:
    """Check what publishing the quote now would push. Never raises for anything that a push may meet.

    ``refresh``: a person asked for the current state, so Autotask's lists are refreshed first. ``viewer``: quotes that
    they can't see aren't named; None for the operator.
    """
    stored = connection.load()
    if stored is None:
        sentence = "Autotask isn't connected. Syncs wait until an admin connects it."
        return Report(waits=[Problem(sentence, CONNECTION)])
    if stored.state != connection.CONNECTED:
        sentence = (
            stored.state_sentence or "The connection to Autotask isn't working. Syncs wait until it does."
        )
        return Report(waits=[Problem(sentence, CONNECTION)])
    if not settings_store.active().version:
        return Report(waits=[plan_only.NOT_ACTIVE])
    waits = _ask_autotask(runtime, stored, refresh=refresh)
    try:
        return _of_lists(replace(runtime, offline=True), quote, waits, viewer)
    except ServiceError as error:
        db.session.rollback()
        return Report(
            waits=waits, notes=[f"This quote couldn't be checked against Autotask's lists. {error}"]
        )


def _of_lists(runtime: Runtime, quote: Quote, waits: list[Problem], viewer: User | None) -> Report:
    frozen, revision = plan_only.compiled_from(quote)
    sha256 = revision.content_sha256 if revision else plan_only.NO_HASH
    desired = prepare.of_snapshot(runtime, quote, frozen, sha256)
    linked = links.of_desired(desired)
    values = value_checks.check(runtime, desired, linked)
    by_key = {record.key: linked.get(links.key_of(record)) for record in links.records_of(desired)}
    same = repeats.find(desired, {key: link.remote_id for key, link in by_key.items() if link is not None})
    stops = [*desired.problems, *(one for one in values.stops if one not in desired.problems)]
    notes = [
        *desired.warnings,
        *plan_only.siblings_of(quote, frozen, viewer),
        *same.notes,
        *_without_category(frozen, desired),
    ]
    return Report(waits, stops, [*values.may, *same.may], notes)


def _without_category(frozen: Snapshot, desired: Desired) -> list[str]:
    """A note for each category that isn't mapped to Autotask, so that new products of its lines have none."""
    made = {
        item.record.key: item.record for item in desired.catalog_items if item.record.entity == "Products"
    }
    lines: dict[str, list[str]] = {}
    for line, item in zip(parts.flat(frozen).lines, desired.items, strict=False):
        product = item.fields.get("productID")
        wish = made.get(product.key) if product is not None else None
        if wish is None or wish.chosen_id is not None or not line.category_path:
            continue
        if "productCategory" not in wish.initial:
            lines.setdefault(line.category_path, []).append(item.title)
    return [
        f"“{path}”, the category of {titles[0]}{f' and {len(titles) - 1} more' if titles[1:] else ''}, isn't mapped to "
        "a product category in Autotask. New products won't have one."
        for path, titles in lines.items()
    ]


def _ask_autotask(runtime: Runtime, stored: Connection, *, refresh: bool) -> list[Problem]:
    """Whether Autotask accepts the credentials, tested by reading the billing codes, which other checks need anyway.

    The result is kept in Redis for everyone; without Redis there is no test.
    """
    identity = f"{stored.zone_url} {stored.user_name} {stored.updated_at}"
    key = f"quotewright:preflight:{hashlib.sha256(identity.encode()).hexdigest()[:16]}"
    db.session.commit()  # no transaction is open during calls to Redis and Autotask
    try:
        if refresh and runtime.redis.set(FRESH, 1, nx=True, ex=FRESH_FOR_SECONDS):
            runtime.redis.delete(key)
        else:
            refresh = False
        # The first request asks; until it has the answer, others do without.
        if not runtime.redis.set(key, "", nx=True, ex=BAD_FOR_SECONDS):
            known = runtime.redis.get(key)
            return [Problem(known.decode(), CONNECTION)] if isinstance(known, bytes) and known else []
        sentence = _connection_problem(runtime) or (_refresh_lists(runtime) if refresh else "")
        runtime.redis.set(key, sentence, ex=BAD_FOR_SECONDS if sentence else GOOD_FOR_SECONDS)
    except (RedisError, OSError):
        return []
    return [Problem(sentence, CONNECTION)] if sentence else []


def _connection_problem(runtime: Runtime) -> str:
    """A sentence when Autotask refuses or fails; empty otherwise."""
    try:
        stored_lists.refresh(_impatient(runtime), ["reference:BillingCodes"])
    except CredentialsRejected as error:
        db.session.rollback()
        connection.mark_rejected(str(error))
        return str(error)
    except ServiceError as error:
        db.session.rollback()
        return str(error)
    return ""


def _refresh_lists(runtime: Runtime) -> str:
    """Refresh every list; a list that can't be read, for example for lack of permission, stays as it was.

    Returns like ``_connection_problem``.
    """
    try:
        stored_lists.refresh(_impatient(runtime))
    except CredentialsRejected as error:
        db.session.rollback()
        connection.mark_rejected(str(error))
        return str(error)
    except ServiceError:
        db.session.rollback()
    return ""


def _impatient(runtime: Runtime) -> Runtime:
    """With a short timeout, since a person is waiting."""
    return replace(runtime, config=replace(runtime.config, autotask_timeout_seconds=TIMEOUT_SECONDS))
