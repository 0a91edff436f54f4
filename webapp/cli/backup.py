"""``flask backup``, ``flask backups``, ``flask restore`` and ``flask move``."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import click
import flask_migrate
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import DBAPIError

import config
from webapp.models import db, utc_now
from webapp.services.core import outage
from webapp.services.core.errors import ServiceError
from webapp.services.core.runtime import Runtime
from webapp.services.operating import backup as backups
from webapp.services.operating import nightly
from webapp.services.operating.archive import Manifest


def _runtime(app: Flask = current_app) -> Runtime:
    runtime = app.extensions["quotewright"]
    assert isinstance(runtime, Runtime)  # noqa: S101  for the type checker
    return runtime


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False))
@click.option(
    "--with-keys", is_flag=True, help="put the keys in, too; then whoever has the file can read everything"
)
@with_appcontext
def backup(file: str, with_keys: bool) -> None:
    """Write everything of this moment to FILE, or to standard output with -. Web and workers go on meanwhile."""
    try:
        if file == "-":
            manifest = backups.write(_runtime(), sys.stdout.buffer, with_keys=with_keys)
        else:
            manifest = _to_file(Path(file), with_keys)
    except (ServiceError, OSError, DBAPIError) as error:
        raise click.ClickException(f"No backup was written. {_reason(error)}") from error
    click.echo(_said("Backed up", manifest), err=True)
    if not with_keys:
        click.echo(
            "The keys aren't in it. Keep them somewhere else: stored credentials can't be read without them "
            f"(fingerprints: {', '.join(manifest.keys)}).",
            err=True,
        )


def _to_file(path: Path, with_keys: bool) -> Manifest:
    """Readable by nobody else, and under its name only when it is whole."""
    unfinished = path.with_name(path.name + nightly.UNFINISHED)
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as target:
            manifest = backups.write(_runtime(), target, with_keys=with_keys)
            target.flush()
            os.fsync(target.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return manifest


@click.command("backups")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, writable=True, path_type=Path))
@click.option("--keep", default=14, show_default=True, type=click.IntRange(1), help="how many to keep")
@click.option("--daily", metavar="HH:MM", help="stay, and take one each day at this time (UTC)")
@with_appcontext
def backups_(folder: Path, keep: int, daily: str | None) -> None:
    """Write a backup into FOLDER under the time's name, without the keys, and remove all but the newest ones."""
    if daily is None:
        _take(folder, keep)
        return
    clock = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", daily)
    if clock is None:
        raise click.ClickException(f"--daily is “{daily}”. Use a time of day such as 02:30.")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    wait = (nightly.due(folder, utc_now(), int(clock[1]), int(clock[2])) - utc_now()).total_seconds()
    while not stop.wait(max(0.0, wait)):
        try:
            _take(folder, keep)
            wait = (nightly.due(folder, utc_now(), int(clock[1]), int(clock[2])) - utc_now()).total_seconds()
        except click.ClickException as error:
            click.echo(
                f"Error: {error.message} Trying again in {nightly.AGAIN.seconds // 60} minutes.", err=True
            )
            wait = nightly.AGAIN.total_seconds()


def _take(folder: Path, keep: int) -> None:
    try:
        nightly.drop_unfinished(folder)
        path = folder / nightly.name(utc_now())
        manifest = _to_file(path, with_keys=False)
        old = nightly.drop_old(folder, keep)
    except (ServiceError, OSError, DBAPIError) as error:
        raise click.ClickException(f"No backup was written. {_reason(error)}") from error
    finally:
        # What stays must hold no connection over the day.
        db.session.remove()
        db.engine.dispose()
    removed = f" Removed: {', '.join(one.name for one in old)}." if old else ""
    click.echo(f"{_said('Backed up', manifest)} Written: {path}.{removed}", err=True)


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@with_appcontext
def restore(file: str) -> None:
    """Restore FILE into the empty database of DATABASE_URL, and verify it."""
    try:
        with Path(file).open("rb") as source:
            restored = backups.restore(_runtime(), source)
    except (ServiceError, OSError, DBAPIError) as error:
        raise click.ClickException(_reason(error)) from error
    _tell(restored)


@click.command("move")
@click.option(
    "--to", "address", required=True, help="an empty database: postgresql://user:password@host/name"
)
@with_appcontext
def move(address: str) -> None:
    """Copy everything to the database ADDRESS and verify it; this one stays as it is. Stop web and workers first."""
    ours = _runtime().config
    try:
        there = replace(ours, database_url=config.database_url(address))
        click.echo(f"Moving {backups.check_source(there.database_url)} …")
        with TemporaryFile(dir=ours.data_dir if ours.data_dir.is_dir() else None) as file:
            backups.write(_runtime(), file)
            file.seek(0)
            _tell(_into(there, file))
    except (ServiceError, config.ConfigError, OSError, DBAPIError) as error:
        raise click.ClickException(f"Nothing was moved. {_reason(error)}") from error
    click.echo("Set DATABASE_URL to the new database and start web and workers.")


def _into(there: config.Config, file: IO[bytes]) -> backups.Restored:
    from webapp import create_app

    app = create_app(there)
    with app.app_context():
        try:
            flask_migrate.upgrade()
            return backups.restore(_runtime(app), file)
        finally:
            db.session.remove()
            db.engine.dispose()


def _tell(restored: backups.Restored) -> None:
    click.echo(_said("Restored", restored.manifest))
    click.echo(
        f"Verified: every row, {restored.documents} PDFs by their hashes, {restored.entries} entries of the diary"
        + ("." if restored.tampered else ", each following from the one before it.")
    )
    if restored.tampered:
        click.echo(
            f"The diary is restored as it was in the backup, and it had been changed before. {restored.tampered}",
            err=True,
        )
    if restored.missing_keys:
        click.echo(
            "An encryption key that was in use isn't set here. Add it to QUOTEWRIGHT_ENCRYPTION_KEYS, or stored "
            "credentials can't be read.",
            err=True,
        )


def _reason(error: Exception) -> str:
    if not isinstance(error, DBAPIError):
        return str(error)
    return f"The database refused: {outage.reason(error)}. Run this as the role that owns the tables."


def _said(what: str, manifest: Manifest) -> str:
    rows = sum(count.rows for count in manifest.tables.values())
    quotes = manifest.tables["quote"].rows
    of = f"{len(manifest.tables)} tables, {quotes:,} quotes among them"
    return f"{what} {rows:,} rows of {of}, as of {manifest.created_at}."
