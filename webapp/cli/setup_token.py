"""``flask setup-token``: what the page for the first account asks for."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from webapp.services.accounts import first_account, users
from webapp.services.core.errors import ServiceError
from webapp.services.demo import retired_logins


@click.command("setup-token")
@click.option("--if-needed", is_flag=True, help="print nothing when there is an account already")
@with_appcontext
def setup_token(if_needed: bool) -> None:
    """Print a token, good for making the first account once; it ends the one before."""
    for email in retired_logins.end():
        click.echo(
            f"{email} had the password that earlier versions published, and cannot sign in any more.",
            err=True,
        )
    if if_needed and users.any_user():
        return
    try:
        click.echo(first_account.issue_token())
    except ServiceError as error:
        raise click.ClickException(str(error)) from error
