"""The application factory."""

from __future__ import annotations

import sys

from flask import Flask

import config as settings
from webapp import blueprints, cli, compression, extensions, filters, logs, measuring, security
from webapp.services.core import tracing
from webapp.services.core.runtime import build_runtime
from webapp.services.delivery import reader, room
from webapp.services.delivery.notifications import Notifications
from webapp.services.diary import diary, forwarding
from webapp.services.integrations import registry
from webapp.services.quoting.evidence import noting


def create_app(config: settings.Config | None = None) -> Flask:
    """Build the web application. Without ``config``, the settings come from the environment.

    With a missing or wrong setting the process ends, after a sentence for each: a traceback would hide them.
    """
    config = config or _settings()
    app = Flask(__name__, static_url_path=compression.static_path())
    app.config.from_mapping(
        SECRET_KEY=config.secret_key,
        SQLALCHEMY_DATABASE_URI=config.database_url,
        MAX_CONTENT_LENGTH=config.max_upload_bytes,
        **security.cookies(config),
        **extensions.counters(config.redis_url),
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.extensions["quotewright"] = build_runtime(config)
    logs.configure(config)
    tracing.configure(config.otlp_endpoint)
    extensions.init_app(app)
    for listener in (*registry.every(), Notifications()):
        reader.register(listener)
    diary.subscribe(room.fan_out)
    diary.subscribe(forwarding.forward)
    diary.subscribe(noting.note)
    measuring.init_app(app)
    compression.init_app(app)
    security.init_app(app)
    filters.init_app(app)
    blueprints.init_app(app)
    cli.init_app(app)
    return app


def _settings() -> settings.Config:
    try:
        return settings.load()
    except settings.ConfigError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None
