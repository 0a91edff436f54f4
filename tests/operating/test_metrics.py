"""What Prometheus reads: counted by every process, kept without Redis, and what the dashboard asks for."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis

import config
from tests.support.settings import environment
from webapp import create_app
from webapp.models import db
from webapp.services.core import metrics
from webapp.services.operating import metrics as page

TOKEN = "a token that a monitor has"
MONITORING = Path(__file__).parents[2] / "docs/monitoring"


@pytest.fixture(autouse=True)
def nothing_counted() -> Iterator[None]:
    """No counts of tests before, and no wait for a Redis that they did without."""
    metrics._pending.forget()
    yield
    metrics._pending.forget()


@pytest.fixture
def app_settings(app_settings: dict[str, str]) -> dict[str, str]:
    return {**app_settings, "METRICS_TOKEN": TOKEN}


def series(app: Flask) -> dict[str, float]:
    """Every sample by its name and labels."""
    answer = app.test_client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200, answer.text
    return {
        sample.name + "".join(f" {key}={value}" for key, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_requests_are_counted_by_route_and_status(app: Flask, redis_url: str) -> None:
    client = app.test_client()
    for address in ("/login", "/login", "/no-such-page"):
        client.get(address)
    metrics.flush(app.extensions["quotewright"].redis)
    found = series(app)
    assert found["quotewright_requests_total method=GET route=auth.login status=303"] == 2
    assert found["quotewright_requests_total method=any route=none status=404"] == 1
    assert found["quotewright_request_seconds_count route=auth.login"] == 2
    assert found["quotewright_request_seconds_bucket le=+Inf route=auth.login"] == 2
    assert found["quotewright_ready check=database"] == 1
    assert found["quotewright_ready check=workers"] == 0
    assert found["quotewright_workers"] == 0
    assert found[f"quotewright_build_info version={config.version()}"] == 1


def test_buckets_add_up(app: Flask, redis_url: str) -> None:
    redis: Redis = app.extensions["quotewright"].redis
    for seconds in (0.01, 0.3, 0.3, 99.0):
        metrics.observe(metrics.CALL_SECONDS, seconds)
    metrics.flush(redis)
    found = series(app)
    of = "quotewright_autotask_call_seconds"
    assert [found[f"{of}_bucket le={bound}"] for bound in ("0.025", "0.25", "0.5", "30.0", "+Inf")] == [
        *(1, 1, 3, 3, 4)
    ]
    assert found[f"{of}_sum"] == pytest.approx(99.61)


def test_several_processes_count_together(app: Flask, redis_url: str) -> None:
    redis: Redis = app.extensions["quotewright"].redis
    for _ in range(2):
        metrics.count(metrics.CALLS, "Quotes", 200)
        metrics.flush(redis)
        metrics._pending.forget()
    assert series(app)["quotewright_autotask_calls_total entity=Quotes status=200"] == 2


def test_without_redis_counts_are_kept(app_settings: dict[str, str], app: Flask, redis_url: str) -> None:
    nowhere = Redis.from_url("redis://127.0.0.1:1/0")
    metrics.count(metrics.CALLS, "Quotes", 200)
    metrics.flush(nowhere)
    metrics.count(metrics.CALLS, "Quotes", 200)
    assert not metrics._pending.is_due(), "it isn't asked again so soon"
    metrics.flush(app.extensions["quotewright"].redis)
    assert series(app)["quotewright_autotask_calls_total entity=Quotes status=200"] == 2


@pytest.fixture
def silent() -> Iterator[str]:
    """A Redis that accepts connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


def test_a_redis_that_hangs_keeps_nobody_waiting(app_settings: dict[str, str], silent: str) -> None:
    app = create_app(config.load({**app_settings, "REDIS_URL": silent}))
    client = app.test_client()
    for _ in range(3):
        started = time.monotonic()
        assert client.get("/livez").text == "ok"
        assert time.monotonic() - started < 1.5
    started = time.monotonic()
    assert series(app)["quotewright_ready check=redis"] == 0
    assert time.monotonic() - started < 8, "Prometheus waits ten seconds"
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def test_the_page_shows_what_it_can_without_redis(app: Flask) -> None:
    assert series(app)["quotewright_ready check=redis"] == 0


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", f"Bearer {TOKEN}x", "Bearer \u00e9"])
def test_it_asks_for_the_token(app: Flask, header: str) -> None:
    answer = app.test_client().get("/metrics", headers={"Authorization": header} if header else {})
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert "quotewright_" not in answer.text


def test_without_the_setting_there_is_no_page() -> None:
    without = create_app(config.load(environment()))
    assert without.test_client().get("/metrics").status_code == 404


def test_an_id_comes_with_every_answer(app: Flask, app_settings: dict[str, str]) -> None:
    first, second = (app.test_client().get("/login").headers["X-Request-ID"] for _ in range(2))
    assert first != second
    given = {"X-Request-ID": "from-a-proxy-1234"}
    assert app.test_client().get("/login", headers=given).headers["X-Request-ID"] != "from-a-proxy-1234"
    behind = create_app(config.load({**app_settings, "TRUSTED_PROXIES": "1"}))
    assert behind.test_client().get("/livez", headers=given).headers["X-Request-ID"] == "from-a-proxy-1234"
    bad = {"X-Request-ID": "two words; and more"}
    assert behind.test_client().get("/livez", headers=bad).headers["X-Request-ID"] != bad["X-Request-ID"]


def asked_for(text: str) -> set[str]:
    return set(re.findall(r"quotewright_[a-z_]+", text))


def test_dashboard_and_alerts_ask_for_what_there_is() -> None:
    dashboard = json.loads((MONITORING / "grafana.json").read_text())
    shown = set().union(
        *(asked_for(target["expr"]) for panel in dashboard["panels"] for target in panel["targets"])
    )
    rules = yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"][0]["rules"]
    watched = set().union(*(asked_for(rule["expr"]) for rule in rules))
    there = page.names()
    assert shown <= there, shown - there
    assert watched <= there, watched - there
    parts = {name for name in there if not name.endswith(("_sum", "_count"))}
    assert parts <= shown | watched | {page.WORKER_SILENT}, "what nobody looks at needn't be counted"
    assert all(rule["annotations"]["summary"] for rule in rules)
