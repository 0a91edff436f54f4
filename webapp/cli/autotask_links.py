"""``flask autotask links``: the links as a file, in again, and found again in Autotask."""

from __future__ import annotations

from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from webapp.services.autotask.links import file as links_file
from webapp.services.autotask.links import rebuild
from webapp.services.core.errors import ServiceError

links = AppGroup("links", help="Which record here is which in Autotask.")


@links.command("export")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path), default="-")
def export(file: Path) -> None:
    """Write all links as CSV to FILE, or to standard output."""
    data = links_file.export().encode()
    try:
        with click.open_file(str(file), "wb") as stream:
            stream.write(data)
    except OSError as error:
        raise click.ClickException(f"{file} could not be written: {error.strerror}.") from error


@links.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--check", is_flag=True, help="only say what would be done")
def import_(file: Path, check: bool) -> None:
    """Read links from FILE (- for standard input); when a row is wrong, nothing is changed."""
    try:
        with click.open_file(str(file), "rb") as stream:
            data = stream.read()
    except OSError as error:
        raise click.ClickException(f"{file} could not be read: {error.strerror}.") from error
    report = links_file.check(data) if check else links_file.store(None, data)
    for problem in report.problems:
        click.echo(f"Line {problem.line}: {problem.sentence}" if problem.line else problem.sentence, err=True)
    if report.problems:
        raise click.ClickException(f"{len(report.problems)} wrong, so nothing was imported.")
    for sentence in report.renamed:
        click.echo(f"! {sentence}", err=True)
    for sentence in report.changed:
        click.echo(sentence)
    done = "Would be imported" if check else "Imported"
    click.echo(f"{done}: {report.new} new, {len(report.changed)} changed, {report.same} as before.")


@links.command("rebuild")
@click.option("--store", is_flag=True, help="keep what was found; without it nothing is changed")
def rebuild_(store: bool) -> None:
    """Look in Autotask for the links that published quotes lack, and show what was found."""
    try:
        report = rebuild.look(current_app.extensions["quotewright"])
    except ServiceError as error:
        raise click.ClickException(str(error)) from error
    for one in report.found:
        theirs = f" “{one.theirs}”" if one.theirs else ""
        click.echo(f"{one.ours}: {one.local[2]} {one.remote_id}{theirs}")
    for sentence in (*report.unclear, *report.absent):
        click.echo(f"! {sentence}")
    if store:
        rebuild.store(None, report)
        click.echo(f"{report.stored} links were stored, {len(report.unclear)} were not certain.")
    else:
        click.echo(
            f"{len(report.found)} found in {report.looked} quotes, {len(report.unclear)} not certain. Nothing was "
            "stored; --store keeps what was found."
        )
