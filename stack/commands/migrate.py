"""`patchbay migrate`: brings databases up to date."""

import click

from stack.commands import data_option, services_argument
from stack.databases import prepare
from stack.folder import DataFolder
from stack.plan import LOOPBACK, Plan
from stack.settings_file import DATABASES


@click.command("migrate")
@services_argument
@data_option
def command(services: tuple[str, ...], folder: DataFolder) -> None:
    """Bring the databases of each SERVICE up to date, or every one; Patchbay may be running.

    The accounts are in the database of the gateway.
    """
    folder.create()
    with folder.locked():
        prepare(Plan(folder, LOOPBACK, {}), services or DATABASES)
    click.echo(f"Up to date: {', '.join(services) or 'every database'}.")
