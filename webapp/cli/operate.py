"""``flask keys`` and ``flask users``: for the operator, besides the pages."""

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
        raise click.ClickException(f"Nothing changed. {error}") from error
    click.echo(f"Encrypted {count} stored values with the newest key. You can remove the older keys.")


@users.command("password")
@click.argument("email")
@click.password_option(help="prompted for if omitted")
def password(email: str, password: str) -> None:
    """Set a new password for the account EMAIL, for when no admin can sign in."""
    try:
        user = accounts.find_by_email(email)
        accounts.set_password(None, user, password)
    except ServiceError as error:
        sentence = (
            " ".join(error.fields.values()) if isinstance(error, Invalid) and error.fields else str(error)
        )
        raise click.ClickException(sentence) from error
    click.echo(f"{user.name} has a new password. All sessions were signed out.")
