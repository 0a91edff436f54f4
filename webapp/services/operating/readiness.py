"""Whether this installation can do its work: the checks behind ``/readyz``, ``/metrics`` and backups.

Owns its transactions: whoever asks has nothing open, and a database that fails must not leave one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Worker
from sqlalchemy.exc import SQLAlchemyError

from migrations.newest import newest
from webapp.models import Delivery, db
from webapp.models.delivery import DeliveryState
from webapp.services.company import maintenance
from webapp.services.company.maintenance import Maintenance
from webapp.services.core import clock
from webapp.services.core.runtime import Runtime
from webapp.services.delivery import reader

# A worker says that it lives every 45 seconds while it waits (RQ's worker_ttl of 60, less 15), and every 10 in a job.
HEARTBEAT = timedelta(seconds=100)
# The sweeper queues what is due every two seconds, so nothing that can go waits as long as this.
WAITS = timedelta(minutes=5)


@dataclass(frozen=True)
class Check:
    """``sentence`` says what is wrong and what to do; empty when ``is_ok``."""

    name: str
    sentence: str = ""

    @property
    def is_ok(self) -> bool:
        """True when nothing is wrong."""
        return not self.sentence


def database_answers() -> bool:
    """True when the database answers a query."""
    try:
        db.session.execute(db.text("SELECT 1"))
    except SQLAlchemyError:
        db.session.rollback()
        return False
    return True


def of_web() -> list[Check]:
    """What a web process needs to show pages and to take answers: the database, with every migration."""
    if not database_answers():
        sentence = "The database doesn't respond. Start it, or fix DATABASE_URL."
        return [Check("database", sentence), Check("migrations", "Unknown without the database.")]
    return [Check("database"), Check("migrations", _migrations())]


@dataclass(frozen=True)
class Found:
    """Every check, in the order in which to mend: database, migrations, Redis, a living worker, age of the outbox, and
    whether maintenance mode is on, in which the outbox may wait.

    ``beats``: when each worker that RQ knows last said that it lives; ``outbox_age``: how long the oldest delivery
    waits that could have gone. None where it couldn't be asked.
    """

    checks: list[Check]
    beats: list[datetime] | None
    outbox_age: timedelta | None

    @property
    def fine(self) -> set[str]:
        """The names of the checks that found nothing wrong."""
        return {check.name for check in self.checks if check.is_ok}


def of_all(redis: Redis) -> Found:
    """Ask everything; ``redis``: a ``quick_redis``."""
    checks = of_web()
    beats = _beats(redis)
    if beats is None:
        checks.append(
            Check("redis", "Redis doesn't respond, so pushes and mail wait. Start it, or fix REDIS_URL.")
        )
        checks.append(Check("workers", "Unknown without Redis."))
    else:
        checks += [Check("redis"), Check("workers", _workers(beats))]
    if not all(check.is_ok for check in checks[:2]):
        unknown = "Unknown without the database."
        return Found([*checks, Check("outbox", unknown), Check("maintenance", unknown)], beats, None)
    age, mode = outbox_age(clock.now()), maintenance.now()
    checks.append(Check("outbox", "" if mode.is_on else _outbox(age)))
    checks.append(Check("maintenance", _maintenance(mode)))
    return Found(checks, beats, age)


def quick_redis(runtime: Runtime) -> Redis:
    """A connection for whoever must answer soon, also where Redis accepts connections and says nothing."""
    return Redis.from_url(
        runtime.config.redis_url,
        socket_connect_timeout=1,
        socket_timeout=2,
        retry=Retry(NoBackoff(), 0),
    )


def _beats(redis: Redis) -> list[datetime] | None:
    try:
        beats = [worker.last_heartbeat for worker in Worker.all(connection=redis)]
    except (RedisError, OSError):
        return None
    return [beat if beat.tzinfo else beat.replace(tzinfo=UTC) for beat in beats if beat]


def outbox_age(now: datetime) -> timedelta:
    """How long the oldest delivery waits that could have gone; of a bulk sync they wait their turn, and don't count."""
    oldest = [
        db.session.scalar(
            db.select(db.func.min(Delivery.not_before)).where(
                Delivery.reader == each.key,
                Delivery.state == DeliveryState.WAITING,
                Delivery.not_before <= now,
                Delivery.batch_id.is_(None),
                db.or_(each.ready(now), Delivery.is_asked_for),
            )
        )
        for each in reader.every()
        if not each.blocker()
    ]
    return max((now - since for since in oldest if since is not None), default=timedelta())


def _migrations() -> str:
    try:
        found = set(db.session.scalars(db.text("SELECT version_num FROM alembic_version")))
    except SQLAlchemyError:
        db.session.rollback()
        return "The tables can't be read: there are none, or this role may not. Run flask db upgrade as their owner."
    if found == newest_migrations():
        return ""
    return (
        "The tables don't match this version. Run flask db upgrade, or start the version that they belong to."
    )


@cache
def newest_migrations() -> set[str]:
    """The migrations that no other one follows."""
    return newest()


def _workers(beats: list[datetime]) -> str:
    if not beats:
        return "No worker runs, so pushes and mail wait. Start one: python worker.py."
    silent = clock.now() - max(beats)
    if silent <= HEARTBEAT:
        return ""
    return f"No worker has reported for {silent.total_seconds():.0f} seconds. Look at its log and start it again."


def _outbox(age: timedelta) -> str:
    if age <= WAITS:
        return ""
    return f"Something has waited {age.total_seconds() // 60:.0f} minutes to be sent. Look at Activity > Deliveries."


def _maintenance(mode: Maintenance) -> str:
    if not mode.is_on:
        return ""
    return (
        f"Maintenance mode is on since {mode.since}: only admins can work, and syncs and mail wait. "
        "End it with flask maintenance off."
    )
