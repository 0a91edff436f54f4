"""Whoever can write to Redis can't run code of their own: jobs are JSON, and only our functions run."""

from __future__ import annotations

import json
import os
import pickle
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from redis import Redis
from redis.exceptions import NoPermissionError

from stack.options import ROOT
from webapp.services.core import queues
from webapp.services.core.runtime import Runtime
from webapp.services.delivery import jobs

# Do what is in the queues, clean up, and end.
ONE_ROUND = "import worker; worker.new_worker(worker._runtime(worker.application())).work(burst=True)"
NOTHING = b'["worker.deliver", null, [0], {}]'


def put(redis: Redis, job_id: str, data: bytes, **more: str) -> None:
    """A job written past RQ, as anyone can who reaches Redis."""
    values: dict[Any, Any] = {
        "data": data,
        "status": "queued",
        "origin": "pushes",
        "created_at": "2026-01-01T00:00:00.000000Z",
        "timeout": "30",
        **more,
    }
    redis.hset(f"rq:job:{job_id}", mapping=values)
    redis.rpush("rq:queue:pushes", job_id)


def one_round(app_settings: dict[str, str]) -> str:
    """A real worker; returns what it logged."""
    env = {**os.environ, **app_settings, "LOG_JSON": "yes"}
    done = subprocess.run(
        [sys.executable, "-c", ONE_ROUND],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


class Touch:
    """Unpickling it runs a command."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.path}",)


@pytest.mark.slow
def test_jobs_of_others_run_nothing(
    redis_url: str, app: Flask, app_settings: dict[str, str], tmp_path: Path
) -> None:
    redis = Redis.from_url(redis_url)
    touched = tmp_path / "touched"

    def call(function: str) -> bytes:
        return json.dumps([function, None, [f"touch {touched}"], {}]).encode()

    put(redis, "json", call("os.system"))
    put(redis, "pickle", pickle.dumps(Touch(touched)))
    put(redis, "pickled-call", pickle.dumps(("os.system", None, (f"touch {touched}",), {})))
    put(redis, "method", json.dumps(["system", "os", [f"touch {touched}"], {}]).encode())
    put(redis, "meta", NOTHING, meta=pickle.dumps(Touch(touched)).decode("latin1"))
    log = one_round(app_settings)
    assert not touched.exists()
    refused = [json.loads(line) for line in log.splitlines() if '"job.refused"' in line]
    assert {line["job"] for line in refused} == {"json", "pickle", "pickled-call", "method"}
    assert {line["function"] for line in refused} == {"os.system", "", "system"}


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["success", "failure"])
def test_no_callback_and_no_address_of_a_job_is_called(
    redis_url: str, app: Flask, app_settings: dict[str, str], moment: str
) -> None:
    redis = Redis.from_url(redis_url)
    data = NOTHING if moment == "success" else b'["worker.deliver", null, [], {}]'
    put(redis, "called-back", data, **{f"{moment}_callback_name": "antigravity.nowhere", "result_ttl": "60"})
    log = one_round(app_settings)
    assert "antigravity" not in log
    job = queues.of(redis, "pushes").fetch_job("called-back")
    assert job is not None
    assert job.get_status() == ("finished" if moment == "success" else "failed")
    assert (job.success_callback, job.failure_callback, job.stopped_callback) == (None, None, None)
    assert job.webhooks == []


def test_our_own_jobs_are_json(redis_url: str, app: Flask) -> None:
    runtime: Runtime = app.extensions["quotewright"]
    jobs.enqueue(runtime, "pushes", {"push-7-0": 7}, seconds=60)
    (job,) = queues.of(runtime.redis, "pushes").get_jobs()
    assert json.loads(job.data) == ["worker.deliver", None, [7], {}]
    assert job.func.__name__ == "deliver"


@pytest.mark.slow
def test_the_documented_user_of_redis_can_do_what_we_need_and_no_more(
    redis_url: str, app: Flask, app_settings: dict[str, str]
) -> None:
    guide = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^user (quotewright on .*)$", guide, re.MULTILINE)
    admin = Redis.from_url(redis_url)
    admin.execute_command("ACL", "SETUSER", *line.replace("<password>", "a-long-password").split())
    url = redis_url.replace("unix://", "unix://quotewright:a-long-password@")
    try:
        limited = Redis.from_url(url)
        for command in (("FLUSHALL",), ("CONFIG", "GET", "dir"), ("SET", "other", "1"), ("ACL", "LIST")):
            with pytest.raises(NoPermissionError):
                limited.execute_command(*command)
        runtime = replace(app.extensions["quotewright"], redis=limited)
        assert jobs.enqueue(runtime, "pushes", {"push-0-0": 0}, seconds=60) == 1
        one_round({**app_settings, "REDIS_URL": url})
        assert queues.of(admin, "pushes").get_job_ids() == []
    finally:
        admin.execute_command("ACL", "DELUSER", "quotewright")
