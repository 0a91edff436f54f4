"""``flask doctor``: what an operator should fix."""

from __future__ import annotations

import os

import click
from flask import current_app
from flask.cli import with_appcontext

from webapp.services.operating import doctor as examining


@click.command("doctor")
@with_appcontext
def doctor() -> None:
    """Check settings, rights, clocks, mail, proxies and keys, and say what to fix. Exit code 1 if there is anything."""
    checks = examining.examine(current_app.extensions["quotewright"], os.environ)
    for check in checks:
        click.echo(f"{'ok ' if check.is_ok else 'FIX'}  {check.name:<11} {check.sentence}".rstrip())
    if not all(check.is_ok for check in checks):
        raise SystemExit(1)
