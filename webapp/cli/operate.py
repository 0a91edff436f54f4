"""``flask keys``, ``flask users`` and ``flask diary``: for the operator, besides the pages."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup

from webapp.models.account import OWNER
from webapp.services.accounts import account_links
from webapp.services.accounts import users as accounts
from webapp.services.accounts.sso import settings as sso_settings
from webapp.services.accounts.two_step import changing
from webapp.services.core import key_rotation
from webapp.services.core.errors import Invalid, ServiceError
from webapp.services.diary import chain

keys = AppGroup("keys", help="The keys that encrypt stored credentials.")
users = AppGroup("users", help="Accounts.")
diary = AppGroup("diary", help="Who did what, and when.")


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


@users.command("reset-link")
@click.argument("email")
def reset_link(email: str) -> None:
    """Print a link with which the person of the account EMAIL chooses a password; it ends the one before."""
    try:
        token = account_links.issue(None, accounts.find_by_email(email))
    except ServiceError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{current_app.extensions['quotewright'].config.public_base_url}/join/{token}")


@users.command("make-admin")
@click.argument("email")
def make_admin(email: str) -> None:
    """Make the account EMAIL an active admin, for when no admin is left."""
    try:
        user = accounts.find_by_email(email)
        accounts.make_admin(user)
    except ServiceError as error:
        raise click.ClickException(str(error)) from error
    what = "the owner" if user.role == OWNER else "an admin"
    click.echo(f"{user.name} is {what} now. All sessions were signed out.")


@users.command("reset-second-factor")
@click.argument("email")
def reset_second_factor(email: str) -> None:
    """Remove app, passkeys and recovery codes of the account EMAIL, for when no admin can do it on the page."""
    try:
        user = accounts.find_by_email(email)
        changing.reset(None, user)
    except ServiceError as error:
        raise click.ClickException(str(error)) from error
    click.echo(
        f"{user.name} sets up two-step sign-in again at the next sign-in. All sessions were signed out."
    )


@users.command("allow-passwords")
def allow_passwords() -> None:
    """Let everyone sign in with a password again, for when the sign-in provider is away for good."""
    sso_settings.allow_passwords()
    click.echo("Passwords are allowed again. People who have none get one with flask users reset-link.")


@diary.command("check")
@click.option(
    "--after", default="", help="the newest entry and hash that an earlier check printed, as 12:abc…"
)
def check(after: str) -> None:
    """Check that no entry was changed, removed or inserted. Exit code 1 if one was, 2 if --after is too old to tell."""
    noted, _, sha256 = after.partition(":")
    if after and not (noted.isdigit() and sha256):
        raise click.ClickException("Give --after as an earlier check printed it, for example 12:3f9a….")
    checked = chain.check(chain.Head(int(noted), sha256) if after else None)
    if checked.is_outdated:
        click.echo(f"Error: {checked.sentence}", err=True)
        raise SystemExit(2)
    if checked.sentence:
        raise click.ClickException(f"The diary was tampered with. {checked.sentence}")
    click.echo(f"{checked.entries} entries, each following from the one before it.")
    click.echo(f"Note this outside the database for the next check: {checked.head.id}:{checked.head.sha256}")
