"""`patchbay export`: everything that a Patchbay has, in one file."""

import sys
from pathlib import Path

import click

from moving import json_lines
from moving.exporting import Exporter
from moving.here import own_api
from moving.progress import Progress
from moving.report import REFUSED, MoveReport
from moving.unlocking import session_header
from stack.commands import data_option
from stack.folder import DataFolder


@click.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--private-key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with the private RSA key of the superuser admin, to take secrets along, readable.",
)
@data_option
def command(file: Path, private_key: Path | None, folder: DataFolder) -> None:
    """Write every object into FILE, one a line, so that `patchbay import` can create them all in that order.

    FILE is compressed if its name ends in .gz, .xz or .bz2. Only its owner can read it.
    """
    api, report, progress = own_api(folder), MoveReport(), Progress("wrote")
    session = session_header(api, private_key.read_text()) if private_key else None
    json_lines.write(file, Exporter(api, report, session, progress).rows())
    progress.end()
    for line in report.lines():
        click.echo(line)
    sys.exit(bool(report.total(REFUSED)))
