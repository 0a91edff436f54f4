"""``flask autotask links``: export, import and recover links."""

from __future__ import annotations

from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from webapp.services.autotask.links import file as links_file
from webapp.services.autotask.links import rebuild
from webapp.services.core.errors import ServiceError

links = AppGroup("links", help="Links between records here and in Autotask.")


@links.command("export")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path), default="-")
def export(file: Path) -> None:
    """Write all links as CSV to FILE, or to standard output."""
    data = links_file.export().encode()
    try:
        with click.open_file(str(file), "wb") as stream:
            stream.write(data)
    except OSError as error:
        raise click.ClickException(f"{file} can't be written: {error.strerror}.") from error


@links.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--check", is_flag=True, help="only show what would change")
def import_(file: Path, check: bool) -> None:
    """Import links from FILE (- for standard input); if a row has an error, nothing changes."""
    try:
        with click.open_file(str(file), "rb") as stream:
            data = stream.read()
    except OSError as error:
        raise click.ClickException(f"{file} can't be read: {error.strerror}.") from error
    report = links_file.check(data) if check else links_file.store(None, data)
    for problem in report.problems:
        click.echo(f"Line {problem.line}: {problem.sentence}" if problem.line else problem.sentence, err=True)
    if report.problems:
        raise click.ClickException(
            f"Nothing was imported. Fix {len(report.problems)} problem{'' if len(report.problems) == 1 else 's'} first."
        )
    for sentence in report.renamed:
        click.echo(f"! {sentence}", err=True)
    for sentence in report.changed:
        click.echo(sentence)
    done = "Would import" if check else "Imported"
    click.echo(f"{done}: {report.new} new, {len(report.changed)} changed, {report.same} unchanged.")


@links.command("rebuild")
@click.option("--store", is_flag=True, help="save the found links; without it nothing changes")
def rebuild_(store: bool) -> None:
    """Search Autotask for the missing links of published quotes, and show the results."""
    try:
        report = rebuild.search(current_app.extensions["quotewright"])
    except ServiceError as error:
        raise click.ClickException(str(error)) from error
    for link in report.found:
        name = f" “{link.remote_name}”" if link.remote_name else ""
        click.echo(f"{link.ours}: {link.key.entity} {link.remote_id}{name}")
    for sentence in (*report.unclear, *report.absent):
        click.echo(f"! {sentence}")
    if store:
        rebuild.store(None, report)
        click.echo(f"Saved {report.stored} links. {len(report.unclear)} uncertain.")
    else:
        click.echo(
            f"Found {len(report.found)} links for {report.looked} quotes, {len(report.unclear)} uncertain. Nothing was "
            "saved. Use --store to save them."
        )
