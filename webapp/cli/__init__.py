"""Commands under ``flask``."""

from __future__ import annotations

from flask import Flask

from webapp.cli.autotask import autotask
from webapp.cli.backup import backup, backups_, move, restore
from webapp.cli.doctor import doctor
from webapp.cli.maintenance import maintenance
from webapp.cli.operate import diary, keys, users
from webapp.cli.seed import seed
from webapp.cli.setup_token import setup_token


def init_app(app: Flask) -> None:
    """Register every command."""
    groups = (seed, autotask, diary, keys, users, maintenance)
    for command in (*groups, setup_token, backup, backups_, restore, move, doctor):
        app.cli.add_command(command)
