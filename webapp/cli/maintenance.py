"""``flask maintenance``: let nobody but admins in while something is replaced."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from webapp.services.company import maintenance as mode
from webapp.services.core.errors import Invalid
from webapp.services.delivery import room

maintenance = AppGroup("maintenance", help="Let only admins in, and hold what workers send.")


@maintenance.command("on")
@click.argument("sentence", default="")
def on(sentence: str) -> None:
    """Show SENTENCE to everyone but admins, and begin no sync and no email. What is under way is finished."""
    try:
        started = mode.start(sentence)
    except Invalid as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Maintenance mode is on since {started.since}. People read: {started.sentence}")
    click.echo(_under_way())


@maintenance.command("off")
def off() -> None:
    """Let everyone in again. The workers go on with what waited."""
    click.echo("Maintenance mode is off." if mode.end() else "Maintenance mode was off already.")


@maintenance.command("status")
def status() -> None:
    """Whether it is on, and what is still under way."""
    now = mode.now()
    if not now.is_on:
        click.echo("Maintenance mode is off.")
        return
    click.echo(f"Maintenance mode is on since {now.since}. People read: {now.sentence}")
    click.echo(_under_way())


def _under_way() -> str:
    running = room.under_way()
    if not running:
        return "Nothing is being sent any more."
    return f"Still being sent: {running}. Ask again with flask maintenance status."
