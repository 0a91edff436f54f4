"""Commands under ``flask``."""

from __future__ import annotations

from flask import Flask

from webapp.cli.autotask import autotask
from webapp.cli.operate import keys, users
from webapp.cli.seed import seed


def init_app(app: Flask) -> None:
    """Register every command group."""
    for group in (seed, autotask, keys, users):
        app.cli.add_command(group)
