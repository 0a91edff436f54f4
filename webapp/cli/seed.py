"""``flask seed demo``: the example company."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

import click
from flask.cli import AppGroup

from webapp.services.core.errors import ServiceError

seed = AppGroup("seed", help="Fill the database.")


@seed.command("demo")
@click.option("--json", "as_json", is_flag=True, help="print the logins as JSON")
@click.option(
    "--passwords",
    type=click.Path(dir_okay=False, path_type=Path),
    help="keep the passwords in this file, for your user alone, and use those that it has",
)
@click.option("--if-free", is_flag=True, help="do nothing when there are other accounts")
def demo(as_json: bool, passwords: Path | None, if_free: bool) -> None:
    """Add an example company with customers, items and quotes, and print how to sign in.

    The passwords are random. Without --passwords they are printed this once.
    """
    from webapp.services.demo import seed as demo_seed  # every other command starts without it

    try:
        others = demo_seed.others()
        if others and if_free:
            click.echo(json.dumps({"logins": []}) if as_json else others)
            return
        chosen = demo_seed.new_passwords(_read(passwords))
        if passwords and not others:
            # Written first, so that no account ever has a password that nobody knows.
            _write(passwords, chosen)
        logins = demo_seed.seed(chosen)
    except ServiceError as error:
        raise click.ClickException(str(error)) from error
    except (OSError, ValueError) as error:
        raise click.ClickException(
            f"The passwords in {passwords} couldn't be read or written ({error}). Fix or remove the file."
        ) from error
    if as_json:
        click.echo(json.dumps({"logins": [asdict(login) for login in logins]}))
        return
    for login in logins:
        click.echo(f"{login.role:<6} {login.email}   password: {login.password or 'the one that was chosen'}")


def _read(path: Path | None) -> dict[str, str]:
    """The passwords by address; one pair a line."""
    if path is None or not path.exists():
        return {}
    return dict(
        line.split(maxsplit=1) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()
    )


def _write(path: Path, passwords: dict[str, str]) -> None:
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.writelines(f"{email} {password}\n" for email, password in passwords.items())
    part.replace(path)
