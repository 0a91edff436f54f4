"""Flask extensions, created once and bound to each application."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_wtf import CSRFProtect
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import Engine, event
from sqlalchemy.engine import Connection, make_url

from webapp.models import db
from webapp.services.core import work

csrf = CSRFProtect()
login_manager = LoginManager()
# Counted in Redis by all web processes; while Redis is away, by each. Passwords: services/accounts/guessing.py.
limiter = Limiter(get_remote_address, in_memory_fallback_enabled=True)
migrate = Migrate(render_as_batch=True, compare_type=True)

MIGRATIONS = Path(__file__).parent.parent / "migrations"


def init_app(app: Flask) -> None:
    """Bind every extension and prepare the database engine."""
    url = make_url(app.config["SQLALCHEMY_DATABASE_URI"])
    if url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:"):
        Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    db.init_app(app)
    migrate.init_app(app, db, directory=str(MIGRATIONS))
    csrf.init_app(app)
    login_manager.init_app(app)
    limiter.init_app(app)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            _prepare_sqlite(db.engine)
        elif db.engine.dialect.name == "postgresql":
            _prepare_postgres(db.engine)


def counters(redis_url: str) -> dict[str, Any]:
    """Settings of Flask-Limiter: where it counts. A request doesn't wait long for a Redis that is away."""
    address = redis_url.replace("unix://", "redis+unix://", 1) if redis_url.startswith("unix:") else redis_url
    options = {
        "key_prefix": "quotewright:limits",
        "retry": Retry(NoBackoff(), 0),
        "socket_connect_timeout": 1,
        "socket_timeout": 2,
    }
    return {"RATELIMIT_STORAGE_URI": address, "RATELIMIT_STORAGE_OPTIONS": options}


def _prepare_postgres(engine: Engine) -> None:
    """Limit how long a stopped process can hold locks and keep others waiting."""

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET idle_in_transaction_session_timeout = '60s'")
            cursor.execute("SET lock_timeout = '20s'")
        connection.commit()


def _prepare_sqlite(engine: Engine) -> None:
    """WAL, foreign keys, and BEGIN IMMEDIATE so that read-then-write transactions are serial.

    A transaction that only reads takes no lock, so that a slow page keeps nobody from writing.
    """

    @event.listens_for(engine, "connect")
    def on_connect(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=20000", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if work.is_reading() else "BEGIN IMMEDIATE")
