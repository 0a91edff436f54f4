"""Commands under ``flask``."""

from __future__ import annotations

from flask import Flask

from webapp.cli.autotask import autotask
from webapp.cli.seed import seed


def init_app(app: Flask) -> None:
    """Register every command group."""
    app.cli.add_command(seed)
    app.cli.add_command(autotask)
