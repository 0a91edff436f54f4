"""``flask seed demo``: the example company."""

from __future__ import annotations

import json
from dataclasses import asdict

import click
from flask.cli import AppGroup

from webapp.services.core.errors import ServiceError

seed = AppGroup("seed", help="Fill the database.")


@seed.command("demo")
@click.option("--json", "as_json", is_flag=True, help="print the logins as JSON")
def demo(as_json: bool) -> None:
    """Add an example company with customers, items and quotes, and print how to sign in."""
    from webapp.services.demo import seed as demo_seed  # other commands start faster without it

    try:
        logins = demo_seed.seed()
    except ServiceError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps({"logins": [asdict(login) for login in logins]}))
        return
    for login in logins:
        click.echo(f"{login.role:<6} {login.email}   password: {login.password}")
