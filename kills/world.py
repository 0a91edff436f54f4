"""Some quotes on one database: people and kills in turn, until each quote was compared after every round.

The time that a dead worker's lease, claim and last call would take is not waited for: it is moved on, once the process
is dead and Autotask has nothing of it at work.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from kills.workers import Workers
from tests.push import undisturbed
from tests.push.histories import History
from tests.support.connected_desk import Desk
from webapp.models import Delivery, Link, PushLease, PushRun, PushStep, db, utc_now
from webapp.models.delivery import UNDER_WAY, DeliveryState
from webapp.models.push import StepState
from webapp.services.core import clock
from webapp.services.delivery import room

ROUNDS = 3
TICK = 0.05
# A request of a killed process may still be on its way for a moment.
GRACE = 1.0
PATIENCE = 240.0


@dataclass
class World:
    """``differences``: what was wrong, with the story of its quote."""

    desk: Desk
    workers: Workers
    chance: random.Random
    seed: int
    differences: list[str] = field(default_factory=list)
    revisions: int = 0
    emptied: int = 0

    def play(self, first: int, quotes: int) -> None:
        """Some new quotes, changed, published and pushed in rounds while workers are killed."""
        flock = [History(self.desk, self.seed, first + number) for number in range(quotes)]
        for round_number in range(1, ROUNDS + 1):
            self.desk.tenant.forget_calls()
            for history in flock:
                self._people(history)
            room.nudge(self.desk.runtime)
            second_wave = time.monotonic() + self.chance.uniform(0.2, 2.0)
            shots = self.workers.total + 3 * quotes
            for _ in self._until_all_is_done(f"round {round_number}"):
                if self.workers.total < shots:
                    self.workers.aim()
                    self.workers.shoot()
                    if self.chance.random() < 0.005:
                        self.desk.runtime.redis.flushall()
                        self.emptied += 1
                else:
                    self.workers.disarm()
                if second_wave and time.monotonic() > second_wave:
                    second_wave = 0.0
                    for history in self.chance.sample(flock, quotes // 2):
                        self._people(history)
                    room.nudge(self.desk.runtime)
            self.workers.disarm()
            self._compare(flock)

    def differ(self, difference: str) -> None:
        """Note a difference, and say it at once."""
        self.differences.append(difference)
        print(difference, flush=True)

    def _people(self, history: History) -> None:
        self.revisions += history.edit()
        history.end()
        db.session.rollback()

    def _until_all_is_done(self, what: str) -> Iterator[None]:
        """Look again and again until no delivery is under way; notes a difference when that takes too long."""
        end = time.monotonic() + PATIENCE
        under_way = db.select(Delivery.quote_id, Delivery.state).where(Delivery.state.in_(UNDER_WAY))
        while True:
            self.workers.start()
            rest = db.session.execute(under_way).all()
            db.session.rollback()
            if not rest:
                return
            if time.monotonic() > end:
                self.differ(f"{what} did not come to an end: {rest}")
                return
            yield
            self._bury()
            time.sleep(TICK)

    def _bury(self) -> None:
        """Let the time of dead workers pass."""
        now = clock.now()
        leases = db.select(PushLease.quote_id, PushLease.token, PushLease.holder).where(
            PushLease.expires_at > now
        )
        held = [row for row in db.session.execute(leases) if row.holder]
        running = db.select(Delivery.id, Delivery.fence).where(
            Delivery.state == DeliveryState.RUNNING, Delivery.lease_until > now
        )
        claimed = db.session.execute(running).all()
        db.session.rollback()
        dead = [row for row in held if self.workers.dead_for(int(row.holder.rpartition(":")[2])) > GRACE]
        past = utc_now() - timedelta(minutes=1)
        if dead and not self.desk.tenant.stats()["atWork"]:
            for row in dead:
                runs = db.select(PushRun.id).where(PushRun.quote_id == row.quote_id)
                self._set(
                    PushStep, PushStep.run_id.in_(runs), PushStep.state == StepState.INTENT, doubt_until=past
                )
                self._set(
                    PushLease,
                    PushLease.quote_id == row.quote_id,
                    PushLease.token == row.token,
                    expires_at=past,
                )
            db.session.commit()
        if claimed and not self.workers.horses():
            for row in claimed:
                self._set(Delivery, Delivery.id == row.id, Delivery.fence == row.fence, lease_until=past)
            db.session.commit()

    def _set(self, model: Any, *where: Any, **values: Any) -> None:
        statement = db.update(model).where(*where).values(**values)
        db.session.execute(statement.execution_options(synchronize_session=False))

    def _compare(self, flock: list[History]) -> None:
        """Push an undisturbed twin of each quote, and compare."""
        calls = self.desk.tenant.calls()
        db.session.expire_all()
        twins = [undisturbed.twin_of(self.desk, one.case, uuid.uuid4().hex[:10]) for one in flock]
        room.nudge(self.desk.runtime)
        for _ in self._until_all_is_done("pushing the twins"):
            pass
        db.session.expire_all()
        for history, twin in zip(flock, twins, strict=True):
            case = history.case
            try:
                undisturbed.assert_synced(case)
                undisturbed.assert_synced(twin)
                wrong = undisturbed.differences(self.desk, case, twin)
                path = f"/Quotes/{self._remote_id(case)}/"
                mine = [call for call in calls if path in call["path"] or case.mark in call["request"]]
                wrong += undisturbed.disorder(self.desk, case, mine)
            except AssertionError as error:
                wrong = [str(error)]
            if wrong:
                self.differ("\n    ".join([f"quote {history.number}", *wrong, *history.told]))
        db.session.rollback()

    @staticmethod
    def _remote_id(case: undisturbed.Case) -> int | None:
        query = db.select(Link.remote_id).filter_by(
            local_type="quote", local_id=str(case.quote_id), remote_entity="Quotes"
        )
        return db.session.scalar(query)
