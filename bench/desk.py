"""A connected installation for benchmarks: a real sandbox, a real Redis, and quotes of any length."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import config
from stack import redis_server
from stack.child import Child
from stack.options import ROOT
from stack.parts import sandbox_address
from tests.support.connected_desk import Desk, open_desk
from tests.support.databases import migrate
from tests.support.sandbox import new_tenant
from tests.support.settings import environment
from webapp import create_app
from webapp.models import Quote, db
from webapp.services.autotask.push import processing
from webapp.services.delivery import room
from webapp.services.quoting.lifecycle import publishing

BILLED = ("one_time", "one_time", "one_time", "monthly", "quarterly", "semi_annual", "annual", "one_time")
PERIOD_TYPES = {"monthly": 2, "quarterly": 3, "semi_annual": 4, "annual": 5}


@contextmanager
def open_bench(database_url: str = "", **settings: str) -> Iterator[tuple[Desk, dict[str, str]]]:
    """The desk in its application context, and the environment variables for its workers.

    ``database_url``: an empty database; SQLite without it. ``settings``: more environment variables.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="quotewright-bench-")))
        redis, redis_url = redis_server.server(folder)
        redis.start()
        stack.callback(redis.stop, grace=5)
        redis.wait_until(lambda: redis_server.alive(redis_url), 30)
        sandbox = Child(
            "Autotask sandbox",
            [sys.executable, "-m", "sandbox", "--port", "0", "--seed", "empty"],
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            cwd=ROOT,
            log=folder / "sandbox.log",
        )
        sandbox.start()
        stack.callback(sandbox.stop, grace=5)
        sandbox.wait_until(lambda: bool(sandbox_address(sandbox.output())), 30)
        address = sandbox_address(sandbox.output())
        env = environment(
            DATABASE_URL=database_url or f"sqlite:///{folder / 'bench.db'}",
            QUOTEWRIGHT_DATA=str(folder),
            REDIS_URL=redis_url,
            AUTOTASK_ROOT=address + "/atservicesrest",
            **settings,
        )
        migrate(env["DATABASE_URL"])
        app = create_app(config.load(env))
        logging.getLogger().setLevel(logging.WARNING)  # a log line for each push would bury the table
        with app.app_context():
            yield open_desk(app, new_tenant(address)), env
            db.session.remove()
            db.engine.dispose()


def matching_lines(desk: Desk, count: int) -> list[dict[str, Any]]:
    """``count`` lines whose products and services exist in Autotask without a link."""
    mark = os.urandom(4).hex()
    hardware = desk.ref("BillingCodes", "Hardware")
    managed = desk.ref("BillingCodes", "Managed Services")
    lines, products, services = [], [], []
    for number in range(count):
        billed = BILLED[number % len(BILLED)]
        name = f"Thing {mark} {number}"
        line: dict[str, Any] = {
            "name": name, "recurrence": billed, "quantity": number % 5 + 1, "unit_price": f"{number % 90 + 10}.25",
        }  # fmt: skip
        if billed == "one_time":
            line["mpn"] = f"MPN-{mark}-{number}"
            products.append(
                {
                    "name": name,
                    "manufacturerProductName": line["mpn"],
                    "isActive": True,
                    "productBillingCodeID": hardware,
                    "isSerialized": False,
                }
            )
        else:
            services.append(
                {
                    "name": name,
                    "billingCodeID": managed,
                    "periodType": PERIOD_TYPES[billed],
                    "isActive": True,
                    "unitPrice": 1,
                }
            )
        lines.append(line)
    desk.tenant.seed(Products=products)
    if services:
        desk.tenant.seed(Services=services)
    return lines


def counted(desk: Desk, quote: Quote) -> dict[str, Any]:
    """Publish ``quote``, push it, and return the sandbox's counts. Raises RuntimeError when it isn't synced."""
    published = publishing.publish(desk.rep, quote.id)
    if not published.is_new:
        room.add(processing.delivery(quote, published.revision, "again"))
        db.session.commit()
    desk.tenant.forget_calls()
    run = desk.process(quote)
    if run.state != "synced":
        raise RuntimeError(f"The push ended with {run.state}: {run.sentence}")
    stats: dict[str, Any] = desk.tenant.stats()
    return stats


def item_lookups(stats: dict[str, Any]) -> int:
    """Queries for products, services and bundles."""
    return sum(
        stats["byEntity"].get(name, {}).get("query", 0) for name in ("Products", "Services", "ServiceBundles")
    )
