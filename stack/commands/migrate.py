"""`patchbay migrate`: brings every database up to date."""

import click

from stack.commands import data_option
from stack.databases import prepare
from stack.folder import DataFolder
from stack.plan import LOOPBACK, Plan


@click.command("migrate")
@data_option
def command(folder: DataFolder) -> None:
    """Bring every database up to date, whether Patchbay is running or not."""
    folder.create()
    with folder.locked():
        prepare(Plan(folder, LOOPBACK, {}))
    click.echo("Every database is up to date.")
