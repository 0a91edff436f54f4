"""``flask keys`` and ``flask users``: what an operator needs besides the pages."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup

from webapp.services.accounts import users as accounts
from webapp.services.core import key_rotation
from webapp.services.core.errors import Invalid, ServiceError

keys = AppGroup("keys", help="The keys that encrypt stored credentials.")
users = AppGroup("users", help="Accounts.")


@keys.command("rotate")
def rotate() -> None:
    """Encrypt every stored credential with the first key of QUOTEWRIGHT_ENCRYPTION_KEYS."""
    try:
        count = key_rotation.rotate(current_app.extensions["quotewright"])
    except ServiceError as error:
        raise click.ClickException(f"Nothing was changed. {error}") from error
    click.echo(
        f"{count} stored values are encrypted with the newest key; the older keys are not needed any more."
    )


@users.command("password")
@click.argument("email")
@click.password_option(help="asked for when it is not given")
def password(email: str, password: str) -> None:
    """Give the account EMAIL a new password, for when nobody can sign in to do it."""
    try:
        user = accounts.find_by_email(email)
        accounts.set_password(None, user, password)
    except ServiceError as error:
        sentence = (
            " ".join(error.fields.values()) if isinstance(error, Invalid) and error.fields else str(error)
        )
        raise click.ClickException(sentence) from error
    click.echo(f"{user.name} has a new password; open sessions were ended.")
