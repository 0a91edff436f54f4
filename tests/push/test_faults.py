"""The fault matrix: after any fault at any call of a push, Autotask holds what an undisturbed push writes.

Field by field, with as many records created. Every fault meets every call that writes, of a first push and of that of a
changed revision, and in turn the calls that read (``Scene.struck_by``); `make faults` lets every fault meet every call.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy

from tests.push.faults import REMOTE_FAULTS, at_call, killed_push, recover, sleeping_push
from tests.push.scenes import (
    CHANGED,
    FIRST,
    LISTS,
    Ground,
    PostgresKeeper,
    SqliteKeeper,
    opened,
)
from tests.support.waiting import wait_for
from webapp.models import db
from webapp.services.autotask.push import apply, lease
from webapp.services.delivery import attempt

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
SCENES = pytest.mark.parametrize("scene", [LISTS, FIRST, CHANGED])
# Short enough that a push sleeps longer, long enough for a busy machine to renew the lease meanwhile.
FRESH = 0.8
FAULTS = (*REMOTE_FAULTS, "killed before", "killed after", "flushed", "lost before", "lost after")
MOMENTS = pytest.mark.parametrize("moment", ["before", "after"])


@pytest.fixture(scope="module")
def ground(
    migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory, redis_server_url: str, sandbox_url: str
) -> Iterator[Ground]:
    """A ground on SQLite, for all tests of this process."""
    folder = tmp_path_factory.mktemp("ground")
    keeper = SqliteKeeper(folder / "quotewright.db")
    keeper.restore(str(migrated_sqlite))
    url = f"sqlite:///{folder / 'quotewright.db'}"
    with opened(url, keeper, folder, redis_server_url, sandbox_url) as made:
        yield made


@pytest.fixture(scope="module")
def postgres_ground(
    new_postgres: Callable[[str | None], str],
    migrated_postgres: str,
    tmp_path_factory: pytest.TempPathFactory,
    redis_server_url: str,
    sandbox_url: str,
) -> Iterator[Ground]:
    """A ground on PostgreSQL, for all tests of this process."""
    url, folder = new_postgres(migrated_postgres), tmp_path_factory.mktemp("postgres-ground")
    with opened(url, PostgresKeeper(url), folder, redis_server_url, sandbox_url) as made:
        yield made


def test_an_undisturbed_push_creates_every_kind_once(ground: Ground) -> None:
    first, changed = ground.scenes[FIRST], ground.scenes[CHANGED]
    types = {str(c["value"]): c["label"] for c in _picklist(ground, "quoteItemType")}
    kinds = [types[str(row["quoteItemType"])] for row in first.wanted["items"]]
    assert kinds == (
        ["Product"] * 3
        + ["Service", "Product"]
        + ["Service"] * 2
        + ["Service Bundle"]
        + ["Labor"] * 2
        + ["Product"] * 3
    ) + ["Shipping", "Discount"]
    periods = {str(c["value"]): c["label"] for c in _picklist(ground, "periodType")}
    billed = {periods[str(row["periodType"])] for row in first.wanted["items"]}
    assert billed == {"One-Time", "Monthly", "Quarterly", "Semi-Annual", "Yearly"}
    for kind in ("unitDiscount", "percentageDiscount", "lineDiscount"):
        assert any(float(row[kind]) for row in first.wanted["items"]), kind
    assert {row["isTaxable"] for row in first.wanted["items"]} == {True, False}
    # Two of a section, and the two parts of a bundle that isn't chosen.
    assert [row["isOptional"] for row in first.wanted["items"]].count(True) == 4
    assert first.creates == {
        "Companies": 1, "Contacts": 1, "Opportunities": 1, "QuoteLocations": 2, "Quotes": 1, "QuoteItems": 15,
        "Products": 5, "Services": 2, "OpportunityAttachments": 1,
    }  # fmt: skip
    # The added line and the new PDF; a removed line, two moved, a higher price, and the quote won.
    assert changed.creates == {"QuoteItems": 1, "Products": 1, "OpportunityAttachments": 1}
    assert changed.wanted["opportunities"][0]["status"] == ground.desk.pick(
        "Opportunities", "status", "Closed"
    )
    assert first.calls > 12 + 12, "more than one a line"
    assert changed.calls > 8
    assert ground.scenes[LISTS].calls > 15
    for scene in ground.scenes.values():
        assert len(scene.writes) >= scene.calls
        met = [scene.struck_by(number) for number in range(len(FAULTS))]
        for nth, is_write in enumerate(scene.writes[: scene.calls], start=1):
            times = sum(nth in one for one in met)
            assert times == len(FAULTS) if is_write else times >= len(FAULTS) // 3
    assert sum(ground.scenes[FIRST].writes) == sum(first.creates.values())
    assert sum(changed.writes) > sum(changed.creates.values())


def _picklist(ground: Ground, field: str) -> list[dict[str, str]]:
    fields = ground.desk.tenant.get("/v1.0/QuoteItems/entityInformation/fields")["fields"]
    return next(entry["picklistValues"] for entry in fields if entry["name"] == field)


@SCENES
@pytest.mark.parametrize("name", REMOTE_FAULTS)
def test_any_call_can_fail(ground: Ground, scene: str, name: str) -> None:
    for nth in ground.scenes[scene].struck_by(FAULTS.index(name)):
        entry_id = ground.restore(scene)
        ground.desk.tenant.add_fault(nth=nth, times=1, **REMOTE_FAULTS[name])
        attempt.perform(ground.desk.runtime, entry_id, early=True)
        faults = ground.desk.tenant._ask("GET", "/faults")
        assert [one["struck"] for one in faults] == [1], f"no call {nth} in {scene}"
        recover(ground.desk, ground.quote_id)
        ground.check(scene, f"{name} at call {nth} of the {scene}")


@SCENES
@MOMENTS
def test_the_worker_can_be_killed_at_any_call(ground: Ground, scene: str, moment: str) -> None:
    for nth in ground.scenes[scene].struck_by(FAULTS.index(f"killed {moment}")):
        entry_id = ground.restore(scene)
        assert killed_push(ground.desk, entry_id, nth, moment), f"no call {nth} in {scene}"
        recover(ground.desk, ground.quote_id)
        ground.check(scene, f"SIGKILL {moment} call {nth} of the {scene}")


@SCENES
def test_redis_can_be_flushed_at_any_call(ground: Ground, scene: str) -> None:
    for nth in ground.scenes[scene].struck_by(FAULTS.index("flushed")):
        entry_id = ground.restore(scene)
        with at_call(nth, ground.desk.runtime.redis.flushall, "before") as aim:
            attempt.perform(ground.desk.runtime, entry_id, early=True)
        assert aim.hit, f"no call {nth} in {scene}"
        recover(ground.desk, ground.quote_id)
        ground.check(scene, f"Redis flushed at call {nth} of the {scene}")


@pytest.mark.postgres
@SCENES
@MOMENTS
def test_the_database_connection_can_be_lost_at_any_call(
    postgres_ground: Ground, scene: str, moment: str
) -> None:
    ground = postgres_ground
    admin = sqlalchemy.create_engine(db.engine.url, isolation_level="AUTOCOMMIT")
    drop = sqlalchemy.text(
        # The time to wait for the end of each: until then, it would still serve whoever asks.
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )

    def lose() -> None:
        with admin.connect() as connection:
            assert all(connection.scalars(drop))

    for nth in ground.scenes[scene].struck_by(FAULTS.index(f"lost {moment}")):
        entry_id = ground.restore(scene)
        with at_call(nth, lose, moment) as aim:
            try:
                attempt.perform(ground.desk.runtime, entry_id, early=True)
            except sqlalchemy.exc.OperationalError:
                db.session.rollback()
        assert aim.hit, f"no call {nth} in {scene}"
        recover(ground.desk, ground.quote_id)
        ground.check(scene, f"database lost {moment} call {nth} of the {scene}")
    admin.dispose()


@pytest.mark.postgres
def test_a_worker_that_overslept_its_lease_writes_nothing(
    postgres_ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    ground = postgres_ground
    # A holder may write while its lease is valid, so here the lease is renewed more often than in production.
    monkeypatch.setattr(lease, "RENEW_SECONDS", 0.05)
    monkeypatch.setattr(lease, "FRESH_SECONDS", FRESH)
    # One call at a time: a request that another thread has half sent would reach Autotask after the stop.
    monkeypatch.setattr(apply, "AT_ONCE", 1)
    for nth in range(1, int(0.8 * ground.scenes[FIRST].calls), 4):
        sleeper = sleeping_push(ground.desk, ground.restore(FIRST), nth)
        awake_at = time.monotonic() + FRESH
        try:
            end_transactions()
            recover(ground.desk, ground.quote_id)
            before = ground.desk.tenant.stats()["writes"]
            wait_for(partial(passed, awake_at), "the lease to be old")
            os.kill(sleeper, signal.SIGCONT)
        except BaseException:
            # Left asleep, it would hold every pipe of this process open.
            os.kill(sleeper, signal.SIGKILL)
            raise
        finally:
            os.waitpid(sleeper, 0)
        assert ground.desk.tenant.stats()["writes"] == before
        ground.check(FIRST, f"asleep after call {nth}")


def passed(moment: float) -> bool:
    return time.monotonic() > moment


def end_transactions() -> None:
    """Do what idle_in_transaction_session_timeout does to a stopped process after a minute.

    Also to a statement that PostgreSQL is still working on: its transaction would be idle a moment later.
    """
    db.session.commit()
    db.session.execute(
        sqlalchemy.text(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND state <> 'idle'"
        )
    )
    db.session.commit()
