"""What Prometheus is told: the sums of all processes, and how things stand at this moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import TypeAlias

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.registry import Collector
from redis import Redis
from redis.exceptions import RedisError

import config
from webapp.models import Delivery, db, utc_now
from webapp.models.delivery import DeliveryState
from webapp.services.autotask.push import call_quota
from webapp.services.core import metrics
from webapp.services.core.metrics import Field, Metric
from webapp.services.core.runtime import Runtime
from webapp.services.operating import readiness

Family: TypeAlias = CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily | InfoMetricFamily

READY = "quotewright_ready"
DELIVERIES_NOW = "quotewright_deliveries_now"
OUTBOX_AGE = "quotewright_outbox_age_seconds"
WORKERS = "quotewright_workers"
WORKER_SILENT = "quotewright_worker_silent_seconds"
HOUR_LEFT = "quotewright_autotask_hour_calls_left"
INFO = "quotewright_build"
NOW = {
    READY: "1 where the check behind /readyz finds nothing wrong.",
    DELIVERIES_NOW: "Deliveries that wait, run, or need a person (parked).",
    OUTBOX_AGE: "How long the oldest delivery waits that could have gone.",
    WORKERS: "Workers that reported lately.",
    WORKER_SILENT: "Since when no worker reported.",
    HOUR_LEFT: "Calls that Autotask still allows in this hour, as last asked.",
    INFO: "The version that runs.",
}
_SHOWN = (DeliveryState.WAITING, DeliveryState.RUNNING, DeliveryState.PARKED)


def names() -> set[str]:
    """Every series that ``text`` can hold, as a query writes it."""
    found = {*NOW, INFO + "_info"} - {INFO}
    for metric in metrics.COUNTED:
        found |= (
            {f"{metric.name}_{part}" for part in ("bucket", "sum", "count")}
            if metric.buckets
            else {f"{metric.name}_total"}
        )
    return found


def text(runtime: Runtime) -> bytes:
    """The page, in Prometheus' text format. What can't be asked just now is left out, and ``ready`` says so."""
    with readiness.quick_redis(runtime) as redis:
        found = readiness.of_all(redis)
        families: list[Family] = [
            _gauge(READY, {check.name: float(check.is_ok) for check in found.checks}, "check"),
            InfoMetricFamily(INFO, NOW[INFO], value={"version": config.version()}),
        ]
        if found.outbox_age is not None:
            families.append(_deliveries())
            age = found.outbox_age.total_seconds()
            families.append(GaugeMetricFamily(OUTBOX_AGE, NOW[OUTBOX_AGE], value=age))
        if found.beats is not None:
            with suppress(RedisError, OSError):
                families += [*_workers(found.beats), *_calls_left(redis), *_counted(redis)]
    registry = CollectorRegistry()
    registry.register(_Families(families))
    return generate_latest(registry)


class _Families(Collector):
    def __init__(self, families: Iterable[Family]) -> None:
        self._families = list(families)

    def collect(self) -> Iterable[Family]:
        return self._families


def _counted(redis: Redis) -> Iterator[Family]:
    sums = metrics.read(redis)
    of: dict[str, dict[Field, float]] = defaultdict(dict)
    for (name, *rest), amount in sums.items():
        of[name][tuple(rest)] = amount
    for metric in metrics.COUNTED:
        if metric.name in of:
            yield _histogram(metric, of[metric.name]) if metric.buckets else _counter(metric, of[metric.name])


def _counter(metric: Metric, sums: dict[Field, float]) -> Family:
    family = CounterMetricFamily(metric.name, metric.text, labels=metric.labels)
    for (_, *labels), amount in sums.items():
        if len(labels) == len(metric.labels):  # else: counted by another version
            family.add_metric(labels, amount)
    return family


def _histogram(metric: Metric, sums: dict[Field, float]) -> Family:
    family = HistogramMetricFamily(metric.name, metric.text, labels=metric.labels)
    bounds = [*map(str, metric.buckets), metrics.INFINITE]
    for labels in {tuple(rest) for _, *rest in sums if len(rest) == len(metric.labels)}:
        so_far, buckets = 0.0, []
        for bound in bounds:
            so_far += sums.get((bound, *labels), 0)
            buckets.append((bound, so_far))
        family.add_metric(labels, buckets, sum_value=sums.get(("sum", *labels), 0))
    return family


def _workers(beats: list[datetime]) -> Iterator[Family]:
    now = utc_now()
    alive = [beat for beat in beats if now - beat <= readiness.HEARTBEAT]
    yield GaugeMetricFamily(WORKERS, NOW[WORKERS], value=len(alive))
    if beats:
        yield GaugeMetricFamily(WORKER_SILENT, NOW[WORKER_SILENT], value=_seconds(now, max(beats)))


def _calls_left(redis: Redis) -> Iterator[Family]:
    left = call_quota.last_left(redis)
    if left is not None:
        yield GaugeMetricFamily(HOUR_LEFT, NOW[HOUR_LEFT], value=left)


def _deliveries() -> Family:
    family = GaugeMetricFamily(DELIVERIES_NOW, NOW[DELIVERIES_NOW], labels=("reader", "state"))
    query = (
        db.select(Delivery.reader, Delivery.state, db.func.count())
        .where(Delivery.state.in_(_SHOWN))
        .group_by(Delivery.reader, Delivery.state)
    )
    for reader, state, number in db.session.execute(query):
        family.add_metric((reader, state), number)
    return family


def _gauge(name: str, values: dict[str, float], label: str) -> Family:
    family = GaugeMetricFamily(name, NOW[name], labels=(label,))
    for key, value in values.items():
        family.add_metric((key,), value)
    return family


def _seconds(now: datetime, since: datetime) -> float:
    return max(0.0, (now - since).total_seconds())
