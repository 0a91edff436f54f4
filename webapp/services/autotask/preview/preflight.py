"""What would make a push fail, told before publishing. It never stands in the way of publishing.

Cheap on purpose: what Autotask's lists said when they were last read, and at most one call to Autotask in ten minutes,
whoever looks at which quote. Only who asks to check again has the lists read anew, at most every 15 seconds.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

from redis.exceptions import RedisError

from webapp.models import Connection, Quote, db
from webapp.services.autotask.api.errors import CredentialsRejected
from webapp.services.autotask.connection import connection, metadata
from webapp.services.autotask.known import links
from webapp.services.autotask.preview import plan_only, value_checks
from webapp.services.autotask.push import prepare
from webapp.services.autotask.settings import store as settings_store
from webapp.services.autotask.wanted.desired import Desired, Problem
from webapp.services.core.errors import ServiceError
from webapp.services.core.runtime import Runtime
from webapp.services.quoting.revisions.snapshot import Snapshot

GOOD_FOR_SECONDS = 600
BAD_FOR_SECONDS = 60
FRESH_FOR_SECONDS = 15
FRESH = "quotewright:preflight-fresh"
TIMEOUT_SECONDS = 5.0
CONNECTION = ("connection", "")


@dataclass(frozen=True)
class Report:
    """``waits``: why a push could not begin now; ``stops``: why it would fail; ``may``: why it could; ``notes``."""

    waits: list[Problem] = field(default_factory=list)
    stops: list[Problem] = field(default_factory=list)
    may: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def is_clear(self) -> bool:
        """True when nothing is known that a person should mend."""
        return not (self.waits or self.stops or self.may)


def check(runtime: Runtime, quote: Quote, *, anew: bool = False) -> Report:
    """Look at what publishing the quote now would push. Never raises for what a push may meet.

    ``anew``: a person wants to know how it is now, so Autotask's lists are read first.
    """
    stored = connection.load()
    if stored is None:
        sentence = "Autotask is not connected. The push waits until an admin connects it."
        return Report(waits=[Problem(sentence, CONNECTION)])
    if stored.state != connection.CONNECTED:
        sentence = (
            stored.state_sentence or "The connection to Autotask does not work. The push waits until it does."
        )
        return Report(waits=[Problem(sentence, CONNECTION)])
    if not settings_store.active().version:
        return Report(waits=[plan_only.NOT_ACTIVE])
    waits = _ask_autotask(runtime, stored, anew=anew)
    try:
        return _of_lists(replace(runtime, offline=True), quote, waits)
    except ServiceError as error:
        db.session.rollback()
        return Report(
            waits=waits, notes=[f"The quote could not be checked against Autotask's lists. {error}"]
        )


def _of_lists(runtime: Runtime, quote: Quote, waits: list[Problem]) -> Report:
    frozen, revision = plan_only.compiled_from(quote)
    sha256 = revision.content_sha256 if revision else plan_only.NO_HASH
    desired = prepare.of_snapshot(runtime, quote, frozen, sha256)
    values = value_checks.check(runtime, desired, links.of_desired(desired))
    stops = [*desired.problems, *(one for one in values.stops if one not in desired.problems)]
    return Report(waits, stops, values.may, [*desired.warnings, *_without_category(frozen, desired)])


def _without_category(frozen: Snapshot, desired: Desired) -> list[str]:
    """Lines whose category Autotask does not have, so that a new product of theirs has none."""
    made = {one.record.key: one.record for one in desired.catalog_items if one.record.entity == "Products"}
    lines: dict[str, list[str]] = {}
    for line, item in zip(frozen.lines, desired.items, strict=False):
        product = item.fields.get("productID")
        wish = made.get(product.key) if product is not None else None
        if wish is None or wish.chosen_id is not None or not line.category_path:
            continue
        if "productCategory" not in wish.initial:
            lines.setdefault(line.category_path, []).append(item.title)
    return [
        f"The category “{path}” of {titles[0]}{f' and {len(titles) - 1} more' if titles[1:] else ''} has no product "
        "category in Autotask, so a new product gets none."
        for path, titles in lines.items()
    ]


def _ask_autotask(runtime: Runtime, stored: Connection, *, anew: bool) -> list[Problem]:
    """Whether Autotask takes the credentials, asked by reading the billing codes, which other checks need anyway.

    The answer is kept in Redis for everybody; without Redis nothing is asked.
    """
    identity = f"{stored.zone_url} {stored.user_name} {stored.updated_at}"
    key = f"quotewright:preflight:{hashlib.sha256(identity.encode()).hexdigest()[:16]}"
    db.session.commit()  # no transaction stays open while Redis or Autotask is asked
    try:
        if anew and runtime.redis.set(FRESH, 1, nx=True, ex=FRESH_FOR_SECONDS):
            runtime.redis.delete(key)
        else:
            anew = False
        # The first one asks; until its answer is there, the others do without.
        if not runtime.redis.set(key, "", nx=True, ex=BAD_FOR_SECONDS):
            known = runtime.redis.get(key)
            return [Problem(known.decode(), CONNECTION)] if isinstance(known, bytes) and known else []
        sentence = _asked(runtime) or (_read_lists(runtime) if anew else "")
        runtime.redis.set(key, sentence, ex=BAD_FOR_SECONDS if sentence else GOOD_FOR_SECONDS)
    except (RedisError, OSError):
        return []
    return [Problem(sentence, CONNECTION)] if sentence else []


def _asked(runtime: Runtime) -> str:
    """A sentence when Autotask does not answer as it should; empty otherwise."""
    try:
        metadata.refresh_reference(_impatient(runtime), "BillingCodes")
    except CredentialsRejected as error:
        db.session.rollback()
        connection.mark_rejected(str(error))
        return str(error)
    except ServiceError as error:
        db.session.rollback()
        return str(error)
    return ""


def _read_lists(runtime: Runtime) -> str:
    """Read every list anew; what cannot be read, for want of a right say, stays as it was. Returns like ``_asked``."""
    try:
        metadata.refresh(_impatient(runtime))
    except CredentialsRejected as error:
        db.session.rollback()
        connection.mark_rejected(str(error))
        return str(error)
    except ServiceError:
        db.session.rollback()
    return ""


def _impatient(runtime: Runtime) -> Runtime:
    """With a short time-out, since a person waits."""
    return replace(runtime, config=replace(runtime.config, autotask_timeout_seconds=TIMEOUT_SECONDS))
